import type { BudgetCrossed, NoticeOf } from '../../events/contract.ts'
import { budgetOf, budgetRoom } from '../lane/room.ts'
import type { Policy } from '../policy.ts'

/** Whom a notice is of, where no budget of the policy is named so. */
export const NO_BUDGET = '-'

/** The key of `budget.notices` that names each. */
const NAMED_BY: Readonly<Record<NoticeOf, 'aws' | 'anomalies' | 'mlflow'>> = {
  'aws-budget': 'aws',
  'aws-action': 'aws',
  anomaly: 'anomalies',
  gateway: 'mlflow',
}

/** The name of a budget that the stack `money` makes: with another digest it is another budget, since AWS replaces one whose alerts change. */
export const awsBudgetName = (
  { installation, budget }: Pick<Policy, 'installation' | 'budget'>,
  digest: string,
): string => `${installation}-${budget.name}-${digest}`

/** The lane of the budget that somebody means; null: the policy names it nowhere. */
export const laneOfNotice = (
  policy: Pick<Policy, 'installation' | 'budget'>,
  { of, name, text }: Pick<BudgetCrossed, 'of' | 'name' | 'text'>,
): string | null => {
  const by = NAMED_BY[of]
  const names = policy.budget.notices?.[by] ?? []
  const stem = awsBudgetName(policy, '')
  const isMade = (called: string): boolean => called.startsWith(stem) && /^[0-9a-f]{8}$/.test(called.slice(stem.length))
  // Which budget an action is of it may say in its prose alone.
  const words = name === '' ? text.split(/[^\w./+@=-]+/) : [name]
  const isOurs = by === 'aws' && words.some(isMade)
  return isOurs || names.some((known) => (name === '' ? text.includes(known) : known === name))
    ? budgetRoom(budgetOf(policy))
    : null
}
