import type { Stepped } from '../lane/stepping.ts'
import type { RollOutModelStep, Step, SwitchTrafficStep } from '../plan.ts'
import { answersOf } from '../planning/generations.ts'
import { isReadyPod } from '../planning/left-alone.ts'
import { isLedTo } from '../planning/traffic.ts'
import type { GenerationView, Stray, Traffic } from '../world.ts'
import { isMove, type Target } from './moving.ts'

/** What a look at a lane's Service, and at what it may lead to, saw. */
export interface SeenTraffic {
  traffic: Traffic
  generations: readonly GenerationView[]
  /** What runs on without its Deployment: it answers who is led to it all the same. Left out: nobody has looked. */
  strays?: readonly Stray[]
  /** All steps of the way that is walked now; left out: nothing leaves on it. */
  way?: readonly Step[]
  /** Whether what is led to is promised by then: forth, where what was judged before can come back else. Left out: it is not. */
  promised?: boolean
}

/**
 * Why requests are not led there yet: fewer would answer than now, and than the step was planned for, or none; or to all while something
 * stands that was to be gone, which nobody may have judged; or nobody answers, and none of what the moves before it have brought up would.
 * Null: nothing is against it.
 */
export const whyNotLed = (
  step: SwitchTrafficStep,
  { traffic, generations, strays = [], way = [], promised = false }: SeenTraffic,
): string | null => {
  const { to, ready } = step
  const moved = moveBefore(step, way)
  const left = to === 'all' ? generations.find((view) => view.replicas > 0 && isGoneBy(moved, view)) : undefined
  if (left !== undefined) return `generation ${left.generation} stands still, and would be asked`
  const sumAt = (led: Traffic, count: (view: GenerationView) => number): number =>
    generations.filter(({ generation }) => isLedTo(led, generation)).reduce((sum, view) => sum + count(view), 0)
  const astray = (led: Traffic): number =>
    strays.filter(({ generation }) => isLedTo(led, generation)).flatMap(({ pods }) => pods.filter(isReadyPod)).length
  const there = sumAt(to, ({ ready }) => ready) + astray(to)
  const here = traffic === null ? 0 : sumAt(traffic, answersOf) + astray(traffic)
  const mayBeNone = here === 0 && !(promised && moved !== undefined && ready > 0)
  return there >= Math.min(ready, here) && (there > 0 || mayBeNone)
    ? null
    : `${there} of ${ready} ready where requests are to be led, and ${here} answer now`
}

/**
 * What the moves before a step have left of what it is about, where not one of it is to be seen: neither its Deployment nor pods that run on without
 * it. A gate is about what its way brings up, and requests about what they are led to. Empty: some is, or it is about none.
 */
export const unseenBefore = (
  step: Step,
  { generations, strays = [], way = [] }: Pick<SeenTraffic, 'generations' | 'strays' | 'way'>,
): Target[] => {
  const moved = moveBefore(step, way)
  const brings = way
    .slice(
      0,
      way.findIndex(({ name }) => name === step.name),
    )
    .findLast(isRising)?.brings
  const isAbout = (generation: number): boolean =>
    step.kind === 'switch-traffic' ? isLedTo(step.to, generation) : generation === brings
  const left = moved?.replicas.filter(({ generation, replicas }) => replicas > 0 && isAbout(generation)) ?? []
  const there = new Set([...generations, ...strays].map(({ generation }) => generation))
  return left.some(({ generation }) => there.has(generation)) ? [] : left
}

const isRising = (step: Step): step is RollOutModelStep => isMove(step) && step.brings !== null

/** The last move before this step on its way. */
const moveBefore = (step: Pick<Step, 'name'>, way: readonly Step[]): RollOutModelStep | undefined => {
  const at = way.findIndex(({ name }) => name === step.name)
  return way.slice(0, Math.max(0, at)).findLast(isMove)
}

/** Whether a move leaves nothing of a generation. */
const isGoneBy = (move: RollOutModelStep | undefined, { generation }: GenerationView): boolean =>
  move?.replicas.some((target) => target.generation === generation && target.replicas === 0) === true

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
