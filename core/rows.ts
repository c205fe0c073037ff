import type { Desired } from './desired.ts'
import type { LaneDocument, Run } from './lane/document.ts'
import type { InLine } from './lane/hold.ts'
import type { GoOnLetter, LookLetter, OrderLetter } from './lane/letters.ts'
import type { Made } from './lane/made.ts'
import type { Months } from './money/months.ts'
import type { MoneyRows } from './money/rows.ts'
import type { Plan, Step } from './plan.ts'
import type { Since } from './policy/begun-by.ts'
import type { ContributionRow } from './pools/contribution.ts'
import type { Outcome } from './reasons.ts'
import type { Telling } from './telling.ts'

/**
 * The rows of the ledger. What is a lane's lies under the lane: its id is the lane, or the lane, `#` and what tells them
 * apart. Times are milliseconds since the epoch.
 */
export interface Rows extends MoneyRows {
  /** Id: the lane. Only reconcile writes it. */
  lane: LaneDocument
  /** The plan of the run under way. Id: the lane. */
  plan: PlanRow
  /** Runs that have ended, written once at closing. Id: `pastId`. */
  past: PastRow
  /** What a finished step made. Id: `resultId`. */
  result: ResultRow
  /** Letters of events and of other lanes. Id: the lane, `#`, the letter's id. */
  look: LookLetter | GoOnLetter
  /** Letters of people. Id: the lane, `#`, the letter's id. */
  order: OrderLetter
  /** Plans of shadow rules. Id: the lane, `#`, a number that grows with time. */
  shadow: ShadowRow
  /** What must still be told. Id: the lane, `#`, a number that grows. */
  out: OutRow
  /** GPUs of a pool or dollars of a budget that are held for a lane. Id: the room, `#`, the lane. */
  hold: HoldRow
  /** Who waits for room. Id: `lineId`. */
  line: LineRow
  /** What goes on top of a pool's ceiling for a while. Only the pool's own lane writes it. Id: the room, `#`, `contributionId`'s end. */
  contribution: ContributionRow
  /** A guarded counter: only `add` changes it. Id: what is counted. */
  sum: SumRow
  /** The lane of a name: plans are named after it. Id: the lane's name. */
  name: NameRow
  /** A freeze. Id: the lane, or `*`. */
  freeze: FreezeRow
  /** A far side that does not answer. Id: its port. */
  side: SideRow
  /** Where a card stands. Id: channel and key. */
  card: CardRow
  /** Who is in a user group. Id: `TEAM/GROUP`. */
  group: GroupRow
  /** How far a listing has come. Id: the dataset. */
  listing: ListingRow
  /** Who this ledger is. Id: `SELF`. */
  identity: IdentityRow
}
export type RowKind = keyof Rows

export interface PlanRow {
  plan: Plan
  /** The steps that lead back, once the run goes back. */
  back: Step[]
}

/** A run that has ended, with its plan if one was made. */
export interface PastRow {
  /** The run's name. */
  id: string
  lane: string
  run: Run
  plan: Plan | null
  outcome: Outcome
  endedAt: number
  /** Dollars that it is reckoned to have cost. */
  cost: number
  /** Those by the months in UTC in which they were spent; left out: all in that of its end, or an earlier release booked it so. */
  months?: Months
}

/** Ids of a lane's past runs grow with generation and attempt. */
export const pastId = (lane: string, run: { generation: number; attempt: number }): string =>
  `${lane}#${inOrderOfTime(run)}`

/** A run's step has one result, in a row of its own. */
export const resultOf = (run: { generation: number; attempt: number }, step: string): string =>
  `${inOrderOfTime(run)}.${step}`
export const resultId = (lane: string, result: string): string => `${lane}#${result}`

/** The run that a result is of. */
export const runOfResult = (result: string): { generation: number; attempt: number } => {
  const [generation, attempt] = result.split('.').map(Number)
  return { generation: generation ?? 0, attempt: attempt ?? 0 }
}

const inOrderOfTime = ({ generation, attempt }: { generation: number; attempt: number }): string =>
  `${String(generation).padStart(6, '0')}.${String(attempt).padStart(4, '0')}`

