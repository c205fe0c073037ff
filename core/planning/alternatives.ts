import { type Chosen, DEFAULT } from '../chosen.ts'
import { addRange, centsRange, usd } from '../money/prices.ts'
import type { Alternative, Plan } from '../plan.ts'
import { stagesAs } from '../policy/alternatives.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { PipelinePolicy } from '../policy.ts'
import { own } from '../record.ts'
import { laterTimes, mayDo, openedAt } from './opening.ts'
import type { Refuse, Use } from './pipeline-price.ts'
import type { PipelineInput } from './pipeline-steps.ts'
import { ceilingOf, usedText } from './pool-room.ts'

/** One way to make what is wanted, and what of it is still to run. */
export interface Draft {
  plan: Plan
  pipeline: PipelinePolicy
  uses: Use[]
}

/** One way, before it is compared with the others. */
export type Sketch = Omit<Alternative, 'why'>

/** One that is not shown, and the reason. */
interface Left {
  name: string
  why: string
}

type Seeing = Pick<PipelineInput, 'policy' | 'world' | 'now'>

const HOUR = 3_600_000

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The plan with the ways among which people may choose: itself first, then the two best alternatives that the policy names and that could be
 * carried out now; why others are not offered is among its reasons. What nobody is asked about stays as it is.
 */
export const withAlternatives = (
  { plan, pipeline, uses }: Draft,
  seeing: Seeing,
  drafted: (chosen: Chosen) => Draft | Refuse,
): Plan => {
  const names = Object.keys(pipeline.alternatives ?? {}).sort(byText)
  if (names.length === 0 || !plan.approval.required) return plan
  const made = names.map((name) => ({ name, draft: nowOrLater(name, pipeline, { ...seeing, drafted }) }))
  const refused = made.flatMap(({ name, draft }) => ('kind' in draft ? [{ name, why: draft.detail }] : []))
  const others = made.flatMap(({ name, draft }) => ('kind' in draft ? [] : [sketchOf(name, draft, seeing)]))
  const first = sketchOf(DEFAULT, { plan, pipeline, uses }, seeing)
  const { shown, left } = bestOf(first, others)
  const reasons = [...refused, ...left].sort((a, b) => byText(a.name, b.name)).map(leftText)
  const beside = shown.map((one) => ({ ...one, why: comparedText(one, first) }))
  return {
    ...plan,
    reasons: [...plan.reasons, ...reasons],
    ...(beside.length === 0 ? {} : { alternatives: [{ ...first, why: FIRST }, ...beside] }),
  }
}

/** The alternative as it could begin now; else, where the policy lets it wait for that, once its pools open, or the budget turns. */
export const nowOrLater = (
  name: string,
  { stages, alternatives = {} }: PipelinePolicy,
  { drafted, ...seeing }: Seeing & { drafted: (chosen: Chosen) => Draft | Refuse },
): Draft | Refuse => {
  const now = drafted({ name })
  const said = own(alternatives, name)
  if (!('kind' in now) || said === undefined) return now
  const pools = new Set(stagesAs(stages, said, nameOfStage).map(({ pool }) => pool))
  // What an opening comes too late for, or too soon, may be out for another reason than now.
  let last = now
  for (const from of laterTimes(said, pools, seeing)) {
    if (!mayDo(last, from, { ...seeing, pools })) continue
    const then = drafted({ name, from })
    if (!('kind' in then)) return then
    last = then
  }
  return now
}

const FIRST = 'it is what the stages of the policy say, and what is taken where nobody has to be asked'

const leftText = ({ name, why }: Left): string => `its alternative ${name} is not offered: ${why}`

/** What people weigh against each other. */
const sketchOf = (name: string, { plan, uses }: Draft, seeing: Seeing): Sketch => {
  const { from } = plan.bounds
  const full = waitsIn(uses, from === undefined ? seeing : { ...seeing, world: openedAt(seeing, from) })
  const hours = centsRange(addRange(...uses.map((use) => use.hours)))
  const spot = uses.filter(({ pool }) => pool.capacityTypes.includes('spot'))
  return {
    name,
    digest: plan.digest,
    bounds: plan.bounds,
    price: plan.price.total,
    uses: uses.map(useText),
    hours,
    done: full.length > 0 ? null : Math.max(seeing.now, from ?? 0) + Math.round(hours.p95 * HOUR),
    exposed: centsRange(addRange(...spot.map((use) => use.hours))).p95,
    risks: [...spotRisk(spot), ...full.map((pool) => `it waits for room in ${pool}, and nobody knows until when`)],
  }
}

const useText = ({ stage, poolName, pool, ...use }: Use): string =>
  `${stage} on ${usedText(use)} of ${poolName} (${pool.capacityTypes.join(' or ')})`

