import type { Amount, BudgetCrossed } from '../../events/contract.ts'
import { sha256Hex } from '../digest.ts'

/** What our meter has seen in the days that a notice counts. */
export interface OwnFigure {
  dollars: number
  /** From when on it is known; null: nobody has looked. */
  since: number | null
  /** Hours of nodes without a price, which are in no sum. */
  unpricedHours: number
}

/** What somebody else has told of a budget, and what it was weighed against. */
export interface Heard extends Omit<BudgetCrossed, 'type' | 'id' | 'replayed' | 'key'> {
  /** Our own figure of the same days; null: there is none beside it. */
  own: OwnFigure | null
  /** Whether it can be so at all; null: what it says cannot be compared. */
  plausible: boolean | null
}

/** What one of those who count a budget has told of it. */
export interface NoticeRow {
  /** The budget’s lane; `-`: the policy names it nowhere. */
  lane: string
  last: Heard
  /** What was told by the key of each notice, the oldest first: dollars, or whatever it counts; null: no amount. */
  told: Record<string, number | null>
}

/** Keys that a row remembers: a month of daily notices. */
const REMEMBERED = 40

/** Of which there may be many: one for each that counts. */
export const noticeId = (lane: string, { of, name }: Pick<BudgetCrossed, 'of' | 'name'>): string =>
  `${lane}#${of}#${sha256Hex(name).slice(0, 16)}`

/** What is more than so many times all that is known of is a mistake: AWS once told budgets of hundreds of billions, for a day. */
export const MISTAKEN = 10
export const USD = 'USD'

/** Whether an amount can be so: beside what our meter saw, what the budget has there, and here. Null: it says no dollars. */
export const isPlausible = (
  { amount, budgeted }: Pick<BudgetCrossed, 'amount' | 'budgeted'>,
  { own, dollars }: { own: OwnFigure | null; dollars: number },
): boolean | null => {
  if (amount === null || amount.unit !== USD) return null
  const most = Math.max(own?.dollars ?? 0, budgeted?.unit === USD ? budgeted.value : 0, dollars)
  return amount.value >= 0 && amount.value <= MISTAKEN * most
}

/** What a notice adds to what is known of its name; `tells`: it is news to people. */
export interface Folded {
  row: NoticeRow
  /** The notice itself, which may be an older one. */
  heard: Heard
  tells: boolean
}

/**
 * A notice beside those of its name that were heard before: the same again says nothing, in whatever order (null); one that has grown is
 * news once it is twice what was told, and what is shown until then.
 */
export const foldNotice = (
  before: NoticeRow | null,
  event: BudgetCrossed,
  { lane, own, plausible }: { lane: string; own: OwnFigure | null; plausible: boolean | null },
): Folded | null => {
  const { type: _type, id: _id, replayed: _replayed, key, ...said } = event
  const heard: Heard = { ...said, own, plausible }
  const told = before?.told ?? {}
  const amount = event.amount?.value ?? null
  const known = Object.hasOwn(told, key) ? told[key] : undefined
  const newest = before === null || event.at >= before.last.at ? heard : before.last
  if (known === undefined)
    return { row: { lane, last: newest, told: remembered({ ...told, [key]: amount }) }, heard, tells: true }
  if (known === null || amount === null || amount <= known || newest !== heard) return null
  const tells = amount >= 2 * known
  if (!tells && sameAmount(before?.last.amount ?? null, event.amount)) return null
  return { row: { lane, last: heard, told: tells ? { ...told, [key]: amount } : told }, heard, tells }
}

const sameAmount = (a: Amount | null, b: Amount | null): boolean => a?.value === b?.value && a?.unit === b?.unit

const remembered = (told: NoticeRow['told']): NoticeRow['told'] =>
  Object.fromEntries(Object.entries(told).slice(-REMEMBERED))
