import type { V1Job, V1JobCondition, V1Pod } from '@kubernetes/client-node'
import { createdAt, isLeaving, keepersOf, QUEUE_LABEL } from '../kube.ts'
import type { Failure } from '../reasons.ts'
import { NOTE, said } from '../text.ts'
import { podsAtOnce } from '../workloads/over-nodes.ts'
import { type Around, NOTHING_AROUND } from './around.ts'
import { onNode, startingNote } from './before.ts'
import { unbegun } from './beginning.ts'
import { containersOf } from './beside.ts'
import { deletedOf } from './deleted.ts'
import { newestFirst, whyDied } from './died.ts'
import { furthest, isGang, rankText } from './gang.ts'
import { deadlineSetter, makesNoPod, noPodText, setterOf } from './held-by-hand.ts'
import { isAtWork, isLost, nextOfLeaving, overdueNote } from './leaving.ts'
import { inBrackets } from './logs.ts'
import { deactivatedText, isDeactivated, isLent, type OfKueue, SUSPENDED_BY } from './suspended.ts'
import { type Lost, ownPressure, takenBy } from './taken.ts'
import { lastTold, nextHourOf, nextLook } from './telling.ts'
import { besideTrouble, isKeptOutside, type Seeing, type Trouble, troubleOf, unscheduledNote } from './trouble.ts'

/** What a Job has come to. `note` is for a person; `failure` is set exactly when the kind is `failed`. */
export interface JobState {
  kind: 'waiting' | 'running' | 'succeeded' | 'failed'
  note: string
  failure: Failure | null
  /** When what keeps it now ends it, milliseconds; null, or left out: nothing does, or nobody knows. */
  endsAt?: number | null
  /** When there may be more to say of it, though nothing of it changes; left out: nothing. */
  lookAt?: number
}

/** What is known beside the Job and its pods: the last lines of the pod that `lastDied` names, what stands around, and what time it is. */
export interface Beside {
  logs?: readonly string[]
  now?: number
  around?: Around
  /** What was known at earlier looks of the end of a pod that is gone (`lostIn`); left out, or null: nothing. */
  lost?: Lost | null
  /** Whether it was seen at work before; left out: nobody has. */
  worked?: boolean
  /** What the last look has said of it; left out, or empty: nobody has looked. */
  noted?: string
  /** Kueue's Workload of it while it waits in its queue; left out: nobody has looked. */
  queued?: OfKueue
}

type Known = Required<Omit<Beside, 'queued'>> & Pick<Beside, 'queued'>

/** Reads a Job's conditions and its pods. Only conditions say that it ended; that it never will, its pods may say first. */
export const jobState = (
  job: V1Job,
  pods: V1Pod[],
  { logs = [], now = 0, around = NOTHING_AROUND, lost = null, worked = false, noted = '', queued }: Beside = {},
): JobState => {
  const state = stateOf(job, pods, { logs, now, around, lost, worked, noted, queued })
  return { ...state, note: said(state.note, NOTE) }
}

const stateOf = (job: V1Job, pods: V1Pod[], known: Known): JobState => {
  const { now } = known
  if (condition(job, 'Complete') !== null) return { kind: 'succeeded', note: 'complete', failure: null }
  const ordered = newestFirst(pods)
  const failed = condition(job, 'Failed') ?? condition(job, 'FailureTarget')
  if (failed !== null) return { kind: 'failed', ...whyFailed(job, failed, { ...known, pods: ordered }) }
  const taken = ownPressure(ordered)
  if (taken !== null) return { kind: 'failed', note: taken.note, failure: taken.failure }
  const stuck = stuckOf(job, ordered, known)
  if (stuck !== null) return { kind: 'failed', ...stuck }
  const troubles = ordered.filter(isAtWork).map((pod) => troubleOf(pod, known))
  const trouble = troubles.find((one) => one !== null) ?? null
  return trouble !== null && trouble.endsAt !== null && trouble.endsAt <= now
    ? { kind: 'failed', note: trouble.note, failure: trouble.failure }
    : underWay(job, ordered, { ...known, trouble })
}

/**
 * A pod that its node does not end keeps its Job from making another, for ever. Who keeps a Job suspended waits as long as that takes.
 */
