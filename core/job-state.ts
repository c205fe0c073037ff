import type { V1ContainerStatus, V1Job, V1JobCondition, V1Pod } from '@kubernetes/client-node'
import { createdAt, isLeaving, keepersOf, QUEUE_LABEL } from './kube.ts'
import type { Failure } from './reasons.ts'
import { NOTE, said } from './text.ts'

/** What a Job has come to. `note` is for a person; `failure` is set exactly when the kind is `failed`. */
export interface JobState {
  kind: 'waiting' | 'running' | 'succeeded' | 'failed'
  note: string
  failure: Failure | null
}

/** A wait that a retry of the kubelet does not end: the run fails at once instead of at its deadline. */
const IMAGE_REASONS: ReadonlySet<string> = new Set(['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])
const WATCHDOG_TIMEOUT = /Watchdog caught collective operation timeout/i
const NCCL = /NCCL/i
const TIMEOUT = /timeout|timed out/i
const GPU_MEMORY = /CUDA out of memory|OutOfMemoryError/
/** Longest that somebody else's message stands in a note: beside it there must be room for what we say of it. */
const MESSAGE = 400
/** Pods are lost with these when a node goes. */
const NODE_REASONS: ReadonlySet<string> = new Set(['NodeLost', 'NodeShutdown', 'Terminated', 'Evicted', 'Shutdown'])

/** Reads a Job's conditions and its pods; `logs` are the last lines of its newest pod. Only conditions say that it ended. */
export const jobState = (job: V1Job, pods: V1Pod[], logs: string[] = []): JobState => {
  const state = stateOf(job, pods, logs)
  return { ...state, note: said(state.note, NOTE) }
}

const stateOf = (job: V1Job, pods: V1Pod[], logs: string[]): JobState => {
  if (condition(job, 'Complete') !== null) return { kind: 'succeeded', note: 'complete', failure: null }
  const ordered = newestFirst(pods)
  const failed = condition(job, 'Failed') ?? condition(job, 'FailureTarget')
  if (failed !== null) return { kind: 'failed', ...whyFailed(job, failed, { pods: ordered, logs }) }
  const image = ordered.flatMap(containersOf).find(({ state }) => IMAGE_REASONS.has(state?.waiting?.reason ?? ''))
  if (image !== undefined) return { kind: 'failed', note: imageNote(image), failure: 'image-pull' }
  return underWay(job, ordered)
}

const underWay = (job: V1Job, pods: V1Pod[]): JobState => {
  const pod = pods.find(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded')
  const lost = pods.filter((other) => other !== pod && disruption(other) !== null).length
  const after = lost === 0 ? '' : `; ${lost} earlier pod${lost === 1 ? ' was' : 's were'} lost to a disruption`
  const running = pod?.status?.phase === 'Running'
  return {
    kind: running ? 'running' : 'waiting',
    note: `${noteOf(job, pod)}${after}${isLeaving(job) ? `; ${leavingNote(job)}` : ''}`,
    failure: null,
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
    const why = disruption(pod)
    return `its pod is stopping${on}${why === null ? '' : `: ${why}`}`
  }
  if (pod.status?.phase === 'Running') return `running${on}`
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False')
    return `waiting for a node: ${firstSaid(scheduled.message, scheduled.reason) ?? 'not scheduled yet'}`
  const waiting = containersOf(pod).find(({ state }) => state?.waiting !== undefined)?.state?.waiting
  if (waiting?.reason === undefined || waiting.reason === 'ContainerCreating' || waiting.reason === 'PodInitializing')
    return on === '' ? 'waiting for a node' : `starting${on}`
  return `not started${on}: ${waiting.reason}${inBrackets(waiting.message)}`
}

/** The cause that helps: the deadline, then what the newest pod died of, then what the Job itself says. */
const whyFailed = (
  job: V1Job,
  failed: V1JobCondition,
  { pods, logs }: { pods: V1Pod[]; logs: string[] },
): { failure: Failure; note: string } => {
  if (failed.reason === 'DeadlineExceeded') return { failure: 'deadline-exceeded', note: deadlineNote(job, pods) }
  const died = lastDied(pods)
  const ended = died && containersOf(died).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)
  if (ended !== undefined) return whyEnded(ended, logs)
  const lost = pods.map(disruption).find((why) => why !== null)
  if (lost !== undefined && lost !== null) return { failure: 'node-lost', note: `its pod was taken away: ${lost}` }
  return (
    fromLogs(logs) ?? {
      failure: 'exit-code',
      note: firstSaid(failed.message, failed.reason) ?? 'the Job failed and does not say why',
    }
  )
}

/** The newest pod that failed by itself: what it did last is why its Job failed. */
export const lastDied = (pods: V1Pod[]): V1Pod | undefined =>
  newestFirst(pods).find((pod) => pod.status?.phase === 'Failed' && disruption(pod) === null)

const whyEnded = ({ name, state }: V1ContainerStatus, logs: string[]): { failure: Failure; note: string } => {
  const { exitCode = 1, reason, message } = state?.terminated ?? {}
  if (reason === 'OOMKilled')
    return {
      failure: 'out-of-memory',
      note: `${name} was killed: the node or its limit ran out of memory (OOMKilled, exit ${exitCode})`,
    }
  const last = firstSaid(message)
  return (
    fromLogs(logs) ?? {
      failure: 'exit-code',
      note: `${name} ended with exit ${exitCode}${exitMeaning(exitCode)}${last === null ? '' : `: ${last}`}`,
    }
  )
}

const fromLogs = (logs: string[]): { failure: Failure; note: string } | null => {
  const nccl = logs.find(isNcclTimeout)
  if (nccl !== undefined)
    return {
      failure: 'nccl-timeout',
      note: `its GPUs stopped answering each other (NCCL time-out): ${said(nccl, MESSAGE)}`,
    }
  const memory = logs.find((line) => GPU_MEMORY.test(line))
  if (memory === undefined) return null
  return {
    failure: 'out-of-memory',
    note: `the GPU ran out of memory; a smaller batch or sequence length helps: ${said(memory, MESSAGE)}`,
  }
}

/** Asked word by word: one pattern for both orders takes half a minute of a line of 300 KB that names NCCL all along. */
const isNcclTimeout = (line: string): boolean => WATCHDOG_TIMEOUT.test(line) || (NCCL.test(line) && TIMEOUT.test(line))

const exitMeaning = (code: number): string => {
  switch (code) {
    case 42:
      return ' (the program says that its data or settings are wrong: another try will not help)'
    case 126:
    case 127:
      return ' (its command is not in the image or cannot be run)'
    case 137:
      return ' (killed by SIGKILL, often for memory)'
    case 143:
      return ' (stopped by SIGTERM)'
    default:
      return ''
  }
}

const deadlineNote = ({ status }: V1Job, pods: V1Pod[]): string => {
  if (pods.length === 0 && (status?.failed ?? 0) === 0)
    return `it ran into its deadline, and no pod of it was ever made: ${NOT_MADE.replace('if that lasts, ', '')}`
  const never = pods.length > 0 && pods.every(({ status }) => status?.phase === 'Pending')
  const last = pods[0]
  return `it ran into its deadline${never && last !== undefined ? `, and never started: ${podNote(last)}` : ''}`
}

/** Why a pod was taken away by something outside it, or null. */
const disruption = ({ status }: V1Pod): string | null => {
  const target = status?.conditions?.find(({ type, status: value }) => type === 'DisruptionTarget' && value === 'True')
  if (target !== undefined) return `${target.reason ?? 'DisruptionTarget'}${inBrackets(target.message)}`
  return NODE_REASONS.has(status?.reason ?? '') ? `${status?.reason}${inBrackets(status?.message)}` : null
}

const imageNote = ({ image, state }: V1ContainerStatus): string => {
  const { reason, message } = state?.waiting ?? {}
  const why = firstSaid(message)
  return `the image ${image} cannot be pulled (${reason}${why === null ? '' : `: ${why}`}): check its name and digest`
}

/** The first of these that says anything. */
const firstSaid = (...texts: (string | undefined)[]): string | null =>
  texts.map((text) => said(text ?? '', MESSAGE)).find((text) => text !== '') ?? null

const inBrackets = (message: string | undefined): string => {
  const text = firstSaid(message)
  return text === null ? '' : ` (${text})`
}

const condition = (job: V1Job, type: string): V1JobCondition | null =>
  job.status?.conditions?.find((found) => found.type === type && found.status === 'True') ?? null

const containersOf = ({ status }: V1Pod): V1ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

const newestFirst = (pods: V1Pod[]): V1Pod[] => [...pods].sort((a, b) => createdAt(b) - createdAt(a))
