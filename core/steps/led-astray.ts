import type { Baseline, Run } from '../lane/document.ts'
import type { RollOutModelStep, Step } from '../plan.ts'
import { answersOf } from '../planning/generations.ts'
import { isAnswered, isLedTo } from '../planning/traffic.ts'
import type { GenerationView, Traffic, World } from '../world.ts'

/** Where a rollout stands, and what a look at its lane saw. */
interface Walked {
  run: Pick<Run, 'steps' | 'led'>
  /** All steps of both ways. */
  steps: readonly Step[]
  baseline: Baseline | null
  /** Generations that have passed a gate since the baseline, the run's own among them once it has. */
  judged: readonly number[]
  traffic: Traffic
  generations: readonly GenerationView[]
}

const standsIn = ({ stands, generation }: Baseline): number => stands ?? generation

/** Where requests are led as a run begins, where that answers and is not what was judged last: its way goes from there. */
export const ledAtFirst = (world: World | null, baseline: Baseline | null): Pick<Run, 'led'> => {
  const traffic = world?.traffic ?? null
  const isOther = baseline !== null && traffic !== null && traffic !== standsIn(baseline)
  return world !== null && isOther && isAnswered(world) ? { led: traffic } : {}
}

/** To whom the way has led requests so far; before it has, to whom they were led as it began. Null: to nobody, or it leads them just now. */
export const ledBy = ({ run, steps, baseline }: Pick<Walked, 'run' | 'steps' | 'baseline'>): number | 'all' | null => {
  const marks = run.steps.filter(({ kind }) => kind === 'switch-traffic')
  if (marks.some(({ state, waits }) => state === 'running' && waits === undefined)) return null
  const last = marks.findLast(({ state }) => state === 'done')
  if (last === undefined) return baseline === null ? null : (run.led ?? standsIn(baseline))
  const step = steps.find(({ name }) => name === last.name)
  return step?.kind === 'switch-traffic' ? step.to : null
}

/**
 * To whom requests are to be led again in the middle of a rollout: somebody has taken the lane's Service, or leads it where nothing answers or elsewhere
 * than the way has led it. Null: it leads there, or nothing that it led to answers.
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
  return hasLed || asked.length === 0 || !asked.every(({ generation }) => mayBeAsked(at, generation, to)) ? to : null
}

/**
 * Whether it may be asked before the way has led requests anywhere: it is where they were led, or what was judged last while nothing that rises is yet,
 * or it is what rises, and is judged. From anything else the way would go nowhere.
 */
const mayBeAsked = ({ steps, judged, baseline }: Walked, generation: number, to: number | 'all'): boolean => {
  const moves = steps.filter((step): step is RollOutModelStep => step.kind === 'roll-out-model')
  const rises = moves.find(({ brings }) => brings !== null)?.brings
  const isJudged = rises != null && (judged.includes(rises) || steps.every(({ kind }) => kind !== 'check-gate'))
  if (generation === to || (generation === rises && isJudged)) return true
  return baseline !== null && generation === standsIn(baseline) && !isJudged
}