const stuckOf = (
  job: V1Job,
  pods: V1Pod[],
  { now, around: { nodes } }: Known,
): { failure: Failure; note: string } | null => {
  const works = pods.filter((pod) => isAtWork(pod) && !isLeaving(pod)).length
  if (job.spec?.suspend === true || works >= (job.spec?.parallelism ?? 1)) return null
  const note = pods.filter((pod) => isLost(pod, now)).map((pod) => overdueNote(pod, nodes, now))[0] ?? null
  if (note === null) return null
  return isLeaving(job)
    ? { failure: 'deleted', note: `somebody has deleted the Job, and ${note}` }
    : { failure: 'node-lost', note }
}

const underWay = (
  job: V1Job,
  pods: V1Pod[],
  { trouble, now, around, queued }: Known & { trouble: Trouble | null },
): JobState => {
  const pod = furthest(pods, job)
  const lost = pods.filter((other) => other !== pod && takenBy(other) !== null).length
  const after = lost === 0 ? '' : `; ${lost} earlier pod${lost === 1 ? ' was' : 's were'} lost to a disruption`
  // What one of a gang does costs as much as all of it.
  const running = pods.some((one) => isAtWork(one) && one.status?.phase === 'Running')
  return {
    kind: running ? 'running' : 'waiting',
    note: `${noteOf(job, pod, { now, around, pods, queued })}${after}${isLeaving(job) ? `; ${leavingNote(job)}` : ''}`,
    failure: null,
    ...(trouble === null ? {} : { endsAt: trouble.endsAt }),
    ...lookOf(job, pod, now),
  }
}

/** What keeps a pod from beginning tells of it elsewhere; of one that is not made each hour, since it is for a moment of all that are. */
const lookOf = (job: V1Job, pod: V1Pod | undefined, now: number): Pick<JobState, 'lookAt'> => {
  // Nobody tells of a Workload that is deactivated while its Job waits.
  if (pod === undefined) return isToMakePods(job) || isLent(job) ? { lookAt: nextHourOf(createdAt(job), now) } : {}
  const lookAt = isKeptOutside(pod) ? nextLook(createdAt(pod), now) : nextOfLeaving(pod, now)
  return lookAt === null ? {} : { lookAt }
}

/** Whether a pod is to be made of it, as far as the Job says. */
export const isToMakePods = (job: V1Job): boolean => job.spec?.suspend !== true && !makesNoPod(job) && !isLeaving(job)

const noteOf = (
  job: V1Job,
  pod: V1Pod | undefined,
  { pods, queued, ...seeing }: Seeing & { pods: readonly V1Pod[] } & Pick<Beside, 'queued'>,
): string => {
  const suspended = job.spec?.suspend === true && !isLeaving(job) ? [whySuspended(job, queued)] : []
  if (pod !== undefined) return [...suspended, rankedNote(job, pod, { ...seeing, pods })].join('; ')
  return suspended[0] ?? noPod(job, seeing.around)
}

/** Of a gang how many are at work, and what the one says that is furthest from it. */
const rankedNote = (job: V1Job, pod: V1Pod, { pods, ...seeing }: Seeing & { pods: readonly V1Pod[] }): string => {
  const note = podNote(job, pod, seeing)
  if (!isGang(job)) return note
  const running = pods.filter((one) => isAtWork(one) && !isLeaving(one) && one.status?.phase === 'Running').length
  const all = podsAtOnce(job)
  return running === all
    ? `all ${all} of its pods run`
    : `${running} of its ${all} pods run; ${rankText(job, pod)}: ${note}`
}

