import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { digestOf } from '../digest.ts'
import type { KubeObject } from '../kube.ts'
import type { Stepped } from '../lane/stepping.ts'
import { hasToken, label, TOKEN_ANNOTATION, tokenOf } from '../names.ts'
import type { LaunchJobStep } from '../plan.ts'
import { type Around, NOTHING_AROUND } from '../pods/around.ts'
import { lostIn } from '../pods/died.ts'
import { rankOf, tornGang } from '../pods/gang.ts'
import { makesNoPod } from '../pods/held-by-hand.ts'
import { type JobState, jobState } from '../pods/job-state.ts'
import { withLastLines } from '../pods/logs.ts'
import { type OfKueue, suspensionSeen } from '../pods/suspended.ts'
import type { Died, Lost } from '../pods/taken.ts'
import { unreadyOf } from '../pods/unready.ts'
import type { PoolPolicy } from '../policy.ts'
import { DIGEST_ANNOTATION } from '../workloads/object-digest.ts'
import { runsTheSame, withTermsOf } from '../workloads/work-digest.ts'
import { asItDied, judgeResult, type SeenResult } from './job-result.ts'
import { type KnownBefore, timeOf, withGrace, workedOf, workedOfGone } from './job-times.ts'
import { nodeWaitOf, noNodeNote } from './no-node.ts'

/** What a look at a Job saw. `job` is null when it, or the one with our uid, is gone. */
export interface SeenJob {
  name: string
  job: V1Job | null
  pods: V1Pod[]
  logs: string[]
  /** Kueue's, of a Job that it lends to; left out: nobody has looked. */
  workload?: OfKueue
  /** The same of one that waits in its queue, which is said alone; left out: nobody has looked. */
  queued?: OfKueue
  /** Its result; null when there is none, or nobody has looked. */
  result: SeenResult | null
  now: number
  /** Until then nothing is concluded from its absence (law 2); null, or left out: an absence is a fact. */
  freshUntil?: number | null
  /** What was known of it before; left out: nothing. */
  before?: KnownBefore
  /** What was known before of the end of a pod that is gone by now; null, or left out: nothing. */
  lost?: Lost | null | undefined
  /** How it was seen to have failed while its pods were there; left out: nobody has. */
  died?: Died | undefined
  /** What stands around its pods; left out: nobody has looked. */
  around?: Around | undefined
  /** Milliseconds that its pod may wait for a node; left out: as long as Kubernetes lets it. */
  nodeWithin?: number
  /** What a node of its pool costs; null, or left out: nobody says. */
  price?: PoolPolicy['price']
}

/** The Job as it is made by the ledger that has this secret. */
export const withToken = (job: KubeObject<'Job'>, secret: string): KubeObject<'Job'> => {
  const annotations = { ...job.metadata.annotations, [TOKEN_ANNOTATION]: tokenOf(secret, job.metadata) }
  return { ...job, metadata: { ...job.metadata, annotations } }
}

/** Whether the object that has our name is what we have made: then a repeated create has succeeded. */
export const isOurs = (found: KubeObject, wanted: KubeObject, secret: string): boolean =>
  hasToken(found, secret) &&
  found.metadata.annotations?.[DIGEST_ANNOTATION] === wanted.metadata.annotations?.[DIGEST_ANNOTATION] &&
  ['installation', 'ledger', 'lane'].every(
    (name) => found.metadata.labels?.[label(name)] === wanted.metadata.labels?.[label(name)],
  )

/** Whether the object that has our name was made by the ledger that would make this one, for something else. */
export const isOurOther = (found: KubeObject<'Job'>, wanted: KubeObject<'Job'>): boolean => {
  const of = ({ metadata: { annotations = {} } }: KubeObject, key: string): string => annotations[key] ?? ''
  const token = of(wanted, TOKEN_ANNOTATION)
  if (token === '' || of(found, TOKEN_ANNOTATION) !== token) return false
  return of(found, DIGEST_ANNOTATION) !== of(wanted, DIGEST_ANNOTATION) || !isToldTheSame(found, wanted)
}

