import { inForce, type RungChange, type RungRow } from '../money/rungs.ts'
import { crossedText } from '../money/rungs-text.ts'
import type { Policy } from '../policy.ts'
import { plainTime } from '../text.ts'
import { type Act, rest } from './act.ts'
import type { Change } from './change.ts'
import type { LaneDocument, Run } from './document.ts'
import { carriesOver } from './kept.ts'
import { lanesOfPools } from './room.ts'
import { keptSuspended } from './suspending.ts'
import type { View } from './view.ts'

/** The rung that lets nothing new begin. */
export const KEEPS_BACK = 'no-new-runs'

/** The rung that has people asked about whatever a plan costs. */
export const ASKS_ALWAYS = 'ask-always'

type Seen = Pick<View, 'policy' | 'rungs' | 'now'>

/** Why people are asked whatever a plan costs, while a rung says so; undefined: none does. */
export const asksAlways = ({ policy, ...seen }: Seen): string | undefined => {
  const rung = inForce(ASKS_ALWAYS, policy, seen)
  return rung === null ? undefined : `${ASKS_ALWAYS}: ${crossedText(rung, policy.budget.name)}`
}

/** Whether people are asked about a plan for nothing but a rung that asks, and that is over: made anew it may need nobody. */
export const asksInVain = ({ doc: { run }, plan, ...seen }: Seen & Pick<View, 'doc' | 'plan'>): boolean =>
  run?.phase === 'asked' &&
  plan !== null &&
  plan.plan.digest === run.digest &&
  plan.plan.approval.rung === true &&
  asksAlways(seen) === undefined

/** The rung that keeps a run from beginning; null: none does. What carries something over that was paid for goes on (law 7). */
const keepsBack = ({ kind, policy, doc, ...seen }: Seen & Pick<View, 'kind' | 'doc'>, run: Run): RungRow | null => {
  if (kind.isNew?.(run.desired as never, doc.baseline) !== true || carriesOver(run)) return null
  return inForce(KEEPS_BACK, policy, seen)
}

/**
 * While a rung lets nothing new begin, what is new rests, and begins by itself afterwards; so does what would be suspended at once, paid for or not. Null: none
 * does.
 */
export const keptByRung = (view: View, run: Run): Act | null => {
  const rung = keepsBack(view, run)
  if (rung === null) return keptSuspended(view, run)
  const text = `${KEEPS_BACK}: ${crossedText(rung, view.policy.budget.name)}; it begins by itself once that is over, at ${plainTime(rung.until)} at the latest`
  return rest(view, { why: 'rung', text, until: rung.until })
}

/** Whether a lane rests on a rung that keeps it back no more: of those that wait for it, nobody need have been woken. */
export const isLetGo = ({ rest }: Pick<LaneDocument, 'rest'>, { policy, ...seen }: Seen): boolean =>
  rest?.why === 'rung' && inForce(KEEPS_BACK, policy, seen) === null

/** Whether a lane rests on a rung. */
export const isOnRung = (rest: LaneDocument['rest']): boolean => rest?.why === 'rung' || rest?.why === 'suspended'

/** Lanes of pools, where a rung that caps them has come, gone or been lifted: each sets its own ceiling. */
export const wokenBy = (rungs: readonly RungChange[], policy: Pick<Policy, 'pools'>): string[] =>
  rungs.some(({ row }) => row.caps !== undefined) ? lanesOfPools(policy) : []

/** What follows where a step has lifted one. */
export const liftedBy = (
  { lifts }: { lifts?: RungRow },
  policy: Pick<Policy, 'pools'>,
): Pick<Change, 'rungs' | 'wakes'> => {
  const rungs = lifts === undefined ? [] : [{ row: lifts, gone: false }]
  return { rungs, wakes: wokenBy(rungs, policy) }
}
