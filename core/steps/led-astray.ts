import type { Baseline, Run } from '../lane/document.ts'
import type { Step } from '../plan.ts'
import { answersOf } from '../planning/generations.ts'
import { isLedTo } from '../planning/traffic.ts'
import type { GenerationView, Traffic } from '../world.ts'

/** Where a rollout stands, and what a look at its lane saw. */
interface Walked {
  run: Pick<Run, 'steps'>
  /** All steps of both ways. */
  steps: readonly Step[]
  baseline: Baseline | null
  traffic: Traffic
  generations: readonly GenerationView[]
}

/** To whom the way has led requests so far; before it has, to what was judged. Null: to nobody, or it leads them just now. */
export const ledBy = ({ run, steps, baseline }: Omit<Walked, 'traffic' | 'generations'>): number | 'all' | null => {
  const marks = run.steps.filter(({ kind }) => kind === 'switch-traffic')
  if (marks.some(({ state, waits }) => state === 'running' && waits === undefined)) return null
  const last = marks.findLast(({ state }) => state === 'done')
  if (last === undefined) return baseline === null ? null : (baseline.stands ?? baseline.generation)
  const step = steps.find(({ name }) => name === last.name)
  return step?.kind === 'switch-traffic' ? step.to : null
}

/**
 * To whom requests are to be led again in the middle of a rollout: somebody has taken the lane's Service, or leads it where nothing answers, or elsewhere
 * than the way has led it. Null: it leads there, or nothing that it led to answers.
 */
export const ledAstray = (at: Walked): number | 'all' | null => {
  const { run, traffic, generations } = at
  const to = ledBy(at)
  if (to === null || traffic === to) return null
  const answers = (led: Traffic): boolean =>
    led !== null && generations.some((view) => isLedTo(led, view.generation) && answersOf(view) > 0)
  const hasLed = run.steps.some(({ kind, state }) => kind === 'switch-traffic' && state === 'done')
  // Before the way has led them anywhere they may have been led to more than what was judged.
  return answers(to) && (hasLed || !answers(traffic)) ? to : null
}
