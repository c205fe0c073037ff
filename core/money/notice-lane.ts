import type { BudgetCrossed, NoticeOf } from '../../events/contract.ts'
import { budgetOf, budgetRoom } from '../lane/room.ts'
import { anomalyMonitorName, isMadeOf } from '../policy/names-in-aws.ts'
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

/** The lane of the budget that somebody means; null: the policy names it nowhere. */
export const laneOfNotice = (
  policy: Pick<Policy, 'installation' | 'budget'>,
  { of, name, text }: Pick<BudgetCrossed, 'of' | 'name' | 'text'>,
): string | null => {
  const by = NAMED_BY[of]
  const names = policy.budget.notices?.[by] ?? []
  // Which budget an action is of it may say in its prose alone.
  const words = name === '' ? text.split(/[^\w./+@=-]+/) : [name]
  const isOurs =
    by === 'aws'
      ? words.some((word) => isMadeOf(policy, word))
      : by === 'anomalies' && name === anomalyMonitorName(policy)
  return isOurs || names.some((known) => (name === '' ? text.includes(known) : known === name))
    ? budgetRoom(budgetOf(policy))
    : null
}
