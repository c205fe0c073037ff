import { approvalNeed } from '../answers.ts'
import { type LiftDesired, requesterIn } from '../desired.ts'
import { milliseconds } from '../duration.ts'
import type { PlanInput } from '../lane-kinds/kind.ts'
import type { LiftRungStep } from '../money/lift-step.ts'
import { cents, usd } from '../money/prices.ts'
import { type RungRow, rungsInForce } from '../money/rungs.ts'
import { crossedText, savesText } from '../money/rungs-text.ts'
import { runName } from '../names.ts'
import type { Plan, Planned } from '../plan.ts'
import { minuteText, plainTime } from '../text.ts'
import { effectsOf } from './effects.ts'

const HOUR = 3_600_000

/** A lift in the words of a person. */
export const liftTitle = ({ rung, until }: LiftDesired): string => `lift ${rung} until ${minuteText(until)}`

/**
 * The plan of a lift: nobody keeps to a rung until its month is over. It is priced as all that the rung was reckoned to save until then, and
 * people are asked whatever that is: somebody wrote the rung to be kept to. What it lets begin holds its own dollars.
 */
export const planLift = (input: PlanInput<LiftDesired>): Planned => {
  const { policy, desired, run, now, rungs = [] } = input
  const row = rungsInForce(policy, rungs, now).find(
    ({ name, until }) => name === desired.rung && until === desired.until,
  )
  if (row === undefined)
    return { kind: 'nothing', reason: `${desired.rung} is in force no more: there is nothing to lift` }
  const requester = requesterIn(desired)
  const most = cents((row.saves * Math.max(0, row.until - now)) / HOUR)
  const asks = `${policy.budget.name} has ${row.name} so that it is kept to`
  const approval = approvalNeed(policy.approvals, { requester, dollars: most, asks })
  if (approval.kind === 'refuse') return { kind: 'refuse', reason: approval.reason, detail: approval.detail }
  const step = stepOf(desired, policy.budget.name)
  const plan: Plan = {
    ...run,
    id: runName(input.identity, run),
    policy: policy.version,
    desired,
    requester,
    title: step.title,
    steps: [step],
    ...effectsOf({ objects: [], interrupts: [], steps: [step] }),
    bounds: {
      dollars: most,
      gpus: {},
      unavailable: 0,
      until: Math.min(now + milliseconds(policy.approvals.expiry), row.until),
    },
    lends: true,
    price: {
      total: { p50: 0, p95: most },
      perHour: { p50: 0, p95: row.saves },
      nowPerHour: 0,
      gpuHours: { p50: 0, p95: 0 },
      sources: [`what ${row.name} was reckoned to save when it was crossed`],
    },
    strategy: null,
    interrupts: [],
    undo: 'With the month it is over by itself. Before that nothing puts the rung back but the policy: raise or lower its `at`, or take it out and write it again.',
    reasons: reasonsOf(row, desired, policy.budget),
    approval: approval.need,
  }
  return { kind: 'plan', plan }
}

const stepOf = ({ rung, until, requester, why }: LiftDesired, budget: string): LiftRungStep => ({
  kind: 'lift-rung',
  name: 'lift',
  title: `Lift ${rung} of ${budget} until ${minuteText(until)}`,
  why: `${requester ?? 'somebody'} asks for it: ${why}`,
  ...{ rung, until, by: requester ?? '' },
})

const reasonsOf = (row: RungRow, { why }: LiftDesired, budget: { name: string; dollars: number }): string[] => [
  `asked for, in their words: ${why}`,
  crossedText(row, budget.name),
  `${row.name} ${savesText(row)}: until ${plainTime(row.until)}, when the month turns, that is what this may cost at most`,
  `what is let begin holds its own dollars, and no plan begins that ${budget.name} (${usd(budget.dollars)}) has no room for`,
]
