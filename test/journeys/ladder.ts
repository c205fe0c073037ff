import { rungsOf } from '../../flows/ladder.ts'
import { spendIn } from '../../flows/spend.ts'
import example from '../example.ts'
import type { Town } from './town.ts'

export const BUDGET = 'budget/ml-monthly'

type Ladder = { at: number; do: string }[]

/** The example with a budget of so many dollars and a ladder. */
export const laddered = (dollars: number, ladder: Ladder, more: Record<string, unknown> = {}) => ({
  ...example,
  budget: { name: 'ml-monthly', dollars, ladder },
  ...more,
})

/** Names of the rungs that are written, and what was spent on nodes, as a person sees both. */
export const laddersOf = (town: Town) => ({
  rungs: async (): Promise<string[]> =>
    (await rungsOf(town.house.ports.ledger, await town.house.ports.policies.load())).map(({ name }) => name),
  spent: async (): Promise<number> => (await spendIn(town.house.ports.ledger, town.house.clock.now())).dollars,
  titles: async (): Promise<string[]> => (await town.house.cards()).map(({ card }) => card.title),
})
