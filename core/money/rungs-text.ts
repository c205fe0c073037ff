import { type Measure, type Rung, rungName } from '../policy/rung.ts'
import { plainTime } from '../text.ts'
import { usd } from './prices.ts'
import type { RungRow } from './rungs.ts'

/** What a measure means for whoever it concerns, while it is in force. */
const SAYS: Readonly<Record<Measure, string>> = {
  notify: 'people are told, and nothing is kept back',
  'ask-always': 'nothing is approved by itself, people are asked about every plan',
  'cap-pools': 'no pool has more nodes than there were, or were held, then, and nothing is leased',
  'suspend-preemptible': 'stages that are preemptible are suspended, and go on by themselves afterwards',
  'no-new-runs': 'no run of a pipeline begins, and no service that has nothing judged yet',
}

/** The same of what a rung has services do besides. */
export const FLOORS = 'services that have a `floor` make do with it'

const allText = ({ do: does, serving }: Rung): string => (serving === 'floor' ? `${SAYS[does]}; ${FLOORS}` : SAYS[does])

/** The same of a rung that somebody has by its row: a newer release may know another measure. */
export const measureText = (name: string): string => SAYS[(name.split('@')[0] ?? '') as Measure] ?? name

const percent = (at: number): string => `${Math.round(at * 1000) / 10} %`

/** A rung that was crossed, in a sentence: who is told, or kept back, reads it. */
export const crossedText = ({ name, at, spent, dollars }: RungRow, budget: string): string =>
  `${usd(spent)} of nodes have crossed ${percent(at)} of ${budget} (${usd(dollars)}): ${measureText(name)}`

/** What it saves, in words. */
export const savesText = ({ saves }: Pick<RungRow, 'saves'>): string =>
  saves === 0 ? 'saves nothing by itself' : `saves up to ${usd(saves)} an hour`

/** Why a pool goes no higher, and until when. */
export const capText = ({ gpus }: { gpus: number }, budget: string): string =>
  `cap-pools of ${budget} lets it have ${gpus} at most`

/** The same with what it is crossed by, for who is refused. */
export const whyCapped = ({ gpus, row }: { gpus: number; row: RungRow }, budget: string): string =>
  `${capText({ gpus }, budget)} until ${plainTime(row.until)} at the latest: ${crossedText(row, budget)}`

/** A rung of a ladder as it is now. Times are milliseconds since the epoch. */
export interface RungNow {
  name: string
  at: number
  /** Dollars from which on it is crossed. */
  dollars: number
  /** `shadow`: it would be in force, and nobody keeps to it. `told`: it is a notice, and was told. */
  state: 'ahead' | 'in-force' | 'told' | 'shadow' | 'lifted'
  /** Since when, and when its month is over; null: it is not crossed. */
  since: number | null
  until: number | null
  /** Dollars an hour that it was reckoned to save at most; null: it is not crossed. */
  saves: number | null
  /** All of it in a sentence. */
  text: string
}

interface Standing {
  budget: { dollars: number; ladder?: readonly Rung[] | undefined; mode?: 'act' | 'shadow' | undefined }
}

/** Every rung of a policy's ladder, as rows say that it is now, from the lowest share up. */
export const rungsNow = ({ budget }: Standing, rows: readonly RungRow[], now: number): RungNow[] =>
  (budget.ladder ?? [])
    .toSorted((a, b) => a.at - b.at)
    .map((rung) => {
      const row = rows.find(({ name, until }) => name === rungName(rung) && now < until)
      const dollars = rung.at * budget.dollars
      const at = { name: rungName(rung), at: rung.at, dollars }
      if (row === undefined) {
        const text = `${percent(rung.at)}, ${usd(dollars)}: ${rung.do} is ahead, ${allText(rung)} then`
        return { ...at, state: 'ahead', since: null, until: null, saves: null, text }
      }
      const crossed = { ...at, since: row.since, until: row.until, saves: row.saves }
      if (row.lifted !== undefined) return { ...crossed, state: 'lifted', text: liftedText(rung, row, budget.dollars) }
      const state = stateOf(rung, budget.mode)
      const text = `${percent(rung.at)}, ${usd(dollars)}: ${rung.do} ${STATE[state]} since ${plainTime(row.since)}, until ${plainTime(row.until)} at most: ${allText(rung)}; ${savesText(row)}`
      return { ...crossed, state, text }
    })

/** It may be crossed no more, where the budget was raised since: by what it was stays so. */
const liftedText = ({ at, do: does }: Rung, row: RungRow, dollars: number): string =>
  `${percent(at)}, ${usd(at * dollars)}: ${does} is lifted until ${plainTime(row.until)}, and nobody keeps to it; it was crossed ${plainTime(row.since)}, by ${usd(row.spent)} of ${usd(row.dollars)}`

const stateOf = ({ do: does }: Rung, mode: 'act' | 'shadow' | undefined): Exclude<RungNow['state'], 'lifted'> =>
  does === 'notify' ? 'told' : mode === 'shadow' ? 'shadow' : 'in-force'

const STATE = {
  ahead: 'is ahead',
  'in-force': 'is in force',
  told: 'was told',
  shadow: 'would be in force',
} as const
