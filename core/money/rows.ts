import type { InstanceRow } from './instance.ts'
import type { KnownPool } from './known-pools.ts'
import type { BookedRow, Cell } from './lines.ts'
import type { NoticeRow } from './notices.ts'
import type { RungRow } from './rungs.ts'

/** The meter's rows of the ledger. */
export interface MoneyRows {
  /** What was seen of a node's instance, until all its days are closed. Id: the instance's. */
  instance: InstanceRow
  /** What an instance cost in a day. Id: `bookedId`. */
  booked: BookedRow
  /** What a day has cost, by pool and payer. Id: the day. */
  day: DayRow
  /** A rung of a budget's ladder that is crossed. Id: `rungId`. */
  rung: RungRow
  /** How far the meter has come. Id: `SELF`. */
  meter: MeterRow
  /** What somebody else told last of a budget. Id: `noticeId`. */
  notice: NoticeRow
}

/** How far the meter has come. */
export interface MeterRow {
  /** The last look that was answered whole. */
  at: number
  /** From when on what was spent is known. */
  since: number
  /** The last of them that saw others' pods, too. */
  others: number | null
  /** What an hour costs as it stood then, as cells of an hour. */
  rates: Cell[]
  /** What the policy says, or last said, of pools. Left out: an earlier release wrote it. */
  pools?: Readonly<Record<string, KnownPool>>
}

/** What a day (UTC) has cost, by pool and payer: derived from the instances that were there, and put anew with each look until it is over. */
export interface DayRow {
  day: string
  cells: Cell[]
}
