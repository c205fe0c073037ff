import type { Stepped } from '../lane/stepping.ts'
import type { SwitchTrafficStep } from '../plan.ts'
import { answersOf } from '../planning/generations.ts'
import { isLedTo } from '../planning/traffic.ts'
import type { GenerationView, Traffic } from '../world.ts'

/** What a look at a lane's Service, and at what it may lead to, saw. */
export interface SeenTraffic {
  traffic: Traffic
  generations: readonly GenerationView[]
}

/** Why requests are not led there yet: fewer would answer than now, and than the step was planned for; null: nothing is against it. */
export const whyNotLed = ({ to, ready }: SwitchTrafficStep, { traffic, generations }: SeenTraffic): string | null => {
  const sumAt = (led: Traffic, count: (view: GenerationView) => number): number =>
    generations.filter(({ generation }) => isLedTo(led, generation)).reduce((sum, view) => sum + count(view), 0)
  const there = sumAt(to, ({ ready }) => ready)
  const here = traffic === null ? 0 : sumAt(traffic, answersOf)
  return there >= Math.min(ready, here)
    ? null
    : `${there} of ${ready} ready where requests are to be led, and ${here} answer now`
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
