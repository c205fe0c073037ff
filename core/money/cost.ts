import type { Mark, Run } from '../lane/document.ts'
import type { Plan, Step } from '../plan.ts'

const HOUR = 3_600_000

interface Costing {
  run: Pick<Run, 'steps'>
  plan: Pick<Plan, 'steps'>
}

/**
 * Dollars that a run is reckoned to have cost so far: hours in which a step's work was seen running × what an hour of it
 * costs by the plan, since what was approved was priced so, whatever the policy says by now. Moves of a rollout, and its gate, count
 * with what runs beyond what ran before; what they leave standing is the lane's running cost. Not rounded.
 */
export const costOf = ({ now, ...costing }: Costing & { now: number }): number =>
  priced(costing, ({ ran, ranFrom, endedAt }, perHour) => {
    const open = ranFrom === null ? 0 : Math.max(0, (endedAt ?? now) - ranFrom)
    return (perHour * (ran + open)) / HOUR
  })

/** Dollars an hour of what runs now. */
export const rateOf = (costing: Costing): number =>
  priced(costing, ({ state, ranFrom }, perHour) => (state === 'running' && ranFrom !== null ? perHour : 0))

const priced = ({ run, plan }: Costing, dollars: (mark: Mark, perHour: number) => number): number =>
  plan.steps.reduce((sum, step) => {
    const mark = run.steps.find(({ name, way }) => name === step.name && way === 'forth')
    return mark === undefined ? sum : sum + dollars(mark, perHourOf(step))
  }, 0)

/** Dollars an hour of what a step has at work. */
export const perHourOf = (step: Step): number =>
  step.kind === 'launch-job' || step.kind === 'roll-out-model' ? (step.perHour ?? 0) : 0
