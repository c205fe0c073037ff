import type { Step, WayStep } from '../plan.ts'
import type { GenerationView } from '../world.ts'
import { POLICYS, type PolicyHas, type Then } from './as-policy-has.ts'
import { isEditedByHand, replicaCount, titleOf } from './generations.ts'
import { isBehindAlone, type Parts, setStep } from './serve-parts.ts'
import { costAtPoints, type PricedPath } from './serve-price.ts'
import type { Rule } from './serve-room.ts'
import type { Wanted } from './serve-standing.ts'
import { switchStep } from './traffic.ts'
import type { WalkBackInput } from './walk-back.ts'

/** What of the baseline is otherwise than it was left. */
export interface Off {
  base: GenerationView
  parts: Parts | null
  /** Replicas that it had, where somebody has taken some of them, or that the policy has of it by now. */
  replicas: number | null
  /** What the policy has of them since they were judged: it is followed, whatever became of the version that is wanted. Null: what was decided last. */
  has: PolicyHas | null
  /** What it is made of, as it was judged. */
  wanted: Wanted
}

/** Whether somebody has done any of it: what the policy has otherwise by now is nobody's hand. */
export const isByHand = ({ replicas, parts, has }: Off): boolean =>
  (replicas !== null && has === null) || (parts !== null && !isBehindAlone(parts))

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
  const set =
    others.length === 0 ? [] : [{ ...setStep({ ...base, replicas }, rule, others), name: `move-${moves + 1}` }]
  return [...led, ...lead, ...set, ...then.steps(moves + set.length)]
}

/** What the channel is told of it. */
export const tellStep = (text: string, off: Off): Step => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why: isByHand(off) ? 'it was done by hand' : 'the policy has it otherwise by now',
  text: `set right: ${text}`,
})
