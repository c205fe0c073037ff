import type { Baseline, Run } from '../lane/document.ts'
import type { RollOutModelStep, Step } from '../plan.ts'
import { answersOf } from '../planning/generations.ts'
import { isLedTo } from '../planning/traffic.ts'
import type { GenerationView, Traffic } from '../world.ts'

/** Where a rollout stands, and what a look at its lane saw. */
interface Walked {
  run: Pick<Run, 'steps'>
  /** All steps of both ways. */
  steps: readonly Step[]
  baseline: Baseline | null
  /** Generations that have passed a gate since the baseline, the run's own among them once it has. */
  judged: readonly number[]
  traffic: Traffic
  generations: readonly GenerationView[]
}

/** To whom the way has led requests so far; before it has, to what was judged. Null: to nobody, or it leads them just now. */
export const ledBy = ({ run, steps, baseline }: Pick<Walked, 'run' | 'steps' | 'baseline'>): number | 'all' | null => {
  const marks = run.steps.filter(({ kind }) => kind === 'switch-traffic')
  if (marks.some(({ state, waits }) => state === 'running' && waits === undefined)) return null
  const last = marks.findLast(({ state }) => state === 'done')
  if (last === undefined) return baseline === null ? null : (baseline.stands ?? baseline.generation)
  const step = steps.find(({ name }) => name === last.name)
  return step?.kind === 'switch-traffic' ? step.to : null
}

/**
 * To whom requests are to be led again in the middle of a rollout: somebody has taken the lane's Service, or leads it where nothing answers, elsewhere
 * than the way has led it, or to what is not judged. Null: it leads there, or nothing that it led to answers.
 */
export const ledAstray = (at: Walked): number | 'all' | null => {
  const { run, traffic, generations } = at
  const to = ledBy(at)
  if (to === null || traffic === to) return null
  const answering = (led: Traffic): GenerationView[] =>
    led === null ? [] : generations.filter((view) => isLedTo(led, view.generation) && answersOf(view) > 0)
  if (answering(to).length === 0) return null
  const hasLed = run.steps.some(({ kind, state }) => kind === 'switch-traffic' && state === 'done')
  const asked = answering(traffic)
  // Before the way has led them anywhere they may have been led to more than the baseline, but not to what no gate has judged.
  return hasLed || asked.length === 0 || asked.some((view) => isUnjudged(at, view, to)) ? to : null
}

/** Whether it is not to be asked: it rises and its gate has not passed; or requests are led to all, and it is none that is known to be judged. */
const isUnjudged = (
  { steps, judged, traffic }: Walked,
  { generation }: GenerationView,
  to: number | 'all',
): boolean => {
  if (generation === to || judged.includes(generation)) return false
  const rises = steps.find((step) => isMove(step) && step.brings !== null)
  const isRising = isMove(rises) && rises.brings === generation
  return isRising ? steps.some(({ kind }) => kind === 'check-gate') : traffic === 'all'
}

const isMove = (step: Step | undefined): step is RollOutModelStep => step?.kind === 'roll-out-model'
