import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { milliseconds } from '../duration.ts'
import { createdAt, isLeaving } from '../kube.ts'
import type { Mark } from '../lane/document.ts'
import type { LaunchJobStep } from '../plan.ts'
import { makesNoPod, setterOf } from '../pods/held-by-hand.ts'
import { timeOf } from './job-times.ts'

/** How long the pod of a stage may wait for a node where its pipeline does not say. */
export const NODE_WITHIN = milliseconds('24h')

/**
 * Since when a Job's pod waits for a node: since the Job was let go, or last worked. Null: nothing of it waits for one. A pod on a node, on
 * which its image is pulled, waits for none; and why no pod is made at all, nobody knows here.
 */
export const waitsForNodeSince = (job: V1Job, pods: readonly V1Pod[], workedUntil: number | null): number | null => {
  const waiting = pods.filter(
    (pod) => pod.status?.phase === 'Pending' && pod.spec?.nodeName === undefined && !isLeaving(pod),
  )
  if (waiting.length === 0 || job.spec?.suspend === true || pods.some(isOnNode)) return null
  // Who had let it make no pod has let it go by when that pod was made, of which its own start says nothing.
  const letGo = setterOf(job, 'parallelism') === null ? 0 : Math.min(...waiting.map(createdAt))
  return Math.max(timeOf(job.status?.startTime) ?? createdAt(job), letGo, workedUntil ?? 0)
}

const isOnNode = ({ spec, status }: V1Pod): boolean =>
  spec?.nodeName !== undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded'

/** What a look at a Job knows of its time: its mark with the work that was just seen. */
interface Timed {
  job: V1Job
  pods: readonly V1Pod[]
  mark: Pick<Mark, 'ran' | 'ranTo' | 'ranFrom'>
  /** Milliseconds that its pod may wait for a node. */
  nodeWithin: number
  now: number
}

/**
 * Seconds from its start on after which Kubernetes shall end it: its hours are those of its work, less what it has worked. What it waited
 * is none of them, and Kubernetes' clock begins anew when it is resumed. Null: as it is. Of what stands in no pool all time counts.
 */
export const deadlineOf = (step: LaunchJobStep, { job, pods, mark, nodeWithin, now }: Timed): number | null => {
  const hours = step.job.spec?.activeDeadlineSeconds
  if (hours === undefined || step.pool === null || isLeaving(job)) return null
  const left = hours * 1000 - mark.ran
  if (job.spec?.suspend === true) return inSeconds(left)
  const started = timeOf(job.status?.startTime)
  if (started === null) return null
  // Its clock runs on though nothing of it does, and is looked at each hour: what is left of its hours lies ahead as long as that lasts.
  if (makesNoPod(job)) return inSeconds(now + left - started)
  const from = mark.ranFrom ?? onNodeSince(pods)
  if (from !== null) return inSeconds(from + left - started)
  const since = waitsForNodeSince(job, pods, mark.ranTo)
  return since === null ? null : inSeconds(since + nodeWithin + left - started)
}

/** One at the least: Kubernetes takes 0 for at once, and what has none for for ever. */
const inSeconds = (time: number): number => Math.max(1, Math.ceil(time / 1000))

/** When the pod that is at work, or is about to be, came to its node. */
const onNodeSince = (pods: readonly V1Pod[]): number | null => {
  const times = pods.filter(isOnNode).map(({ status }) => timeOf(status?.startTime))
  const known = times.filter((at) => at !== null)
  return known.length === 0 ? null : Math.max(...known)
}

/** What a written deadline may be off: less is not worth a write. Seconds. */
const NEAR = 60

/** Whether the deadline that it has is as good as that one. */
export const isNearDeadline = ({ spec }: V1Job, seconds: number): boolean =>
  spec?.activeDeadlineSeconds !== undefined && Math.abs(spec.activeDeadlineSeconds - seconds) < NEAR
