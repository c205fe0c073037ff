import type { Manifest } from '../../core/bootstrap/manifest.ts'
import { crdOf } from '../../core/bootstrap/packs.ts'
import { unreadOf } from '../../core/bootstrap/unread.ts'
import { failureOf } from './answers.ts'
import type { Difference } from './manifests.ts'
import type { Requests } from './requests.ts'

/**
 * What of manifests the cluster takes, and what is left out since the CRD of its kind is not installed. Each group is asked about once. Throws
 * where the cluster does not say which kinds it has.
 */
export const servedOf = async (
  requests: Pick<Requests, 'send'>,
  manifests: readonly Manifest[],
): Promise<{ served: Manifest[]; leftOut: Difference[] }> => {
  const versions = new Set(manifests.filter((one) => crdOf(one) !== null).map(({ apiVersion }) => apiVersion))
  const kinds = new Map<string, ReadonlySet<string>>()
  for (const version of versions) kinds.set(version, await kindsOf(requests, version))
  const isServed = (one: Manifest): boolean => crdOf(one) === null || kinds.get(one.apiVersion)?.has(one.kind) === true
  return {
    served: manifests.filter(isServed),
    leftOut: manifests
      .filter((one) => !isServed(one))
      .map((manifest) => ({ manifest, state: 'left-out', detail: [`its CRD ${crdOf(manifest)} is not installed`] })),
  }
}

/** Kinds of a group in a version; none where the cluster does not have it. */
const kindsOf = async (requests: Pick<Requests, 'send'>, version: string): Promise<ReadonlySet<string>> => {
  const answer = await requests.send({ method: 'GET', path: `/apis/${version}` })
  if (answer.status === 404) return new Set()
  if (answer.status !== 200) throw failureOf(`asking which kinds of ${version} there are`, answer)
  const { resources = [] } = answer.body as { resources?: { kind: string }[] }
  return new Set(resources.map(({ kind }) => kind))
}

const PROMETHEUSES = '/apis/monitoring.coreos.com/v1/prometheuses'

/** What of them the cluster takes and nobody reads, a sentence each; none where it does not say, or nothing of it is the operator's. */
export const unreadOn = async (requests: Pick<Requests, 'send'>, served: readonly Manifest[]): Promise<string[]> => {
  if (!served.some((one) => crdOf(one) !== null)) return []
  const answer = await requests.send({ method: 'GET', path: PROMETHEUSES })
  if (answer.status !== 200) return []
  return unreadOf(served, (answer.body as { items?: unknown[] }).items ?? [])
}
