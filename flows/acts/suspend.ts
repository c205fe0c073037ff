import { isLeaving, type KubeObject, QUEUE_LABEL, refOf } from '../../core/kube.ts'
import type { Made } from '../../core/lane/made.ts'
import { markOf } from '../../core/lane/marks.ts'
import { suspendingOf } from '../../core/lane/suspending.ts'
import type { Suspended } from '../../core/lane/suspension.ts'
import type { View } from '../../core/lane/view.ts'
import { isLent, isWritten, type Suspending, suspensionOf } from '../../core/pods/suspended.ts'
import { amountText } from '../../core/pools/counts.ts'
import { hasEnded } from '../../core/steps/launch-job.ts'
import { ceilingsNow } from '../ceilings.ts'
import { NotAllowed, Unavailable, type WorkPorts } from '../ports.ts'
import type { Performed } from './performed.ts'
import { workloadOf } from './workload.ts'

/** Who writes a Job meanwhile does so once or twice: its controller says what has become of it. */
const TRIES = 5

/** Suspends the Job of a step, or lets it go on, as is marked. */
export const suspend = async (ports: WorkPorts, view: View, step: string): Promise<Performed> => {
  const { made } = markOf(view.doc, step)
  const given = suspendingOf(view, step)
  const full = given.rung === null ? await whyNoRoom(ports, view, step) : null
  const came = full ?? (made === null ? OVER : await written(ports, made, given).catch(notAllowed))
  return { result: { kind: 'suspended', came }, seen: {} }
}

/**
 * What is held for it finds its GPUs again: its pool may be lower by now, since a lease or its hours are over, or be in the policy no more. Null:
 * it is high enough, or it runs as it ran.
 */
const whyNoRoom = async (
  { ledger }: WorkPorts,
  { doc, policy, plan, now }: View,
  name: string,
): Promise<Suspended | null> => {
  const step = plan?.plan.steps.find((one) => one.name === name)
  if (step?.kind !== 'launch-job' || step.pool === null || step.gpus === 0) return null
  const { ceiling } = (await ceilingsNow(ledger, { policy, now })).get(step.pool) ?? {}
  if (ceiling === undefined) {
    const why = `the policy has no pool ${step.pool} any more`
    return markOf(doc, name).ranFrom === null ? { kind: 'not', why } : null
  }
  if (ceiling >= step.gpus) return null
  const why = `the ceiling of ${step.pool} is ${amountText(ceiling, step)} by now, and it needs ${step.gpus}: it goes on by itself once that is higher`
  return { kind: 'not', why }
}

const OVER: Suspended = { kind: 'over' }

/**
 * By its uid, and only as it was read: what somebody else has made of it since is looked at first. Where Kueue lends, both are read before either is
 * written, and the Job first, of which admission takes no lower fence: who comes late with its Workload met that, or meets another revision.
 */
const written = async (
  ports: Pick<WorkPorts, 'cluster'>,
  { ref, uid }: Made,
  given: Suspending,
): Promise<Suspended> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = (await ports.cluster.get(ref)) as KubeObject<'Job'> | null
    if (found === null || isOver(found, uid)) return OVER
    const workload = await lentBy(ports, found, given)
    if (workload?.kind === 'not') return workload
    const { patch, lent = patch, left } = suspensionOf(found, given, workload)
    const first = await patched(ports, found, { patch, given })
    const answer =
      first === 'patched' && workload != null ? await lentOf(ports, workload, { patch: lent, given }) : first
    const queue = found.metadata.labels?.[QUEUE_LABEL]
    if (answer !== 'moved') return cameOf(answer, { changes: 'spec' in lent, left, queue })
  }
  return { kind: 'not', why: 'others write the Job all the time' }
}

const NO_WORKLOAD = 'Kueue has made no Workload of it yet, which says whether it may run'

type Answer = Awaited<ReturnType<WorkPorts['cluster']['patch']>> | { message: string }

/** Kueue's Workload of the Job, or why it cannot be suspended by it; nothing: Kueue lends it nothing, or has made none, which needs not be let go. */
const lentBy = async (
  ports: Pick<WorkPorts, 'cluster'>,
  job: KubeObject<'Job'>,
  { rung }: Suspending,
): Promise<KubeObject<'Workload'> | { kind: 'not'; why: string } | null | undefined> => {
  if (!isLent(job)) return undefined
  try {
    const workload = await workloadOf(ports, job)
    return workload === null && rung !== null ? { kind: 'not', why: NO_WORKLOAD } : workload
  } catch (error) {
    // The Job was just read: what keeps Kueue's kind from being read is no outage of the cluster.
    if (!(error instanceof Unavailable) || error instanceof NotAllowed) throw error
    return { kind: 'not', why: error.message }
  }
}

/** What Kueue has taken away, it makes anew. */
const lentOf = async (
  ports: Pick<WorkPorts, 'cluster'>,
  workload: KubeObject<'Workload'>,
  how: { patch: object; given: Suspending },
): Promise<Answer> => {
  const answer = await patched(ports, workload, how)
  return answer === 'gone' ? 'moved' : answer
}

/** It was just read: what is then not answered is this write, which something in its way may keep from being made (a webhook), and no outage. It is looked at all the same. */
const patched = async (
  { cluster }: Pick<WorkPorts, 'cluster'>,
  found: KubeObject,
  { patch, given }: { patch: object; given: Suspending },
): Promise<Answer> => {
  const ref = refOf(found)
  try {
    return await cluster.patch(ref, found.metadata.uid ?? '', { ...patch })
  } catch (error) {
    if (!(error instanceof Unavailable) || error instanceof NotAllowed) throw error
    const now = await cluster.get(ref)
    return now !== null && isWritten(now, given) ? 'patched' : { message: error.message }
  }
}

const cameOf = (
  answer: Exclude<Answer, 'moved'>,
  { changes, left, queue }: { changes: boolean; left: string | undefined; queue: string | undefined },
): Suspended => {
  if (typeof answer === 'object') return { kind: 'not', why: answer.message }
  if (answer === 'gone') return OVER
  if (left !== undefined) return { kind: 'left', why: left }
  return changes ? { kind: 'so', ...(queue === undefined ? {} : { queue }) } : OVER
}

const isOver = (job: KubeObject<'Job'>, uid: string): boolean =>
  job.metadata.uid !== uid || hasEnded(job) || isLeaving(job)

/** A Job that may not be suspended is looked at all the same: it may end, and its bound counts. */
const notAllowed = (error: unknown): Suspended => {
  if (!(error instanceof NotAllowed)) throw error
  return { kind: 'not', why: `the cluster does not let us: ${error.message}`, right: true }
}
