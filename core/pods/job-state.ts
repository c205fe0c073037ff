import type { V1Job, V1JobCondition, V1Pod } from '@kubernetes/client-node'
import { createdAt, isLeaving, keepersOf, QUEUE_LABEL } from '../kube.ts'
import type { Failure } from '../reasons.ts'
import { NOTE, said } from '../text.ts'
import { firstSaid, fromLogs, inBrackets } from './logs.ts'
import { whyEnded } from './program.ts'
import { ownPressure, takenBy } from './taken.ts'
import { containersOf, type Trouble, troubleOf, unscheduledNote } from './trouble.ts'

/** What a Job has come to. `note` is for a person; `failure` is set exactly when the kind is `failed`. */
export interface JobState {
  kind: 'waiting' | 'running' | 'succeeded' | 'failed'
  note: string
  failure: Failure | null
  /** When what keeps it now ends it, milliseconds; null, or left out: nothing does, or nobody knows. */
  endsAt?: number | null
}

/** What is known beside the Job and its pods: the last lines of the pod that `lastDied` names, and what time it is. */
export interface Beside {
  logs?: readonly string[]
  now?: number
}

/** Reads a Job's conditions and its pods. Only conditions say that it ended; that it never will, its pods may say first. */
export const jobState = (job: V1Job, pods: V1Pod[], { logs = [], now = 0 }: Beside = {}): JobState => {
  const state = stateOf(job, pods, { logs, now })
  return { ...state, note: said(state.note, NOTE) }
}

const stateOf = (job: V1Job, pods: V1Pod[], { logs, now }: Required<Beside>): JobState => {
  if (condition(job, 'Complete') !== null) return { kind: 'succeeded', note: 'complete', failure: null }
  const ordered = newestFirst(pods)
  const failed = condition(job, 'Failed') ?? condition(job, 'FailureTarget')
  if (failed !== null) return { kind: 'failed', ...whyFailed(job, failed, { pods: ordered, logs }) }
  const taken = ownPressure(ordered)
  if (taken !== null) return { kind: 'failed', note: taken.note, failure: taken.failure }
  const troubles = ordered.filter(isAtWork).map((pod) => troubleOf(pod, logs))
  const trouble = troubles.find((one) => one !== null) ?? null
  return trouble !== null && trouble.endsAt !== null && trouble.endsAt <= now
    ? { kind: 'failed', note: trouble.note, failure: trouble.failure }
    : underWay(job, ordered, trouble)
}

const isAtWork = ({ status }: V1Pod): boolean => status?.phase !== 'Failed' && status?.phase !== 'Succeeded'

const underWay = (job: V1Job, pods: V1Pod[], trouble: Trouble | null): JobState => {
  const pod = pods.find(isAtWork)
  const lost = pods.filter((other) => other !== pod && takenBy(other) !== null).length
  const after = lost === 0 ? '' : `; ${lost} earlier pod${lost === 1 ? ' was' : 's were'} lost to a disruption`
  const running = pod?.status?.phase === 'Running'
  return {
    kind: running ? 'running' : 'waiting',
    note: `${noteOf(job, pod)}${after}${isLeaving(job) ? `; ${leavingNote(job)}` : ''}`,
    failure: null,
    ...(trouble === null ? {} : { endsAt: trouble.endsAt }),
  }
}

const noteOf = (job: V1Job, pod: V1Pod | undefined): string => {
  const suspended = job.spec?.suspend === true && !isLeaving(job) ? [whySuspended(job)] : []
  if (pod !== undefined) return [...suspended, podNote(pod)].join('; ')
  return suspended[0] ?? noPod(job)
}

/** Kueue says nothing of why on the Job itself. Whoever lets it go changes its spec, which the server counts. */
const whySuspended = ({ metadata }: V1Job): string => {
  const queue = metadata?.labels?.[QUEUE_LABEL]
  if (queue === undefined) return 'suspended by a queue or a person: it starts when that is lifted'
  return (metadata?.generation ?? 1) > 1
    ? `Kueue has suspended it: it waits in the LocalQueue ${queue} again`
    : `Kueue has not admitted it yet: it waits in the LocalQueue ${queue}`
}

