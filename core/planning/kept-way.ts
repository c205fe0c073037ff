import type { Step, WayStep } from '../plan.ts'
import { POLICYS, type Then } from './as-policy-has.ts'
import { isEditedByHand, replicaCount, titleOf } from './generations.ts'
import { type Off, whyToldOf } from './kept-off.ts'
import { setStep } from './serve-parts.ts'
import { costAtPoints, type PricedPath } from './serve-price.ts'
import type { Rule } from './serve-room.ts'
import { switchStep } from './traffic.ts'
import type { WalkBackInput } from './walk-back.ts'

/** The way with what each of its moves costs: it is booked, and bound, as of any rollout. */
export const costing = (way: readonly WayStep[], priced: PricedPath): WayStep[] => {
  const costs = costAtPoints(priced)
  return way.map((step) => {
    if (step.kind !== 'roll-out-model') return step
    const point = step.point.old + step.point.new
    const { extra = 0, beside = 0 } = costs[priced.path.findLastIndex((one) => one.old + one.new === point)] ?? {}
    return { ...step, perHour: extra, ...(beside === 0 ? {} : { beside }) }
  })
}

/** The steps of that: as many as are to stand, requests led there, what stands beside it set right, and how it is scaled from then on. */
export const stepsOf = (
  way: readonly WayStep[],
  { off: { base, parts, has }, rule, back, then }: { off: Off; rule: Rule; back: WalkBackInput; then: Then },
): Step[] => {
  const { replicas } = then.after
  const service = parts?.lane?.wanted as Extract<WayStep, { kind: 'switch-traffic' }>['service'] | undefined
  const led = way.map((step) => {
    if (step.kind === 'switch-traffic') return service === undefined ? step : { ...step, service }
    return has !== null ? { ...step, title: `Scale ${titleOf(base)} to ${replicaCount(replicas)}`, why: POLICYS } : step
  })
  const isLed = led.some(({ kind }) => kind === 'switch-traffic')
  const to = parts?.to ?? base.generation
  const why = isEditedByHand(base) ? 'it is what serves' : 'it is what was judged last and serves'
  const lead =
    isLed || service === undefined
      ? []
      : [{ ...switchStep(back, { to, called: titleOf(base), why, ready: replicas }), service }]
  const moves = led.filter(({ kind }) => kind === 'roll-out-model').length
  const others = parts?.others ?? []
  const set = others.length === 0 ? [] : [{ ...setStep(then.after, rule, others), name: `move-${moves + 1}` }]
  return [...led, ...lead, ...set, ...then.steps(moves + set.length)]
}

/** What the channel is told of it. */
export const tellStep = (text: string, off: Off): Step => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why: whyToldOf(off),
  text: `set right: ${text}`,
})
