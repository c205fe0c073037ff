import { digestOf } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import { LABEL_PREFIX, label } from '../names.ts'

/** Carries an object's own digest, so that it is recognised in the cluster whatever the server filled in. */
export const DIGEST_ANNOTATION = label('digest')

/**
 * On a pod: whose result it reads, the name of a Job until it begins and then of that Job's pod. Differs with each attempt, so it
 * is a label and never a value.
 */
const INPUT_JOB = label('input-job')

/** The label that names whose result a pod reads of an earlier stage. */
export const inputJobLabel = (stage: string): string => `${INPUT_JOB}-${stage}`

/** What differs with the attempt, and with the ledger that makes it: what it does is the same. */
const ATTEMPT_LABELS: ReadonlySet<string> = new Set([
  label('ledger'),
  label('generation'),
  label('attempt'),
  label('plan'),
])
const NOT_DESIRED: ReadonlySet<string> = new Set(['ttlSecondsAfterFinished', 'suspend'])

/**
 * SHA-256 over what an object would do, the same for every attempt at one desired state. Left out: its name, labels that
 * name the attempt (also in templates and their selectors), annotations of ours, variables that say what these or the pod's name
 * are, what the server adds, and the fields of a Job that other concerns set later. Kind and namespace are kept.
 */
export const objectDigest = (object: KubeObject): string => digestOf(without(object, 'root'))

/** The object with its digest as an annotation: what is sent to the cluster. */
export const withDigest = <T extends KubeObject>(object: T): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [DIGEST_ANNOTATION]: objectDigest(object) },
  },
})

/** Where in an object a value stands, as far as that decides what of it counts. */
type Place = 'root' | 'spec' | 'metadata' | 'other-metadata' | 'annotations' | 'labels' | 'template' | 'env' | 'other'

const without = (value: unknown, place: Place): unknown => {
  if (Array.isArray(value))
    return (place === 'env' ? value.filter(isDesired) : value).map((inner) => without(inner, 'other'))
  if (value === null || typeof value !== 'object') return value
  const kept: [string, unknown][] = []
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined || !isKept(key, place)) continue
    const cleaned = without(inner, placeOf(key, place))
    if (place !== 'metadata' || !isEmpty(cleaned)) kept.push([key, cleaned])
  }
  return Object.fromEntries(kept)
}

/** A variable says what is to be done, unless its value is what the pod was named or told when it was made. */
const isDesired = (variable: { valueFrom?: { fieldRef?: { fieldPath?: string } } }): boolean => {
  const path = variable.valueFrom?.fieldRef?.fieldPath
  return path !== 'metadata.name' && !path?.startsWith(`metadata.annotations['${LABEL_PREFIX}`)
}

const placeOf = (key: string, within: Place): Place => {
  switch (key) {
    case 'metadata':
      return within === 'root' || within === 'template' ? 'metadata' : 'other-metadata'
    case 'annotations':
      return within === 'metadata' || within === 'other-metadata' ? 'annotations' : 'other'
    case 'labels':
    case 'matchLabels':
      return 'labels'
    case 'spec':
      return within === 'root' ? 'spec' : 'other'
    case 'env':
      return 'env'
    default:
      return key === 'template' ? 'template' : 'other'
  }
}

const isKept = (key: string, place: Place): boolean => {
  switch (place) {
    case 'metadata':
      return key === 'namespace' || key === 'labels' || key === 'annotations'
    case 'labels':
      return !ATTEMPT_LABELS.has(key) && !key.startsWith(INPUT_JOB)
    case 'annotations':
      return !key.startsWith(LABEL_PREFIX)
    case 'root':
      return key !== 'status'
    default:
      return place !== 'spec' || !NOT_DESIRED.has(key)
  }
}

const isEmpty = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && Object.keys(value).length === 0
