import { type LaneDocument, type Run, sameRun } from '../core/lane/document.ts'
import { soFar } from '../core/lane/so-far.ts'
import { runName, runOfName } from '../core/names.ts'
import type { Plan } from '../core/plan.ts'
import type { Outcome } from '../core/reasons.ts'
import { type PastRow, type PlanRow, pastId } from '../core/rows.ts'
import { everyLane } from './lanes.ts'
import type { Ledger, Stored } from './ledger-port.ts'
import { everyRow, readRow, valuesOf } from './rows.ts'

/** One run as people look it up, under way or past. */
export interface KnownRun {
  lane: string
  /** `<lane name>-g<generation>a<attempt>`; its plan's id too. */
  id: string
  /** null: none was made, or it is being made anew. */
  plan: Plan | null
  run: Run
  /** null while it is under way. */
  outcome: Outcome | null
  /** Dollars that it is reckoned to have cost, so far while it is under way. */
  cost: number
  /** Dollars that it may cost at most; null: it is over, or has begun nothing that costs. */
  atMost: number | null
  endedAt: number | null
}

/** A run of a list: its plan's title in place of the plan. */
export interface ListedRun extends Omit<KnownRun, 'plan'> {
  title: string | null
}

export const listed = ({ plan, ...run }: KnownRun): ListedRun => ({ ...run, title: plan?.title ?? null })

type Reads = Pick<Ledger, 'read'>

/** The run of a plan's id; null when there is none of that name. */
export const runOf = async (ledger: Reads, planId: string, now: number): Promise<KnownRun | null> => {
  const named = runOfName(planId)
  if (named === null) return null
  const lane = (await readRow(ledger, 'name', named.name))?.value.lane
  if (lane === undefined) return null
  const [doc, plan, past] = await ledger.read([
    { kind: 'lane', id: lane },
    { kind: 'plan', id: lane },
    { kind: 'past', id: pastId(lane, named) },
  ])
  if (past !== null) return ended(past.value)
  return doc !== null && sameRun(doc.value.run, named) ? underWay(doc.value, plan, now) : null
}

/** What a lane is at, or was at last: the run under way, else the one that its outcome is of; null when it had none. */
export const lastRun = async (ledger: Reads, doc: LaneDocument, now: number): Promise<KnownRun | null> => {
  if (doc.run !== null) return underWay(doc, await readRow(ledger, 'plan', doc.lane), now)
  if (doc.outcome === null) return null
  const past = await readRow(ledger, 'past', pastId(doc.lane, doc.outcome))
  return past === null ? null : ended(past.value)
}

/** Every run of every lane, under way and past, the newest first; of each lane at most so many, if told. */
export const everyRun = async (
  ledger: Pick<Ledger, 'read' | 'list' | 'lanes'>,
  now: number,
  atMost?: number,
): Promise<KnownRun[]> => {
  const docs = await everyLane(ledger)
  const runs = await Promise.all(
    docs.map(async (doc) => {
      const past = await pastOf(ledger, doc.lane, atMost)
      return doc.run === null ? past : [await lastRun(ledger, doc, now), ...past]
    }),
  )
  return runs
    .flat()
    .filter((run) => run !== null)
    .sort(newestFirst)
}

const newestFirst = ({ run: a }: KnownRun, { run: b }: KnownRun): number =>
  b.startedAt - a.startedAt || b.generation - a.generation || b.attempt - a.attempt

const pastOf = async (ledger: Pick<Ledger, 'list'>, lane: string, atMost?: number): Promise<KnownRun[]> => {
  const prefix = `${lane}#`
  const rows =
    atMost === undefined
      ? await everyRow(ledger, 'past', prefix)
      : await ledger.list('past', { prefix, limit: atMost, reverse: true })
  return valuesOf(rows).map(ended)
}

/** The plan counts only while the document names its digest. */
const underWay = (doc: LaneDocument, row: Stored<'plan'> | null, now: number): KnownRun | null => {
  const { lane, run } = doc
  if (run === null) return null
  const made: PlanRow['plan'] | undefined = row?.value.plan
  const plan = made !== undefined && made.digest === run.digest && sameRun(made, run) ? made : null
  const { cost, atMost } = soFar(doc, { plan, now }) ?? { cost: 0, atMost: null }
  return { lane, id: runName(doc, run), plan, run, outcome: null, cost, atMost, endedAt: null }
}

const ended = ({ lane, id, plan, run, outcome, cost, endedAt }: PastRow): KnownRun => ({
  lane,
  id,
  plan,
  run,
  outcome,
  cost,
  atMost: null,
  endedAt,
})