/**
 * Whether a Job, of this name or another, is what this one would be: it does the same, and is told of the same results, however long it
 * may take: its annotations say so, and its content. One that was not let in yet waits by what it says of its turn: that must be the same then too.
 */
export const isSameWork = (found: KubeObject<'Job'>, wanted: KubeObject<'Job'>, secret: string): boolean =>
  isToldTheSame(found, wanted) &&
  runsTheSame(found, wanted) &&
  (isOurs(found, wanted, secret) || (found.spec?.suspend !== true && isOurs(found, withTermsOf(wanted, found), secret)))

const isToldTheSame = (found: KubeObject<'Job'>, wanted: KubeObject<'Job'>): boolean =>
  digestOf(toldOf(found)) === digestOf(toldOf(wanted))

/** Clocks differ: by so much less than this that what was made so long before a step was marked was not made for it. Milliseconds. */
export const CLOCKS = 5 * 60_000

const toldOf = ({ spec }: KubeObject<'Job'>): Record<string, string> => {
  const { labels = {}, annotations = {} } = spec?.template.metadata ?? {}
  const told = Object.entries({ ...labels, ...annotations }).filter(([key]) => key.startsWith(label('input-')))
  return Object.fromEntries(told)
}

/** A Job has ended when it is complete and its result is valid; a Job that is gone counts by its result alone (law 4). */
export const nextLaunchJob = (step: LaunchJobStep, seen: SeenJob): Stepped => asItDied(judged(step, seen), seen)

const judged = (step: LaunchJobStep, seen: SeenJob): Stepped => {
  if (seen.job === null) return nextOfGone(step, seen)
  const { logs, now, around } = seen
  const lost = lostIn(seen.job, seen.pods, seen.lost ?? null)
  const { ranFrom = null, ranTo = null, noted = '' } = seen.before ?? {}
  const known = { logs, now, lost, worked: ranFrom !== null || ranTo !== null, noted, queued: seen.queued }
  const state = jobState(seen.job, seen.pods, { ...known, ...(around === undefined ? {} : { around }) })
  const worked = withGrace(step, seen, workedOf(seen.job, seen.pods, seen.before?.ranFrom))
  if (endsByDeletion(seen.job)) {
    // Its pods are still ending: what they write until then counts.
    if (!hasEnded(seen.job))
      return { kind: 'wait', note: state.note, until: lookAgainAt(step, seen.job, seen.now), running: true, ...worked }
    return { ...(doneByResult(step, seen) ?? deleted(seen)), ...worked }
  }
  if (state.failure !== null)
    return { kind: 'failed', reason: state.failure, note: withLastLines(state.note, seen.logs), ...worked }
  if (state.kind !== 'succeeded') return underWay(step, seen, { state, job: seen.job, worked, lost })
  return { ...judgeResult(step, { ...seen, lost }), ...worked }
}

/** What a look has made of a Job that goes on. */
interface Looked {
  state: JobState
  job: V1Job
  worked: ReturnType<typeof workedOf>
  lost: Lost | null
}

/** What waits for a node does so for its time, whatever of its hours is left; a part of a gang that has its nodes waits for the rest of it. */
const underWay = (step: LaunchJobStep, seen: SeenJob, { state, job, worked, lost }: Looked): Stepped => {
  const { pods, before, now, price = null, around = NOTHING_AROUND, workload } = seen
  const torn = tornGang(job, pods, workload)
  if (torn !== null) return { kind: 'failed', reason: 'preempted', note: torn, ...worked }
  const workedUntil = before?.ranFrom == null ? (before?.ranTo ?? null) : worked.ranUntil
  const { since, ...wait } = nodeWaitOf(step.pool === null ? null : seen.nodeWithin, { job, pods, workedUntil })
  if (wait.until <= now) {
    const stays = step.pool === null ? [] : unreadyOf(step.pool, around, now)
    return {
      kind: 'failed',
      reason: 'no-node',
      note: noNodeNote({ ...wait, note: state.note, stays, price }),
      ...worked,
    }
  }
  return {
    kind: 'wait',
    note: state.note,
    until: Math.min(
      state.endsAt ?? NEVER,
      state.lookAt ?? NEVER,
      wait.until,
      // The policy may give it another time meanwhile.
      since === null ? lookAgainAt(step, job, now) : nextHour(now),
    ),
    running: state.kind === 'running',
    // Of a gang the first, which alone uploads.
    pod: pods.filter(({ status }) => status?.phase === 'Running').toSorted((a, b) => rankOf(a) - rankOf(b))[0]?.metadata
      ?.name,
    lost,
    ...suspensionSeen(job, workload),
    ...worked,
  }
}

