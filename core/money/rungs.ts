import { type Measure, type Rung, rungName } from '../policy/rung.ts'
import { cents } from './prices.ts'

/**
 * A rung that the month's spend has crossed: a fact that planning and reconciling read. Only the lane of its budget writes it. From `until`
 * on, when the month turns, it is as if it were not there.
 */
export interface RungRow {
  /** The lane of its budget. */
  lane: string
  /** `rungName`. */
  name: string
  /** The share from which on, as it was when it was crossed. */
  at: number
  /** When it was seen to be crossed, and when its month is over. */
  since: number
  until: number
  /** Dollars that were spent by then, and of how many. */
  spent: number
  dollars: number
  /** Dollars an hour that it was reckoned to save at most; 0: nothing by itself. */
  saves: number
  /** Who has lifted it, and when: it is kept to no more until its month is over, unless its share is changed or it is written anew. */
  lifted?: { by: string; at: number }
  /** Of `cap-pools`: GPUs that each pool goes no higher than. */
  caps?: Readonly<Record<string, number>>
}

export const rungId = ({ lane, name }: Pick<RungRow, 'lane' | 'name'>): string => `${lane}#${name}`

/** What nodes have cost, as the lane of a budget reads it. */
export interface Metered {
  /** The month that it is of, `2026-11` (UTC). */
  month: string
  /** Dollars this month; null: nobody has looked yet. */
  spent: number | null
  /** Dollars an hour now. */
  perHour: number
  /** What the month comes to if it goes on so; null: nobody knows yet. */
  forecast: number | null
  /** Dollars that a measure saves at most an hour, as it is now. */
  saves: Readonly<Record<Measure, number>>
  /** Dollars an hour of replicas above the floors of services; left out: none. */
  aboveFloors?: number
  /** GPUs of nodes that each pool has, or that are held of it, whichever is more. */
  caps: Readonly<Record<string, number>>
}

/** What a budget's lane knows of the money. Times are milliseconds since the epoch. */
export interface Counted {
  /** The lane of the budget. */
  lane: string
  /** Dollars that nodes have cost this month, as the meter has seen them; null: nobody has looked yet. */
  spent: number | null
  /** Dollars that there are for the month, and the ladder. */
  dollars: number
  ladder: readonly Rung[]
  now: number
  /** When the month is over. */
  until: number
  /** Dollars an hour that a measure saves at most, as it is now. */
  saves: Readonly<Record<Measure, number>>
  /** Dollars an hour of replicas above the floors of services; left out: none. */
  aboveFloors?: number
  /** GPUs that each pool is capped at by a rung that caps, if it is crossed now. */
  caps: Readonly<Record<string, number>>
}

/** To the cent: what is shown as reached is crossed. */
const isCrossed = ({ at }: Rung, { spent, dollars }: Pick<Counted, 'spent' | 'dollars'>): boolean =>
  spent !== null && cents(spent) >= cents(at * dollars)

/**
 * Whether a row stays: what was told is so until its month is over, and what was lifted while its share is as it was then; anything else holds
 * while it is crossed. What nobody has looked at ends nothing.
 */
const stays = ({ name, at, until, lifted }: RungRow, counted: Counted): boolean => {
  const rung = counted.ladder.find((one) => rungName(one) === name)
  if (rung === undefined || counted.now >= until) return false
  if (lifted !== undefined) return rung.at === at
  return rung.do === 'notify' || counted.spent === null || isCrossed(rung, counted)
}

/** A row to be written, or to be forgotten. */
export interface RungChange {
  row: RungRow
  gone: boolean
}

/**
 * What has to be written or forgotten so that rows say what the money says. Nothing is undone step by step: a rung is there exactly while it
 * is crossed, and the same again comes to nothing.
 */
export const rungsDue = (rows: readonly RungRow[], counted: Counted): RungChange[] => {
  const { lane, ladder, spent, dollars, now, until, saves, aboveFloors = 0, caps } = counted
  const there = new Set(rows.flatMap((row) => (stays(row, counted) ? [row.name] : [])))
  const fresh = ladder
    .filter((rung) => isCrossed(rung, counted) && !there.has(rungName(rung)))
    .map((rung): RungRow => {
      const at = { lane, name: rungName(rung), at: rung.at, since: now, until }
      const capped = rung.do === 'cap-pools' ? { caps } : {}
      const saved = saves[rung.do] + (rung.serving === 'floor' ? aboveFloors : 0)
      return { ...at, spent: cents(spent ?? 0), dollars, saves: cents(saved), ...capped }
    })
  const written = new Set(fresh.map(({ name }) => name))
  const gone = rows.filter(({ name }) => !there.has(name) && !written.has(name))
  return [...gone.map((row) => ({ row, gone: true })), ...fresh.map((row) => ({ row, gone: false }))]
}

/** What of a budget says which of its rungs are kept to. */
interface Kept {
  budget: { ladder?: readonly Rung[] | undefined; mode?: 'act' | 'shadow' | undefined }
}

/** Ids of the rows that the policy's ladder may have, whose lane this is. */
export const rungNames = ({ budget: { ladder = [] } }: Kept): string[] => ladder.map(rungName)

/** Rungs that everybody keeps to now: of the policy in force, and of a month that is not over, whoever is awake to forget them. */
export const rungsInForce = (policy: Kept, rows: readonly RungRow[], now: number): RungRow[] => {
  if (policy.budget.mode === 'shadow') return []
  const names = rungNames(policy)
  return rows.filter(({ name, until, lifted }) => now < until && lifted === undefined && names.includes(name))
}

/** The rung of this measure that is in force; null: none is. */
export const inForce = (measure: Measure, policy: Kept, { rungs, now }: { rungs: readonly RungRow[]; now: number }) =>
  rungsInForce(policy, rungs, now).find(({ name }) => name === measure) ?? null

/** How high a pool goes at most while a rung caps it: of one that was none then not at all. Null: none does. */
export const capOf = (
  pool: string,
  policy: Kept,
  seen: { rungs: readonly RungRow[]; now: number },
): { gpus: number; until: number; row: RungRow } | null => {
  const row = inForce('cap-pools', policy, seen)
  if (row?.caps === undefined) return null
  const gpus = Object.hasOwn(row.caps, pool) ? (row.caps[pool] ?? 0) : 0
  return { gpus, until: row.until, row }
}
