import { canonicalJson } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import { type FieldPath, fieldText } from './managed-fields.ts'
import { withDigest } from './object-digest.ts'

/**
 * What a Service says by default of what decides who is asked, and a budget beside what must stay: applied by us with force, it is so again,
 * whoever had it otherwise.
 */
const BY_DEFAULT: Readonly<Record<string, unknown>> = {
  externalIPs: [],
  internalTrafficPolicy: 'Cluster',
  maxUnavailable: null,
  publishNotReadyAddresses: false,
}

/** Whether a field that somebody has added is said otherwise than by default, and said so again where it is set right. */
export const isReset = ([, field = '', ...more]: FieldPath, value: unknown): boolean =>
  more.length === 0 && Object.hasOwn(BY_DEFAULT, field) && canonicalJson(BY_DEFAULT[field]) !== canonicalJson(value)

/** What is to be applied so that it stands as it was: what somebody has added is said otherwise, since it would stay theirs. */
export const setRight = (wanted: KubeObject, edits: readonly { field: string }[]): KubeObject => {
  const own = 'spec' in wanted ? (wanted.spec as object) : {}
  const added = Object.keys(BY_DEFAULT).filter(
    (field) => !Object.hasOwn(own, field) && edits.some((edit) => edit.field === fieldText(['spec', field])),
  )
  if (added.length === 0) return wanted
  const spec = {
    ...own,
    ...Object.fromEntries(added.map((field) => [field, BY_DEFAULT[field]])),
  }
  return withDigest({ ...wanted, spec } as KubeObject)
}
