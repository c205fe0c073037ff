import { currentRun } from '../../core/lane.ts'
import { runName } from '../../core/names.ts'
import { identityOf } from '../../core/planning/plan-for.ts'
import type { Policy } from '../../core/policy.ts'
import type { LaneRow } from '../../core/rows.ts'
import type { Ports } from '../../flows/ports.ts'
import type { LaneFacts } from './views.ts'

/** Most lanes on the page. */
const LANES = 200

/** Every lane with its wanted run, the last that moved first. */
export const lanesOf = async ({ ledger, clock }: Ports, policy: Policy): Promise<LaneFacts[]> => {
  const rows = (await ledger.list('lane', { limit: LANES })).map(({ value }) => value)
  const all = (await ledger.read('freeze', '*'))?.value.until ?? 0
  const facts = await Promise.all(
    rows.map(async (row) => {
      const own = (await ledger.read('freeze', row.lane))?.value.until ?? 0
      const until = Math.max(all, own)
      return { ...(await runOf(ledger, policy, row)), row, frozenUntil: until > clock.now() ? until : null }
    }),
  )
  return facts.sort((a, b) => b.row.since - a.row.since)
}

const runOf = async (
  ledger: Ports['ledger'],
  policy: Policy,
  row: LaneRow,
): Promise<Pick<LaneFacts, 'run' | 'plan' | 'answer'>> => {
  const id = runName(identityOf(policy), currentRun(row))
  const run = (await ledger.read('run', id))?.value ?? null
  return {
    run,
    plan: (await ledger.read('plan', id))?.value ?? null,
    answer: run?.answer == null ? null : ((await ledger.read('answer', run.answer))?.value ?? null),
  }
}