const spotRisk = (spot: readonly Use[]): string[] =>
  spot.length === 0
    ? []
    : [
        `${spot.map(({ stage }) => stage).join(', ')}: a spot node may be taken back at any time, and a stage that is cut off begins anew, all within what it may cost at most`,
      ]

/** Pools that have no room for it now. */
const waitsIn = (uses: readonly Use[], { world }: Seeing): string[] => {
  const pools = new Map(uses.map(({ poolName, pool }) => [poolName, pool]))
  return [...pools].flatMap(([name, pool]) => {
    const need = Math.max(...uses.map((use) => (use.poolName === name ? use.gpus : 0)))
    const free = ceilingOf(name, pool, world) - (own(world.pools, name)?.heldByOthers ?? 0)
    return need > free ? [name] : []
  })
}

/** How dear, how late and how risky it is: each is the worse the greater it is. What waits for room is later than what has a time. */
const axesOf = ({ price, done, hours, exposed }: Sketch): readonly number[] => [
  price.p50,
  price.p95,
  done ?? WAITS + hours.p95 * HOUR,
  exposed,
]

/** Later than any time that a clock has, milliseconds. */
const WAITS = 8.7e15

/** Whether one is as dear, as late and as risky as another or more so, and in one of these more: nobody gains by choosing it. */
export const isWorse = (one: Sketch, than: Sketch): boolean => {
  const [mine, others] = [axesOf(one), axesOf(than)]
  const pairs = mine.map((value, at): [number, number] => [value, others[at] ?? 0])
  return pairs.every(([a, b]) => a >= b) && pairs.some(([a, b]) => a > b)
}

/**
 * Of what could be taken in place of the first the two best: the cheapest, and of the rest what is done soonest. None is worse than another
 * one, none comes to the same as another; in whatever order they are given, it answers the same.
 */
export const bestOf = (first: Sketch, others: readonly Sketch[]): { shown: Sketch[]; left: Left[] } => {
  const all = [first, ...others.toSorted((a, b) => byText(a.name, b.name))]
  const why = (one: Sketch): string | null => {
    const same = all.find((other) => other === one || other.digest === one.digest)
    if (same !== undefined && same !== one) return `it comes to the same as ${same.name}`
    const better = all.find((other) => isWorse(one, other))
    return better === undefined ? null : `${better.name} is no dearer, done no later and no riskier`
  }
  const judged = all.slice(1).map((one) => ({ one, why: why(one) }))
  const good = judged.flatMap((each) => (each.why === null ? [each.one] : []))
  const [cheapest] = good.toSorted(byAxes([1, 0, 2, 3]))
  const [soonest] = good.filter((one) => one !== cheapest).toSorted(byAxes([2, 1, 0, 3]))
  const shown = [cheapest, soonest].filter((one) => one !== undefined)
  const left = judged.flatMap(({ one, why: reason }) =>
    shown.includes(one) ? [] : [{ name: one.name, why: reason ?? 'two others are cheaper, or done sooner' }],
  )
  return { shown, left }
}

/** By these of the axes in turn, then by name. */
const byAxes =
  (order: readonly number[]) =>
  (a: Sketch, b: Sketch): number => {
    const at = order.find((index) => axesOf(a)[index] !== axesOf(b)[index])
    return at === undefined ? byText(a.name, b.name) : (axesOf(a)[at] ?? 0) - (axesOf(b)[at] ?? 0)
  }

/** Why it is not the default: what it has for it, and against it. */
const comparedText = (one: Sketch, first: Sketch): string =>
  `not the default: ${[moneyText(one, first), timeText(one, first), riskText(one, first)].flat().join(', ')}`

const moneyText = ({ price: { p95 } }: Sketch, first: Sketch): string => {
  const more = p95 - first.price.p95
  if (Math.abs(more) < 0.005) return 'it costs as much at most'
  return `it costs ${usd(Math.abs(more))} ${more < 0 ? 'less' : 'more'} at most`
}

const timeText = (one: Sketch, first: Sketch): string => {
  if (first.done === null && one.done !== null) return 'need not wait for room'
  if (one.done === null && first.done !== null) return 'has to wait for room'
  if (one.done === null || first.done === null) {
    const longer = tenths(one.hours.p95 - first.hours.p95)
    return longer === 0
      ? 'takes as long once it has room'
      : `takes ${Math.abs(longer)} h ${longer > 0 ? 'longer' : 'less'} once it has room`
  }
  const later = tenths((one.done - first.done) / HOUR)
  return later === 0
    ? 'is done as soon'
    : `is done ${Math.abs(later)} h ${later > 0 ? 'later' : 'sooner'} in the bad case`
}

const tenths = (hours: number): number => Math.round(hours * 10) / 10

const riskText = ({ exposed }: Sketch, first: Sketch): string[] => {
  if (exposed === first.exposed) return []
  if (exposed === 0) return ['and no node of it is taken back']
  return [exposed > first.exposed ? 'and is at risk on spot for longer' : 'and is at risk on spot for less time']
}