const NEVER = Number.POSITIVE_INFINITY

const nextOfGone = (step: LaunchJobStep, seen: SeenJob): Stepped => {
  const { freshUntil = null, before, now, pods, result } = seen
  const valid = doneByResult(step, seen)
  if (valid === null && freshUntil !== null)
    return { kind: 'wait', note: `Job ${seen.name} is not seen yet`, until: freshUntil, running: false }
  const writtenAt = valid === null ? undefined : (result?.writtenAt ?? null)
  return { ...(valid ?? deleted(seen)), ...workedOfGone(step, { before, now, pods, writtenAt }) }
}

const deleted = ({ name }: SeenJob): Stepped => ({
  kind: 'failed',
  reason: 'deleted',
  note: `Job ${name} was deleted before it had a result`,
})

const doneByResult = (step: LaunchJobStep, seen: SeenJob): Stepped | null => {
  const valid = judgeResult(step, seen)
  return valid.kind === 'done' ? valid : null
}

/**
 * Whether its end came of its deletion: who deletes a Job in the foreground ends its pods first, and that looks as if its program
 * had failed, or given up with 0. What had ended before it was deleted keeps its own end.
 */
const endsByDeletion = ({ metadata, status }: V1Job): boolean => {
  const [at, ends] = [
    timeOf(metadata?.deletionTimestamp),
    new Set(['FailureTarget', 'Failed', 'SuccessCriteriaMet', 'Complete']),
  ]
  if (at === null) return false
  const times = (status?.conditions ?? [])
    .filter(({ type, status: is }) => ends.has(type) && is === 'True')
    .map(({ lastTransitionTime }) => timeOf(lastTransitionTime))
    .filter((time) => time !== null)
  return times.length > 0 && Math.min(...times) >= at
}

/** Whether what has become of a Job that is over hangs on its result: then nothing is concluded where that cannot be read. */
export const hangsOnResult = (job: V1Job | null): boolean =>
  job === null || hasCondition(job, 'Complete') || endsByDeletion(job)

/** Kubernetes ends a Job at its deadline; its pods may take their grace. Milliseconds. */
const GRACE = 10 * 60_000
const HOUR = 3_600_000

/**
 * When Kubernetes ends it, at the latest. That clock stands while it is suspended, and begins anew when it is resumed: then, where it makes
 * no pod and its deadline is put off, and where it should have ended, the next full hour, so that a look costs nothing.
 */
const lookAgainAt = ({ job }: LaunchJobStep, { spec, status }: V1Job, now: number): number => {
  const seconds = spec?.activeDeadlineSeconds ?? job.spec?.activeDeadlineSeconds
  const started = timeOf(status?.startTime)
  const deadline = started === null || seconds === undefined ? 0 : started + seconds * 1000 + GRACE
  return deadline > now && spec?.suspend !== true && !makesNoPod({ spec }) ? deadline : nextHour(now)
}

const nextHour = (now: number): number => (Math.floor(now / HOUR) + 1) * HOUR

/** Whether a Job has ended, well or badly. */
export const hasEnded = (job: Pick<V1Job, 'status'>): boolean => hasCondition(job, 'Complete', 'Failed')

/** Whether a Job has ended badly, or it is decided that it will. */
export const hasFailed = (job: Pick<V1Job, 'status'>): boolean => hasCondition(job, 'Failed', 'FailureTarget')

/** Whether it is decided that a Job has failed, which ends once its pods are gone. */
export const isEnding = (job: Pick<V1Job, 'status'>): boolean => hasCondition(job, 'FailureTarget')

const hasCondition = ({ status }: Pick<V1Job, 'status'>, ...types: string[]): boolean =>
  status?.conditions?.some((condition) => condition.status === 'True' && types.includes(condition.type)) ?? false
