import { digestOf } from '../digest.ts'
import type { Policy } from '../policy.ts'

/** What is made in AWS of a budget is called after both. */
type Named = { installation: string; budget: Pick<Policy['budget'], 'name'> }

const stemOf = ({ installation, budget }: Named): string => `${installation}-${budget.name}-`

/**
 * The name of the budget that the stack `money` makes. AWS makes one anew whose alerts change, and takes no two of a name: with other alerts it
 * is called otherwise, and in another region, since budgets know none.
 */
export const awsBudgetName = (named: Named, made: readonly unknown[]): string =>
  `${stemOf(named)}${digestOf(made).slice(0, 8)}`

/** Whether a budget of AWS Budgets is called as one that the stack has made of this budget, whatever its alerts were. */
export const isMadeOf = (named: Named, called: string): boolean => {
  const stem = stemOf(named)
  return called.startsWith(stem) && /^[0-9a-f]{8}$/.test(called.slice(stem.length))
}

/** The name of the monitor that the stack `money` makes. */
export const anomalyMonitorName = ({ installation }: Pick<Named, 'installation'>): string => `${installation}-costs`
