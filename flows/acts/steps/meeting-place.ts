import { type KubeObject, refOf } from '../../../core/kube.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import type { View } from '../../../core/lane/view.ts'
import { placeMade, whosePlace } from '../../../core/steps/meeting-place.ts'
import type { WorkPorts } from '../../ports.ts'

type Seeing = Pick<View, 'secret' | 'now' | 'handover'>

/**
 * Sees to it that the pods of a Job on several nodes find each other: its Service is made once it is, before that is written down, so that who dies between the
 * two makes it again. Null: it is there, or none is needed; else what keeps it.
 */
export const meet = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  { secret, now, handover }: Seeing,
  job: KubeObject<'Job'>,
): Promise<Stepped | null> => {
  const place = placeMade(job, secret)
  if (place === null) return null
  const { name } = place.metadata
  const made = await cluster.create(place)
  if (made.kind === 'created') return null
  if (made.kind === 'denied')
    return {
      kind: 'failed',
      reason: 'denied',
      note: `the cluster refused the Service in which its pods find each other (${made.status}): ${made.message}`,
    }
  const whose = whosePlace(made.object, place, secret)
  if (whose === 'ours') return null
  if (whose === 'earlier') {
    const note = `the Service ${name} of an earlier Job is being deleted`
    return { kind: 'wait', note, until: now + handover, running: false, why: 'deleting' }
  }
  const note = `a Service named ${name} is there, and its pods would find others by it: see who made it, delete it, then say retry`
  return { kind: 'failed', reason: 'name-taken', note }
}

/** Makes it again where somebody has deleted it: pods that still begin would find nobody. What keeps it is told by those. */
export const meetAgain = async (
  ports: Pick<WorkPorts, 'cluster'>,
  seeing: Seeing,
  job: KubeObject<'Job'>,
): Promise<void> => {
  const place = placeMade(job, seeing.secret)
  if (place !== null && (await ports.cluster.get(refOf(place))) === null) await meet(ports, seeing, job)
}
