import type { KubeObject } from '../kube.ts'
import { hasToken, TOKEN_ANNOTATION, tokenOf } from '../names.ts'
import { DIGEST_ANNOTATION } from '../workloads/object-digest.ts'
import { meetingPlaceOf } from '../workloads/over-nodes.ts'

/**
 * The Service in which pods of this Job of the cluster find each other, as the ledger that has this secret makes it: it belongs to the Job, and goes with it.
 * Null: it has one pod.
 */
export const placeMade = (job: KubeObject<'Job'>, secret: string): KubeObject<'Service'> | null => {
  const place = meetingPlaceOf(job)
  if (place === null) return null
  const { name, uid = '' } = job.metadata
  const annotations = { ...place.metadata.annotations, [TOKEN_ANNOTATION]: tokenOf(secret, place.metadata) }
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }]
  return { ...place, metadata: { ...place.metadata, annotations, ownerReferences } }
}

/**
 * What a Service of that name is. `ours`: what was asked for, an answer was lost. `earlier`: it was made for another Job of the name, and goes with
 * that. `other`: somebody else's.
 */
export const whosePlace = (
  found: KubeObject,
  wanted: KubeObject<'Service'>,
  secret: string,
): 'ours' | 'earlier' | 'other' => {
  const of = ({ metadata }: KubeObject): string => `${metadata.ownerReferences?.[0]?.uid}`
  if (!hasToken(found, secret)) return 'other'
  if (of(found) !== of(wanted) || found.metadata.deletionTimestamp !== undefined) return 'earlier'
  return found.metadata.annotations?.[DIGEST_ANNOTATION] === wanted.metadata.annotations?.[DIGEST_ANNOTATION]
    ? 'ours'
    : 'other'
}
