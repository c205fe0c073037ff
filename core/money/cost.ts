import type { Mark, Run } from '../lane/document.ts'
import type { LaunchJobStep, Plan, RollOutModelStep, Step } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import { countsOf } from '../pools/counts.ts'
import { DRAIN, servingGrace } from '../workloads/draining.ts'
import { addMonths, dollarsOf, type Months, mapMonths, ranByMonth, sumOfMonths, timeByMonth } from './months.ts'
import { partWithout, sparedByMonth } from './nodeless.ts'
import { countingOf } from './nodes.ts'

const HOUR = 3_600_000

interface Costing {
  run: Pick<Run, 'steps' | 'nodeless'>
  plan: Pick<Plan, 'steps'>
}

/** With what tells how its nodes are priced. */
type Reckoning = Costing & { plan: Pick<Plan, 'desired'> }

/**
 * Dollars that a run is reckoned to have cost so far: hours in which a step's work was seen running × what an hour of it
 * costs by the plan, since what was approved was priced so, whatever the policy says by now. Moves of a rollout count with what runs
 * beyond what ran before, from each to the next, whatever is judged or waited for between; what the last leaves standing is the lane's
 * running cost once that is judged. What of it waits for a node costs nothing (decision 0033). Not rounded.
 */
export const costOf = ({ now, ...costing }: Costing & { now: number }): number => {
  const jobs = jobsOf(costing).map(({ perHour, mark }) => perHour * timeOf(mark, now))
  const standing = standingOf({ now, ...costing }).map(
    ({ from, until, perHour }) => perHour * Math.max(0, until - from),
  )
  const spared = sumOfMonths(sparedByMonth(costing.run.nodeless, now))
  return sum(jobs) / HOUR + Math.max(0, sum(standing) / HOUR - spared)
}

/**
 * Dollars of that, and of what nodes that its steps have begun to use cost before and after their pods: those are priced and bound with
 * (law 9), and not booked, since nobody has measured them. Not rounded.
 */
export const reckonedOf = ({ now, ...costing }: Reckoning & { now: number }): number =>
  costOf({ now, ...costing }) + besideOf(costing)

/** Dollars that the nodes of steps which have begun cost before and after their pods: once more each time that a step was let go again, and was given one anew. */
export const besideOf = (costing: Reckoning): number =>
  sum(
    stepsOf(costing).map(([step, mark]) =>
      onNodesFrom(mark) === null || !('beside' in step || step.kind === 'launch-job')
        ? 0
        : (step.beside ?? 0) + nodeAgain(costing.plan, step) * (mark.letGo ?? 0),
    ),
  )

/**
 * Dollars that one more node costs which is started for a step that was let go again. What was to go on with the node of the one before it has
 * lost that too: its next costs what another of its pool does by the plan, or as a node does as a rule.
 */
export const nodeAgain = ({ steps, desired }: Pick<Plan, 'steps' | 'desired'>, step: Step): number => {
  if (step.kind !== 'launch-job') return 0
  const like = [step, ...steps].flatMap((one) =>
    one.kind === 'launch-job' && one.pool === step.pool ? (one.again ?? one.beside ?? []) : [],
  )
  return (
    like[0] ??
    step.perHour * countingOf(desired as { priced?: number }).beside({ ...countsOf(step), gpusPerNode: step.gpus }).p95
  )
}

/** The same by the months in which it was spent. */
export const costByMonth = ({ now, ...costing }: Costing & { now: number }): Months =>
  addMonths(
    ...jobsOf(costing).map(({ perHour, mark }) => dollarsOf(timesOf(mark, now), perHour)),
    ...standingOf({ now, ...costing }).map(({ from, until, perHour }) => dollarsOf(timeByMonth(from, until), perHour)),
    mapMonths(sparedByMonth(costing.run.nodeless, now), (dollars) => -dollars),
  )

/** When the first of its moves has pods on nodes; null: none has. */
export const movesFrom = (costing: Costing): number | null => reachedBy(costing)[0]?.from ?? null

/**
 * Dollars an hour of what its moves have left: of the last that was begun, whether or not its pods have nodes yet, since nobody looks at
 * them any more. Null: it has begun none.
 */
export const leftByMoves = (costing: Costing): number | null => {
  const moves = stepsOf(costing).filter(([step]) => step.kind === 'roll-out-model')
  const begun = moves.filter(([, { state, by }]) => state !== 'pending' && by !== null)
  const [last] = begun.slice(-1)
  if (last === undefined) return null
  return begun.length === moves.length && overAt(costing) !== null ? 0 : perHourOf(last[0])
}

/** Dollars an hour of what stands on the way of a rollout now, and has nodes. */
export const standingRate = (costing: Costing): number =>
  Math.max(0, (standsNow(costing)?.perHour ?? 0) - (costing.run.nodeless?.perHour ?? 0))