/** What one finished step measured and made, by pinned location. */
export interface ResultRow {
  /** Its id below the lane: `resultOf`. */
  row: string
  step: string
  key: string
  /** Numbers and URIs that later steps read. */
  values: Record<string, string | number>
  /** The object that made it; null for a step without one. */
  made: Made | null
  /** Of the result file as it was read: another one there is another result. */
  etag: string | null
  /** Left out by earlier releases, which read files alone. */
  by?: 'file' | 'message'
  /** What each artifact was when the result was read, by its name; what is not among these was not there. Left out by earlier releases. */
  pins?: Record<string, string>
  generation: number
  attempt: number
  at: number
}

/** What would have happened: a plan that was never carried out. */
export interface ShadowRow {
  lane: string
  desired: Desired
  at: number
  plan: Plan | null
  /** Why there would have been no plan. */
  refused: string | null
}

/** Something to tell, delivered at least once, in its own group; it never decides anything. */
export interface OutRow {
  lane: string
  at: number
  telling: Telling
  /** Tries so far. */
  tries: number
  /** The far side's own words, once it will never take it. */
  refused: string | null
  /** When it is tried again; null: at once. */
  again: number | null
}

export interface HoldRow {
  lane: string
  /** GPUs, or cents. */
  amount: number
  /** What of it stays once its run is over; left out: all of it, or an earlier release wrote it. */
  lasts?: number
  /** The place in the line that it was granted to: its run has not taken it up yet. */
  place?: string
}

/** A run that waits for room: one row in the line of each of its rooms. */
export interface LineRow extends InLine {
  lane: string
}

export const lineId = (room: string, place: string): string => `${room}#${place}`

export interface SumRow {
  n: number
}

export interface NameRow {
  lane: string
}

/** A freeze of one lane, or of all (`*`). */
export interface FreezeRow {
  lane: string
  by: string
  at: number
  until: number
}

/** A far side that could not be asked: one lane looks whether it answers again, the others wait for it. */
export interface SideRow {
  side: string
  since: number
  /** Its own words, or those of the transport. */
  said: string
  /** Whether it refuses us, in place of not answering. */
  refuses: boolean
  /** The lane that asks next, and until when that is its own to do. */
  probe: string
  until: number
}

/** Where a card stands, by channel and key: written before it is posted, so that whoever dies in between is noticed. */
export interface CardRow {
  channel: string
  key: string
  /** The message; null while it is being posted. */
  ts: string | null
  at: number
}

/** Who is in a user group of the chat, as it was read there. */
export interface GroupRow {
  /** `TEAM/GROUP`. */
  group: string
  /** `TEAM/USER`. */
  members: string[]
  at: number
}

/** Who a ledger is: minted once, and carried by everything that is made in its name (law 3). */
export interface IdentityRow {
  /** 12 hex digits. */
  ledger: string
  /** 24 hex digits that are on no object and in no answer: what is made under it is known again as ours, after a restore too. A row of an earlier release gets one when it is read next. */
  secret?: string
  at: number
  /** Fences are counted from here: above the greatest that was seen when namespaces were adopted. */
  fenceFrom: number
  /** And generations of every lane from here: no name is minted twice. Left out: from 0. */
  generationFrom?: number
  /** What the policy calls that by which our objects are found, by the path of each key. Left out: an earlier release wrote it. */
  names?: Record<string, string>
  /** Names in the policy, by the path of each, that are later ones of a lane: the name that it had first. */
  called?: Record<string, string>
  /** What the policy called the budget first: sums and holds are under that name. Left out: an earlier release wrote it. */
  budget?: string
  /** Since when it says by which times and versions pipelines begin. Left out: an earlier release wrote it. */
  since?: Since
}
export const SELF = 'self'

/** How far the listing of a dataset's prefix has come that was too long for one time, and the newest manifests so far. */
export interface ListingRow {
  after: string | null
  newest: { key: string; lastModified: number; etag: string }[]
}

/** One entry of the timeline: written in the same commit as what it tells. */
export interface Moment {
  /** Increases with time within a lane. */
  id: string
  at: number
  /** Lane, or `-` for what concerns none (a refused input). */
  lane: string
  generation: number | null
  attempt: number | null
  kind: 'event' | 'decision' | 'facts' | 'plan' | 'answer' | 'hold' | 'step' | 'outcome' | 'note'
  /** A sentence for a person, at most 2,000 characters. */
  text: string
  data?: Record<string, unknown>
}
