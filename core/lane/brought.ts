import type { RollOutModelStep } from '../plan.ts'
import type { PlanRow } from '../rows.ts'
import { hasBegun, type Run } from './document.ts'
import type { View } from './view.ts'

/** So many are remembered. */
const MOST = 32

/** Generations that the run has brought up: its own once it has begun, and those that moves which it began bring up. */
export const broughtBy = ({ generation, steps }: Run, plan: PlanRow | null): number[] => {
  const begun = steps.filter(({ way, by }) => way === 'forth' && by !== null).map(({ name }) => name)
  const moves = (plan?.plan.steps ?? []).flatMap((step) =>
    step.kind === 'roll-out-model' && begun.includes(step.name) ? risingBy(step) : [],
  )
  return hasBegun({ steps }) ? [generation, ...moves] : moves
}

/** What a move brings up, and what it has wait for the room that it makes. */
const risingBy = ({ brings, replicas }: RollOutModelStep): number[] => [
  ...(brings === null ? [] : [brings]),
  ...replicas.flatMap(({ generation, waits }) => (waits ? [generation] : [])),
]

/** The same, and those of the runs before it that were stopped in the middle of their way: the ledger knows them. */
export const broughtIn = ({ doc, plan }: Pick<View, 'doc' | 'plan'>, run: Run): number[] =>
  [...new Set([...(doc.brought ?? []), ...broughtBy(run, plan)])].slice(-MOST)