/** Dollars an hour of what stands there by its plan and waits for nodes, where so many pods of the lane are on some. */
export const withoutNodes = (costing: Costing & { plan: Pick<Plan, 'strategy'> }, placed: number): number => {
  const now = standsNow(costing)
  return now === null ? 0 : now.perHour * partWithout(costing.plan, now.point, placed)
}

/** What stands by the move that was reached last; null: none was, or the way is over. */
const standsNow = (costing: Costing): Reached | null => {
  const last = reachedBy(costing).at(-1)
  return last === undefined || last.until !== null ? null : last
}

/** Dollars an hour of what runs now. */
export const rateOf = (costing: Costing): number =>
  standingRate(costing) +
  sum(stepsOf(costing).map(([step, mark]) => (step.kind === 'launch-job' && isAtWork(mark) ? step.perHour : 0)))

const isAtWork = ({ state, ranFrom }: Mark): boolean => state === 'running' && ranFrom !== null

/** Milliseconds in which a step was seen at work. */
export const timeOf = ({ ran, ranFrom, endedAt }: Mark, now: number): number =>
  ran + (ranFrom === null ? 0 : Math.max(0, (endedAt ?? now) - ranFrom))

/** The same by the months that it lies in. */
const timesOf = ({ ranFrom, endedAt, ...mark }: Mark, now: number): Months =>
  addMonths(ranByMonth(mark), ranFrom === null ? {} : timeByMonth(ranFrom, endedAt ?? now))

const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0)

/** Steps of the plan that have a mark. */
const stepsOf = ({ run, plan }: Costing): [Step, Mark][] =>
  plan.steps.flatMap((step) => {
    const mark = run.steps.find(({ name, way }) => name === step.name && way === 'forth')
    return mark === undefined ? [] : [[step, mark] as [Step, Mark]]
  })

const jobsOf = (costing: Costing): (LaunchJobStep & { mark: Mark })[] =>
  stepsOf(costing).flatMap(([step, mark]) => (step.kind === 'launch-job' ? [{ ...step, mark }] : []))

/** What a rollout's moves have standing, one after the other. */
const standingOf = ({ now, ...costing }: Costing & { now: number }): (Reached & { until: number })[] =>
  reachedBy(costing).map((move, index, moves) => ({ ...move, until: moves[index + 1]?.from ?? move.until ?? now }))

interface Reached {
  from: number
  /** When the way was over: what stands then is the lane's running cost. */
  until: number | null
  perHour: number
  point: Point
}

/** Points of a rollout that were begun to be reached, from when each has pods on nodes. */
const reachedBy = (costing: Costing): Reached[] => {
  const [last, over] = [costing.plan.steps.findLast(({ kind }) => kind === 'roll-out-model'), overAt(costing)]
  return stepsOf(costing).flatMap(([step, mark]) => {
    const from = step.kind === 'roll-out-model' ? reachedFrom(step, mark) : null
    if (step.kind !== 'roll-out-model' || from === null) return []
    return [{ from, until: step === last ? over : null, perHour: perHourOf(step), point: step.point }]
  })
}

/**
 * What leaves is on its nodes until it has ended: until then what stood before costs on, for as long as a server has to end as a rule. Whoever sees
 * later that it has ended does not know since when.
 */
const reachedFrom = ({ brings }: RollOutModelStep, mark: Mark): number | null => {
  const from = onNodesFrom(mark)
  if (from === null || brings !== null || mark.state !== 'done' || mark.endedAt === null) return from
  return Math.max(from, Math.min(mark.endedAt, from + GRACE))
}

/** Milliseconds that a server has to end, as its engine says. */
const GRACE = servingGrace(DRAIN) * 1000

/** What comes once all is moved and judged, and costs nothing. */
const AFTER: ReadonlySet<Step['kind']> = new Set<Step['kind']>(['switch-traffic', 'notify'])

/**
 * When the way of a rollout was over: what stands then is the lane's running cost. The gate of a first replica comes after the last move: until
 * that is judged it is the rollout's. Null: it is not.
 */
const overAt = (costing: Costing): number | null => {
  const way = stepsOf(costing).filter(([{ kind }]) => !AFTER.has(kind))
  return way.every(([, { state }]) => state === 'done') ? Math.max(...way.map(([, { endedAt }]) => endedAt ?? 0)) : null
}

/** What was done before anybody has seen it at work counts from its begin. */
const onNodesFrom = ({ state, ran, ranTo, ranFrom, startedAt }: Mark): number | null => {
  if (ranFrom !== null) return ranFrom - ran
  if (ranTo !== null) return ranTo - ran
  return state === 'done' ? startedAt : null
}

/** Dollars an hour of what a step has at work. */
export const perHourOf = (step: Step): number =>
  step.kind === 'launch-job' || step.kind === 'roll-out-model' ? (step.perHour ?? 0) : 0
