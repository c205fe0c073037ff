import type { Stepped } from '../lane/stepping.ts'
import type { RollOutModelStep, Step, SwitchTrafficStep } from '../plan.ts'
import { answersOf } from '../planning/generations.ts'
import { isLedTo } from '../planning/traffic.ts'
import type { GenerationView, Traffic } from '../world.ts'

/** What a look at a lane's Service, and at what it may lead to, saw. */
export interface SeenTraffic {
  traffic: Traffic
  generations: readonly GenerationView[]
  /** All steps of the way that is walked now; left out: nothing leaves on it. */
  way?: readonly Step[]
}

/**
 * Why requests are not led there yet: fewer would answer than now, and than the step was planned for, or none; or to all while something
 * stands that was to be gone, which nobody may have judged. Null: nothing is against it.
 */
export const whyNotLed = (step: SwitchTrafficStep, { traffic, generations, way = [] }: SeenTraffic): string | null => {
  const { to, ready } = step
  const left = to === 'all' ? generations.find((view) => view.replicas > 0 && isGoneBy(step, way, view)) : undefined
  if (left !== undefined) return `generation ${left.generation} stands still, and would be asked`
  const sumAt = (led: Traffic, count: (view: GenerationView) => number): number =>
    generations.filter(({ generation }) => isLedTo(led, generation)).reduce((sum, view) => sum + count(view), 0)
  const there = sumAt(to, ({ ready }) => ready)
  const here = traffic === null ? 0 : sumAt(traffic, answersOf)
  return there >= Math.min(ready, here) && (there > 0 || here === 0)
    ? null
    : `${there} of ${ready} ready where requests are to be led, and ${here} answer now`
}

/** Whether the move before this step leaves nothing of a generation. */
const isGoneBy = (step: SwitchTrafficStep, way: readonly Step[], { generation }: GenerationView): boolean => {
  const before = way.slice(
    0,
    Math.max(
      0,
      way.findIndex(({ name }) => name === step.name),
    ),
  )
  const move = before.findLast((one): one is RollOutModelStep => one.kind === 'roll-out-model')
  return move?.replicas.some((target) => target.generation === generation && target.replicas === 0) === true
}

/** Done once the Service leads there; somebody who leads it elsewhere meanwhile is waited for, for as long as a move is. */
export const nextSwitch = (
  { to }: SwitchTrafficStep,
  {
    traffic,
    now,
    startedAt,
    patience,
  }: Pick<SeenTraffic, 'traffic'> & { now: number; startedAt: number; patience: number },
): Stepped => {
  if (traffic === to) return { kind: 'done', note: `requests are led to ${said(to)}`, values: null }
  const note = `the Service leads to ${traffic === null ? 'nothing: it is gone' : said(traffic)}`
  return now - startedAt > patience
    ? { kind: 'failed', reason: traffic === null ? 'deleted' : 'conflict', note }
    : { kind: 'wait', note, until: startedAt + patience + 1, running: false }
}

const said = (to: number | 'all'): string =>
  to === 'all' ? 'all that stands' : to === 0 ? 'nobody' : `generation ${to}`
