import { type KubeObject, refOf } from '../../../core/kube.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import type { View } from '../../../core/lane/view.ts'
import { goesOn } from '../../../core/lane/worked.ts'
import { laneName } from '../../../core/lane-kinds/kind.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { deadlineOf, isNearDeadline, NODE_WITHIN } from '../../../core/steps/job-deadline.ts'
import { MADE_WITH } from '../../../core/workloads/work-digest.ts'
import { Unavailable } from '../../ports.ts'
import type { Task } from './handler.ts'

/** How long a pod of the lane may wait for a node by the policy in force. Milliseconds. */
export const nodeWithinOf = ({ kind, policy, doc }: Pick<View, 'kind' | 'policy' | 'doc'>): number =>
  kind.nodeWithin?.(policy, laneName(doc.lane)) ?? NODE_WITHIN

/** Before a deadline that could not be written is tried again. Milliseconds. */
const AGAIN = 5 * 60_000

/**
 * Writes into the Job how long it may still take where what it waited, or a resume, has made that another time. It is only the fallback of
 * what we end ourselves: one that cannot be written is told, and tried again.
 */
export const withDeadline = async (
  { ports, view, step, mark }: Task<LaunchJobStep>,
  stepped: Stepped,
  { job, pods }: { job: KubeObject<'Job'> | null; pods: readonly KubeObject<'Pod'>[] },
): Promise<Stepped> => {
  if (stepped.kind !== 'wait' || job === null) return stepped
  const known = goesOn(view, mark, stepped)
  const seconds = deadlineOf(step, { job, pods, mark: known, nodeWithin: nodeWithinOf(view), now: view.now })
  if (seconds === null || isNearDeadline(job, seconds)) return stepped
  const said = await written(ports, job, seconds)
  if (said === null) return stepped
  const until = Math.min(stepped.until ?? Number.POSITIVE_INFINITY, view.now + AGAIN)
  return { ...stepped, note: `${stepped.note}; how long it may take could not be written: ${said}`, until }
}

/** Null: it was, or there is nothing any more to write it to. */
const written = async (
  { cluster }: Task['ports'],
  job: KubeObject<'Job'>,
  activeDeadlineSeconds: number,
): Promise<string | null> => {
  const { metadata, spec } = job
  const madeWith = metadata.annotations?.[MADE_WITH] ?? spec?.activeDeadlineSeconds
  const annotations = madeWith === undefined ? {} : { [MADE_WITH]: String(madeWith) }
  try {
    const patch = { metadata: { annotations }, spec: { activeDeadlineSeconds } }
    const answer = await cluster.patch(refOf(job), metadata.uid ?? '', patch)
    if (typeof answer === 'object') return answer.message
    return answer === 'moved' ? 'somebody else has written it meanwhile' : null
  } catch (error) {
    if (error instanceof Unavailable) return error.message
    throw error
  }
}