/** Kueue says nothing of why on the Job itself. Whoever lets it go changes its spec, which the server counts. */
const whySuspended = (job: V1Job, queued: OfKueue): string => {
  const { metadata } = job
  const rung = metadata?.annotations?.[SUSPENDED_BY]
  if (rung !== undefined)
    return `suspended by ${rung.replace(/^(.*)#(.*)$/, '$2 of $1')}: it goes on by itself afterwards`
  const queue = metadata?.labels?.[QUEUE_LABEL]
  const by = setterOf(job, 'suspend') ?? 'a queue or a person'
  if (queue === undefined) return `suspended by ${by}: it starts when that is lifted`
  if (queued != null && isDeactivated(queued)) return deactivatedText(queued)
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

const noPod = (job: V1Job, { events }: Around): string => {
  if (isLeaving(job)) return 'no pod of it is there'
  if (makesNoPod(job)) return `${noPodText(job)}: it goes on once that is 1`
  const told = lastTold(events, job.metadata?.uid, NO_PODS)
  return told === null ? `waiting for its pod to be made (${NOT_MADE})` : notMadeNote(told.message ?? '')
}

/** How Kubernetes tells that it may not make a pod (`pkg/controller/controller_utils.go` of 1.36). */
const NO_PODS: ReadonlySet<string> = new Set(['FailedCreate'])

/** The pod that was not made has another name each time. */
const notMadeNote = (message: string): string => {
  const why = said(message.replace(/^Error creating: /, '').replace(/^pods "[^"]*" is forbidden: /, ''), 200)
  return why.startsWith('exceeded quota: ')
    ? `its pod is not made: a quota of its namespace is used up (${why}): others must end, or it be raised`
    : `its pod is not made: ${why}`
}

const podNote = (job: V1Job, pod: V1Pod, seeing: Seeing): string => {
  const { now, around } = seeing
  const on = onNode(pod)
  const overdue = overdueNote(pod, around.nodes, now)
  if (overdue !== null) return overdue
  if (isLeaving(pod)) {
    const taken = takenBy(pod) ?? deletedOf(pod, job)
    return `its pod is stopping${on}${taken === null ? '' : `: ${taken.note}`}`
  }
  if (pod.status?.phase !== 'Running') return beginningNote(pod, on, seeing)
  const beside = besideTrouble(pod, seeing)
  return `running${on}${beside === null ? '' : `; ${beside.note}`}`
}

const beginningNote = (pod: V1Pod, on: string, seeing: Seeing): string => {
  const unscheduled = unscheduledNote(pod, seeing)
  if (unscheduled !== null) return unscheduled
  const notBegun = unbegun(pod, seeing.around, seeing.now)
  if (notBegun !== null) return notBegun.note
  const beside = besideTrouble(pod, seeing)
  if (beside !== null) return `starting${on}; ${beside.note}`
  const waiting = containersOf(pod).find(({ state }) => state?.waiting !== undefined)?.state?.waiting
  if (waiting?.reason === undefined || waiting.reason === 'ContainerCreating' || waiting.reason === 'PodInitializing')
    return startingNote(pod)
  return `not started${on}: ${waiting.reason}${inBrackets(waiting.message)}`
}

/** The deadline first: who runs into it is ended by it, whatever else became of its pods. */
const whyFailed = (
  job: V1Job,
  failed: V1JobCondition,
  { pods, logs, lost, ...seeing }: Known & { pods: V1Pod[] },
): { failure: Failure; note: string } => {
  if (failed.reason === 'DeadlineExceeded')
    return { failure: 'deadline-exceeded', note: deadlineNote(job, pods, seeing) }
  return whyDied(job, { failed, pods, logs, lost })
}

const deadlineNote = (job: V1Job, pods: V1Pod[], known: Seeing & Pick<Known, 'worked' | 'noted'>): string => {
  const seconds = job.spec?.activeDeadlineSeconds
  const late = `it ran into its deadline${seconds === undefined ? '' : ` of ${lengthOf(seconds)}`}${deadlineSetter(job)}`
  if (makesNoPod(job)) return `${late}: ${noPodText(job)}, and while that is so no pod of it runs`
  const [last] = pods
  if (last === undefined) return `${late}${neverBegun(job, known)}`
  const never = pods.every(({ status }) => status?.phase === 'Pending')
  // Its Job has it taken away by then, which is not what has kept it.
  const why = (): string => overdueNote(last, known.around.nodes, known.now) ?? beginningNote(last, onNode(last), known)
  return `${late}${never ? `, and never started: ${why()}` : ''}`
}

/** A Job takes its pods away at its deadline: what kept the last of them is known from before. */
const neverBegun = ({ status }: V1Job, { worked, noted }: Pick<Known, 'worked' | 'noted'>): string => {
  if (worked || (status?.failed ?? 0) > 0) return ''
  return noted === '' || noted.includes(NOT_MADE)
    ? `, and no pod of it was ever made: ${NOT_MADE.replace('if that lasts, ', '')}`
    : `, and never started: ${noted}`
}

const lengthOf = (seconds: number): string =>
  seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Number((seconds / 3600).toFixed(1))} h`

const condition = (job: V1Job, type: string): V1JobCondition | null =>
  job.status?.conditions?.find((found) => found.type === type && found.status === 'True') ?? null
