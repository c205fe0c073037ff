import { usd } from '../../core/money/prices.ts'
import { parsePolicy } from '../../core/policy.ts'
import { asCounted } from '../../flows/in-force.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { NOT_COUNTED, type Spend, spendOf } from '../../flows/sums.ts'
import { stoppedAt } from '../../local/main.ts'
import { readSimulated } from '../../local/policies/file-policies.ts'
import { runningClient } from '../client.ts'
import { columns, type Output, show, type Where } from '../output.ts'
import { withInstallation } from './in-aws.ts'
import { withLedger } from './ledger.ts'
import { belowIt, noticesIn } from './notices.ts'

/**
 * What was spent of the policy's budget this month, what runs hold, what is left, and the rungs of its ladder. A product that runs on the folder is
 * asked, since it knows its policy and its time; else its ledger is read, under the policy of the config. What is deployed is
 * read with both of its own. What is not counted is said below, and in JSON as `notCounted`; what others have told last of it as `notices`.
 */
export const budgets = async (where: Where, output: Output): Promise<void> => {
  const found = await budgetsOf(where)
  const table = columns([['BUDGET', 'MONTH', 'SPENT', 'HELD', 'OF', 'LEFT'], ...found.map(line)])
  const rungs = found.flatMap((one) => [...nodesText(one), ...(one.rungs ?? []).map(({ text }) => text)])
  const notices = await noticesIn(where)
  const texts = [table, '', NOT_COUNTED, ...rungs].join('\n')
  show(output, { budgets: found, notCounted: NOT_COUNTED, notices }, `${texts}${belowIt(notices)}`)
}

/** By what the rungs below it go. */
const nodesText = ({ nodes, dollars }: Spend): string[] => {
  if (nodes === undefined) return []
  const { spent, forecast } = nodes
  if (spent === null) return ['what nodes cost, by which rungs are crossed: nobody has looked at a node yet']
  const ahead = forecast === null ? '' : `, about ${usd(forecast)} at the month’s end if it goes on so`
  return [`what nodes cost, by which rungs are crossed: ${usd(spent)} of ${usd(dollars)}${ahead}`]
}

/** The same as data. */
export const budgetsOf = async (where: Where): Promise<Spend[]> => {
  const { aws, config } = where
  return aws === undefined
    ? localBudgets(where)
    : withInstallation({ aws, config }, async ({ ledger, policies, clock }) => [
        await spendOf({ ledger }, await policies.load(), clock.now()),
      ])
}

const localBudgets = async (where: Where): Promise<Spend[]> => {
  const client = runningClient(where.data)
  return client === null
    ? withLedger(where, (ledger) => readBudgets(ledger, where))
    : ((await client.get('/api/budgets')) as { budgets: Spend[] }).budgets
}

const readBudgets = async (ledger: Ledger, { data, config }: Where): Promise<Spend[]> => [
  await spendOf(
    { ledger },
    await asCounted(ledger, parsePolicy(await readSimulated(config))),
    stoppedAt(data) ?? Date.now(),
  ),
]

const line = ({ budget, month, spent, held, dollars, left }: Spend): string[] => [
  budget,
  month,
  ...[spent, held, dollars, left].map(usd),
]