const leavingNote = (job: V1Job): string => {
  const keepers = keepersOf(job)
  return keepers.length === 0
    ? 'somebody deletes the Job'
    : `somebody has deleted the Job, and ${keepers.join(', ')} keeps it until then`
}

/** Nothing of a Job says why its pod is not made: only the events beside it do. */
const NOT_MADE = 'if that lasts, its events say why: a quota, an admission, or a service account that is not there'

const noPod = (job: V1Job): string => {
  if (isLeaving(job)) return 'no pod of it is there'
  return job.spec?.parallelism === 0
    ? 'somebody has set its parallelism to 0: it goes on once that is 1'
    : `waiting for its pod to be made (${NOT_MADE})`
}

const podNote = (pod: V1Pod): string => {
  const on = pod.spec?.nodeName === undefined ? '' : ` on ${pod.spec.nodeName}`
  if (isLeaving(pod)) {
    const taken = takenBy(pod)
    return `its pod is stopping${on}${taken === null ? '' : `: ${taken.note}`}`
  }
  if (pod.status?.phase === 'Running') return `running${on}`
  const unscheduled = unscheduledNote(pod)
  if (unscheduled !== null) return unscheduled
  const waiting = containersOf(pod).find(({ state }) => state?.waiting !== undefined)?.state?.waiting
  if (waiting?.reason === undefined || waiting.reason === 'ContainerCreating' || waiting.reason === 'PodInitializing')
    return on === '' ? 'waiting for a node' : `starting${on}`
  return `not started${on}: ${waiting.reason}${inBrackets(waiting.message)}`
}

/** The cause that helps: the deadline, then what the newest pod died of, then what the Job itself says. */
const whyFailed = (
  job: V1Job,
  failed: V1JobCondition,
  { pods, logs }: { pods: V1Pod[]; logs: readonly string[] },
): { failure: Failure; note: string } => {
  if (failed.reason === 'DeadlineExceeded') return { failure: 'deadline-exceeded', note: deadlineNote(job, pods) }
  const died = lastDied(pods)
  const ended = died && containersOf(died).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)
  if (ended?.state?.terminated !== undefined) return whyEnded({ name: ended.name, ended: ended.state.terminated, logs })
  const own = ownPressure(pods)
  if (own !== null) return own
  const taken = pods.map(takenBy).find((one) => one !== null) ?? null
  if (taken !== null)
    return {
      failure: taken.failure,
      note: taken.failure === 'node-lost' ? `its pod was taken away: ${taken.note}` : taken.note,
    }
  return (
    fromLogs(logs) ?? {
      failure: 'exit-code',
      note: firstSaid(failed.message, failed.reason) ?? 'the Job failed and does not say why',
    }
  )
}

/** The newest pod that failed by itself: what it did last is why its Job failed. */
export const lastDied = (pods: V1Pod[]): V1Pod | undefined =>
  newestFirst(pods).find((pod) => pod.status?.phase === 'Failed' && takenBy(pod) === null)

const deadlineNote = ({ status, spec }: V1Job, pods: V1Pod[]): string => {
  const seconds = spec?.activeDeadlineSeconds
  const late = `it ran into its deadline${seconds === undefined ? '' : ` of ${lengthOf(seconds)}`}`
  if (pods.length === 0 && (status?.failed ?? 0) === 0)
    return `${late}, and no pod of it was ever made: ${NOT_MADE.replace('if that lasts, ', '')}`
  const never = pods.length > 0 && pods.every(({ status }) => status?.phase === 'Pending')
  const last = pods[0]
  return `${late}${never && last !== undefined ? `, and never started: ${podNote(last)}` : ''}`
}

const lengthOf = (seconds: number): string =>
  seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Number((seconds / 3600).toFixed(1))} h`

const condition = (job: V1Job, type: string): V1JobCondition | null =>
  job.status?.conditions?.find((found) => found.type === type && found.status === 'True') ?? null

const newestFirst = (pods: V1Pod[]): V1Pod[] => [...pods].sort((a, b) => createdAt(b) - createdAt(a))
