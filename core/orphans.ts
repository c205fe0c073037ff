import { isLeaving, type KubeObject } from './kube.ts'
import { type LaneDocument, sameRun } from './lane/document.ts'
import { newerIn } from './lane/newer.ts'
import { hasToken, label, runOfJob, runOnceName } from './names.ts'
import type { PastRow } from './rows.ts'
import { hasEnded } from './steps/launch-job.ts'

/** After the end of a run nobody can still be at a step of it: longer than T anywhere. Milliseconds. */
export const SURELY_OVER = 5 * 60_000

/** What is known beside the object itself. */
export interface Known {
  /** The ledger's id. */
  ledger: string
  /** And its secret; null: it has none yet, and has made nothing under one. */
  secret: string | null
  /** Of runs of this generation and below it may have forgotten some. */
  generationFrom: number
  installation: string
  /** The lane of its name; null: this ledger has none. */
  doc: LaneDocument | null
  /** The run of its name, once that is over. */
  past: PastRow | null
  now: number
}

/**
 * `orphan`: ours to delete. `stranger`: it looks like ours and nothing says so. `forgotten`: this ledger made it and does not know of
 * it, since it was restored. Both are shown, and never touched.
 */
export type Verdict =
  | { kind: 'fine' }
  | { kind: 'orphan'; lane: string; why: string }
  | { kind: 'stranger' | 'forgotten'; why: string }

const FINE: Verdict = { kind: 'fine' }

/**
 * What a Job in a namespace of ours is. It is an orphan only if this ledger wrote down that it made it, or its token is one that
 * only this ledger can have put there (a POST whose answer nobody has written down); its run is over; no run has adopted it; and T has
 * passed since. Labels decide nothing but whether a person hears of it (law 3).
 */
export const judgeJob = (job: KubeObject<'Job'>, known: Known): Verdict => {
  const { doc } = known
  // What a newer release has made for its run is none of ours to judge.
  if (doc !== null && newerIn(doc) !== null) return FINE
  if (hasEnded(job) || isLeaving(job)) return FINE
  return isForgotten(job, known) ? { kind: 'forgotten', why: FORGOTTEN } : judgeRemembered(job, known)
}

const judgeRemembered = (job: KubeObject<'Job'>, known: Known): Verdict => {
  const { doc } = known
  const run = runOfJob(job.metadata.name)
  if (doc === null || run === null) return looksOurs(job, known) ? stranger(NO_LANE) : FINE
  if (sameRun(doc.run, run) || isAdopted(doc, job)) return FINE
  if (isBeyond(doc, run)) return stranger(BEYOND)
  if (!isWrittenDown(known, job) && !isOnlyOurs(job, known)) return stranger(UNPROVEN)
  if (known.now - overSince(doc, known) <= SURELY_OVER) return FINE
  return { kind: 'orphan', lane: doc.lane, why: `its run g${run.generation}a${run.attempt} is over` }
}

/** A Deployment stands until a plan takes it away: of one that looks like ours and has no lane a person hears. */
export const judgeDeployment = (deployment: KubeObject<'Deployment'>, known: Known): Verdict =>
  known.doc === null && (deployment.spec?.replicas ?? 1) > 0 && looksOurs(deployment, known) ? stranger(NO_LANE) : FINE

const NO_LANE = 'it carries our labels, and no lane of this ledger has its name'
const BEYOND = 'it is named after a run that this ledger does not know: somebody else made it'
const FORGOTTEN = 'this ledger made it, and does not know of it any more: it was restored from an older copy'
const UNPROVEN = 'it is named like ours, and nothing that is written down says that we made it'

const stranger = (why: string): Verdict => ({ kind: 'stranger', why })

const looksOurs = ({ metadata: { labels = {} } }: KubeObject, { ledger, installation }: Known): boolean =>
  labels[label('ledger')] === ledger || labels[label('installation')] === installation

type RunOfName = NonNullable<ReturnType<typeof runOfJob>>

/** Whether a run is later than all that the lane's document knows. */
const isBeyond = (doc: LaneDocument, { generation, attempt }: RunOfName): boolean =>
  generation > doc.generation || (generation === doc.generation && attempt > doc.attempt)

const madeIn = (steps: PastRow['run']['steps'], { metadata }: KubeObject): boolean =>
  steps.some(({ made }) => made !== null && made.uid === metadata.uid)

const isAdopted = ({ run }: LaneDocument, job: KubeObject): boolean => run !== null && madeIn(run.steps, job)

const isWrittenDown = ({ past }: Known, job: KubeObject): boolean => past !== null && madeIn(past.run.steps, job)

/**
 * Whether this ledger made a Job and does not remember it: its token is under the ledger's secret, and its run is later than all that
 * the lane's document knows, or has never begun that step, or was before namespaces were adopted and is on no record.
 */
export const isForgotten = (
  job: KubeObject<'Job'>,
  { secret, doc, past, generationFrom }: Pick<Known, 'secret' | 'doc' | 'past' | 'generationFrom'>,
): boolean => {
  const run = runOfJob(job.metadata.name)
  if (run === null || secret === null || !hasToken(job, secret)) return false
  if (doc === null || isBeyond(doc, run)) return true
  const isNow = sameRun(doc.run, run)
  const marks = (isNow ? doc.run : past?.run)?.steps ?? []
  if (marks.some(({ by, name }) => by === null && runOnceName(doc, run, name) === job.metadata.name)) return true
  return !isNow && !isAdopted(doc, job) && past === null && run.generation <= generationFrom
}

/** Made by a POST whose answer nobody wrote down. Where one is written down, one of that name with another uid is a copy that somebody made. */
const isOnlyOurs = (job: KubeObject, { secret, past }: Known): boolean =>
  secret !== null && hasToken(job, secret) && !(past?.run.steps.some((step) => isNamed(step, job)) ?? false)

const isNamed = ({ made }: PastRow['run']['steps'][number], { metadata }: KubeObject): boolean =>
  made !== null && made.ref.name === metadata.name

/** Where no run is on record, what the lane wanted next ended it. */
const overSince = (doc: LaneDocument, { past }: Known): number => past?.endedAt ?? doc.outcome?.at ?? doc.since
