import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { createdAt, isLeaving } from '../kube.ts'
import { COMPLETION_INDEX, podsAtOnce } from '../workloads/over-nodes.ts'
import { deletedOf, isSentAway } from './deleted.ts'
import { isAtWork } from './leaving.ts'
import { endedFirst } from './speaking.ts'
import { type OfKueue, suspendedBy } from './suspended.ts'
import { takenBy } from './taken.ts'

/** Which pod of its Job's it is, from 0; 0 of one that is the only one. */
export const rankOf = ({ metadata }: Pick<V1Pod, 'metadata'>): number =>
  Number(metadata?.annotations?.[COMPLETION_INDEX] ?? metadata?.labels?.[COMPLETION_INDEX] ?? 0) || 0

/** Whether a Job's pods are a gang: they are at work together, or none of them is. */
export const isGang = (job: V1Job): boolean => podsAtOnce(job) > 1

/** `rank 3 of 4`: as a person finds its pod. */
export const rankText = (job: V1Job, pod: V1Pod): string => `rank ${rankOf(pod)} of ${podsAtOnce(job)}`

/**
 * The pod of a gang whose end was the first, be it its program's or another's doing: what the others came to is of that. Kubernetes tells the rest to end once
 * it knows, and that looks as if they had failed, too. Undefined: none of its pods says so any more.
 */
export const firstEnded = <P extends V1Pod>(pods: readonly P[], job: V1Job): P | undefined =>
  pods
    .filter((pod) => !isSentAway(pod, job) && whenEnded(pod, job) !== null)
    .toSorted((a, b) => (whenEnded(a, job) ?? 0) - (whenEnded(b, job) ?? 0) || rankOf(a) - rankOf(b))[0]

/** Null: it has not ended badly, nor was it told to end by anybody. What does not say when comes last. */
const whenEnded = (pod: V1Pod, job: V1Job): number | null => {
  const { status, metadata } = pod
  const taken = takenBy(pod) ?? deletedOf(pod, job)
  if (taken === null && status?.phase !== 'Failed') return null
  const target = status?.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True')
  const times = [
    target?.lastTransitionTime,
    endedFirst(pod)?.state?.terminated?.finishedAt,
    taken === null ? undefined : metadata?.deletionTimestamp,
  ]
  return Math.min(...times.map(timeOf))
}

const timeOf = (time: Date | string | undefined): number => new Date(time ?? Number.NaN).getTime() || LAST
const LAST = Number.MAX_SAFE_INTEGER

/** So long nodes of a gang are paid for that wait for the rest of it: in the bad case a node has pulled its image by then, and costs while it does nothing. Milliseconds. */
export const HALF_GANG = 30 * 60_000

/** That a part of a gang has its nodes and the rest has none. */
export interface HalfGang {
  /** When the first of them came to its node, milliseconds. */
  since: number
  /** `3 of 4`. */
  there: string
}

/**
 * Null: all have nodes, or have had them and ended well, or none has, or it is not to run now. Of one that ends badly, or that nobody has counted yet,
 * its Job says soon what becomes of the rest.
 */
export const halfGang = (job: V1Job, pods: readonly V1Pod[]): HalfGang | null => {
  const all = podsAtOnce(job)
  if (all === 1 || job.spec?.suspend === true || pods.some((pod) => endsBadly(pod))) return null
  const { completedIndexes = '', uncountedTerminatedPods: { succeeded: uncounted = [] } = {} } = job.status ?? {}
  const placed = pods.filter(({ spec }) => spec?.nodeName !== undefined)
  // One that has ended goes with its node, which Karpenter takes away as soon as it is empty.
  const there = new Set([...placed.map(rankOf), ...indexesIn(completedIndexes)])
  const alive = placed.filter(isAtWork)
  if (alive.length === 0 || uncounted.length > 0 || there.size >= all) return null
  return { since: Math.min(...alive.map(cameAt)), there: `${there.size} of ${all}` }
}

/**
 * Why a gang that a rung or Kueue has suspended cannot go on as a whole: Kubernetes makes no pod again of an index that is complete, and the others would
 * wait for it. Null: it can, or what a person has suspended is theirs to let go.
 */
export const tornGang = (job: V1Job, pods: readonly V1Pod[], workload?: OfKueue): string | null => {
  const done = indexesIn(job.status?.completedIndexes ?? '').length
  if (!isGang(job) || done === 0 || job.spec?.suspend !== true || pods.some(isAtWork)) return null
  return suspendedBy(job, workload) === 'other'
    ? null
    : `it was suspended once ${done} of ${podsAtOnce(job)} of its pods had ended well, and the rest would wait for those: all of it begins anew, from its checkpoints`
}

const endsBadly = (pod: V1Pod): boolean => (isLeaving(pod) && isAtWork(pod)) || pod.status?.phase === 'Failed'

/** As the Job controller writes them: `0,2-3`. */
const indexesIn = (text: string): number[] =>
  text.split(',').flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split('-').map((one) => Number.parseInt(one, 10))
    return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, n) => from + n)
  })

const cameAt = (pod: V1Pod): number => {
  const bound = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'True')
  const at = timeOf(bound?.lastTransitionTime ?? pod.status?.startTime)
  return at === LAST ? createdAt(pod) : at
}

/** The pod of a gang that is furthest from being at work: it tells what the others wait for. Newest of one that is alone. */
export const furthest = (pods: readonly V1Pod[], job: V1Job): V1Pod | undefined => {
  const working = pods.filter(isAtWork)
  if (!isGang(job)) return working[0]
  return working.toSorted((a, b) => stateOf(a) - stateOf(b) || rankOf(a) - rankOf(b))[0]
}

const stateOf = (pod: V1Pod): number => {
  if (isLeaving(pod)) return 0
  if (pod.spec?.nodeName === undefined) return 1
  return pod.status?.phase === 'Running' ? 3 : 2
}
