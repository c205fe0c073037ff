import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { LaunchJobStep } from '../plan.ts'
import { isGang } from '../pods/gang.ts'
import { type OfKueue, suspendedBy } from '../pods/suspended.ts'

/** When the cluster made it, since when it was seen at work, until when before that, and when it was told to end. */
export interface KnownBefore {
  madeAt: number | null
  ranFrom: number | null
  ranTo?: number | null
  leavingAt: number | null
  /** What the last look at it has said; left out: nobody has looked. */
  noted?: string
}

type Times = Record<'ranFrom' | 'ranAgain' | 'ranBefore' | 'ranUntil', number | null>

/** From when until when it has worked, and since when again, by the cluster's own clock. `knownFrom`: since when it was known to. */
export const workedOf = (job: V1Job, pods: V1Pod[], knownFrom: number | null = null): Times => {
  const { status } = job
  const begun = pods
    .filter((pod) => pod.status?.phase !== 'Pending')
    .toSorted((a, b) => (timeOf(a.status?.startTime) ?? 0) - (timeOf(b.status?.startTime) ?? 0))
  const began = begun.map((pod) => timeOf(pod.status?.startTime))
  const wave = lastWave(job, begun)
  // Pods go with their node: then what the Job itself says is the most that is known.
  const from = [...began, pods.length === 0 ? timeOf(status?.startTime) : null].filter((at) => at !== null)
  const ranFrom = from.length === 0 ? null : Math.min(...from)
  // Who lets a suspended Job go begins its time anew.
  const letGo = (timeOf(status?.startTime) ?? 0) > (knownFrom ?? ranFrom ?? 0)
  const said = (name: string): number | null =>
    timeOf(status?.conditions?.find(({ type, status: is }) => type === name && is === 'True')?.lastTransitionTime)
  return {
    ranFrom,
    ranAgain: timeOf(wave[0]?.status?.startTime),
    // What ran last was made when the one before it was over, unless that was suspended: of then nobody knows.
    ranBefore:
      latest(begun.slice(0, -wave.length).map(endOf)) ?? (letGo ? null : timeOf(wave[0]?.metadata?.creationTimestamp)),
    // A pod that waits was made when the one before it was over.
    ranUntil: timeOf(status?.completionTime) ?? said('Failed') ?? said('Suspended') ?? overSince(pods),
  }
}

/** What ran last, by their start: one, or of a gang those of which none had ended before another began. */
const lastWave = (job: V1Job, begun: readonly V1Pod[]): readonly V1Pod[] => {
  if (!isGang(job)) return begun.slice(-1)
  const startOf = (pod: V1Pod): number => timeOf(pod.status?.startTime) ?? 0
  const last = begun.at(-1)
  const before = begun.findLastIndex((pod) => last !== undefined && (endOf(pod) ?? startOf(last)) < startOf(last))
  return begun.slice(before + 1)
}

/** Milliseconds that Kubernetes gives its pods to end, once they are told to. */
export const graceOfPods = ({ job }: LaunchJobStep): number =>
  1000 * (job.spec?.template.spec?.terminationGracePeriodSeconds ?? 30)

/** What a rung has suspended is told to end, and runs on for its grace at most: nobody has seen for how long. */
export const withGrace = (
  step: LaunchJobStep,
  { job, workload, now }: { job: V1Job | null; workload?: OfKueue; now: number },
  worked: Times,
): Times =>
  job === null || worked.ranUntil === null || suspendedBy(job, workload) !== 'rung'
    ? worked
    : { ...worked, ranUntil: Math.min(now, worked.ranUntil + graceOfPods(step)) }

/** What is known of a Job that is gone. `writtenAt`: of its result, null where nobody knows; left out: it has none. */
interface Gone {
  before: KnownBefore | undefined
  now: number
  pods: V1Pod[]
  writtenAt: number | null | undefined
}

/**
 * The same of one that is gone: what its pods say, when its result was written, when it was told to end; null where nothing says when it
 * stopped. It did not run past its own deadline.
 */
export const workedOfGone = (
  step: LaunchJobStep,
  { before, now, pods, writtenAt }: Gone,
): Times & { ranMost: number } => {
  const { spec } = step.job
  const { ranFrom, ranAgain, ranBefore } = workedOf(spec === undefined ? {} : { spec }, pods)
  // Never seen at work, it has worked all the same where it has a result.
  const madeAt = writtenAt === undefined ? null : (before?.madeAt ?? null)
  const from = ranFrom ?? before?.ranFrom ?? madeAt
  const runs = pods.some(({ status }) => status?.phase === 'Running')
  const told = before?.leavingAt == null ? null : before.leavingAt + graceOfPods(step)
  const until = (runs ? null : overSince(pods)) ?? writtenAt ?? (runs ? now : told)
  const deadline = (from ?? now) + 1000 * (step.job.spec?.activeDeadlineSeconds ?? Number.POSITIVE_INFINITY)
  const ranMost = Math.min(deadline, now)
  return { ranFrom: from, ranAgain, ranBefore, ranUntil: until === null ? null : Math.min(until, ranMost), ranMost }
}

/** When the last of its pods was over, as far as pods say. */
const overSince = (pods: V1Pod[]): number | null => {
  return (
    latest(pods.map(endOf)) ??
    latest(
      pods
        .filter(({ status }) => status?.phase === 'Pending')
        .map(({ metadata }) => timeOf(metadata?.creationTimestamp)),
    )
  )
}

const endOf = ({ status }: V1Pod): number | null =>
  latest((status?.containerStatuses ?? []).map(({ state }) => timeOf(state?.terminated?.finishedAt)))

const latest = (times: (number | null)[]): number | null => {
  const known = times.filter((at) => at !== null)
  return known.length === 0 ? null : Math.max(...known)
}

/** Milliseconds of a time that Kubernetes has written; null: it has not. */
export const timeOf = (time: Date | string | undefined): number | null => {
  const at = new Date(time ?? Number.NaN).getTime()
  return Number.isNaN(at) ? null : at
}
