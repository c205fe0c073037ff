import type { ServeDesired } from '../desired.ts'
import type { KubeObject } from '../kube.ts'
import { isServed } from '../lane-kinds/serving.ts'
import type { Planned, Step, WayStep } from '../plan.ts'
import type { Engine } from '../workloads/engine.ts'
import type { GenerationView } from '../world.ts'
import { asChanged } from './as-it-stands.ts'
import { asIfAllHadRoom, asManyAsFit } from './as-many.ts'
import { asPolicyHas, POLICYS, scaling } from './as-policy-has.ts'
import { withHand } from './by-hand.ts'
import { answersOf, editedText, isEditedByHand, replicaCount, standingGpus, titleOf } from './generations.ts'
import { isByHand, isOurCount, type Off, offText, whyToldOf } from './kept-off.ts'
import { standsFor } from './returns-to.ts'
import { isWithin, rangeOf } from './scaled-range.ts'
import { goneIn, planGone } from './serve-gone.ts'
import { type Parts, partsOff, setStep } from './serve-parts.ts'
import { finishPlan, pricedFor, type ServeInput } from './serve-plan.ts'
import { costAtPoints, type PricedPath, servePrice } from './serve-price.ts'
import { type Refuse, type Rule, roomIn, roomSentence } from './serve-room.ts'
import { isAnswered, isLedTo, named, outTexts, switchStep } from './traffic.ts'
import { type WalkBackInput, walkBack, wayBack } from './walk-back.ts'

interface Kept {
  engineFor: (version: ServeDesired) => Engine
  /** The way to the baseline, as it would be walked. */
  backOf: (input: ServeInput) => WalkBackInput
}

/**
 * The plan of what serves while what is wanted stays as it has ended: its replicas, whom the lane's Service leads to, and what stands
 * beside it are as they were judged. Nothing else is touched, its template least of all. What costs nothing goes first, and asks nobody.
 */
export const planKept = (asJudged: ServeInput, rule: Rule, given: Kept): Planned => {
  const input = asPolicyHas(asJudged, rule)
  const kept = { ...given, back: given.backOf(input) }
  const gone = goneIn(input)
  if (gone !== null) return planGone(input, rule, { gone, ...kept })
  const isPolicys = input !== asJudged
  const off = offOf(input, rule, { ...kept, isPolicys })
  if (off === null) return { kind: 'nothing', reason: asJudgedText(standsFor(input.world.generations, input.baseline)) }
  const text = offText(off, input)
  if (rule.service.onEdit !== 'tell' || !isByHand(off)) {
    const planned = planOff(input, rule, { off, back: kept.back, text })
    return isPolicys && planned.kind === 'plan' && off.replicas !== null
      ? planned
      : withHand(planned, { text, tells: false })
  }
  return { kind: 'nothing', reason: text, hand: { text, tells: true } }
}

/** What somebody has changed of its pods is told, and stays. */
const asJudgedText = (base: GenerationView | undefined): string =>
  base === undefined || !isEditedByHand(base)
    ? 'what serves is as it was judged'
    : `what serves stands and is asked as it was judged, but ${editedText(base)}, which is not what was judged`

const offOf = (
  input: ServeInput,
  rule: Rule,
  { engineFor, isPolicys }: Pick<Kept, 'engineFor'> & Pick<Off, 'isPolicys'>,
): Off | null => {
  const { world, baseline } = input
  const base = standsFor(world.generations, baseline)
  if (base === undefined || baseline === null || !isServed(baseline.desired)) return null
  const replicas = baseline.replicas ?? base.replicas
  const elsewhere = isAskedElsewhere(input, base)
  // As it stands until people have agreed to another number of it, or others have room.
  const isLeft = isPolicys || (base.replicas > 0 && isOurCount(base))
  const service = { ...rule.service, replicas: isLeft ? base.replicas : replicas }
  const wanted = { desired: baseline.desired, engine: engineFor(baseline.desired), generation: base.generation }
  const found = partsOff(input, { ...rule, service }, { wanted, standing: { target: base } })
  const parts = found === null ? null : partsOfLane(found, { elsewhere, isAnswered: isAnswered(world) })
  const isWanted = elsewhere || isWithin(rangeOf(input.policy, rule.service), base)
  const isScaled = !isWanted && isOtherThan(replicas, { base, isPolicys })
  return parts === null && !isScaled ? null : { base, parts, replicas: isScaled ? replicas : null, isPolicys }
}

/** What beside it is off: where something else answers that requests are led to, whom they are led to is not. Null: nothing. */
const partsOfLane = (found: Parts, at: { elsewhere: boolean; isAnswered: boolean }): Parts | null => {
  const parts = { ...found, lane: at.elsewhere ? null : found.lane, answers: found.answers || at.isAnswered }
  return parts.lane === null && parts.others.length === 0 ? null : parts
}

/** More than were judged are held, and end nothing; as the policy has it by now they are as many. */
const isOtherThan = (replicas: number, { base, isPolicys }: Pick<Off, 'base' | 'isPolicys'>): boolean =>
  isPolicys ? base.replicas !== replicas : base.replicas < replicas

/**
 * Whether something else answers that the Service leads to: who has led it there has ended no service, and that serves. What was at its gate when
 * something newer overtook it is no such thing while what was judged answers: who has led requests there has judged nothing.
 */
const isAskedElsewhere = (
  { world: { generations, traffic = null }, unjudged = [] }: ServeInput,
  base: GenerationView,
): boolean =>
  typeof traffic === 'number' &&
  !(unjudged.includes(traffic) && answersOf(base) > 0) &&
  generations.some((view) => view !== base && isLedTo(traffic, view.generation) && answersOf(view) > 0)

/** What is set right, and how. */
interface Setting {
  off: Off
  back: WalkBackInput
  text: string
}

/** Why so many of its replicas cannot be brought back now: not as many have room, or the policy has their pool no more. Null: they have. */
const whyNoRoom = (input: ServeInput, rule: Rule, { off, back, count }: Setting & { count: number }): Refuse | null => {
  const { base } = off
  const there = roomIn(input, rule, base.pool)
  if (there === null) {
    const detail = `${titleOf(base)} stands in pool \`${base.pool}\`, which the policy has no more: nobody knows what a node there costs. Put it back, or promote a version in the pool that it has`
    return { kind: 'refuse', reason: 'pool-unknown', detail }
  }
  // As many as the policy has, or none: as of any other plan of so many.
  if (off.isPolicys ? back.wantReplicas === count : count <= back.wantReplicas) return null
  const room = roomSentence(there, input.world.generations)
  const detail = off.isPolicys
    ? `not all of ${replicaCount(count)} of ${titleOf(base)} have room beside what stands: ${room}. It is asked about once they have`
    : `no replica of ${titleOf(base)} has room beside what stands: ${room}. It is asked about once one has`
  return { kind: 'refuse', reason: 'would-deadlock', detail }
}

const planOff = (input: ServeInput, rule: Rule, given: Setting): Planned => {
  const { base, parts, replicas, isPolicys } = given.off
  // What a question about its replicas would keep waiting is set right before that.
  if (replicas === null || (parts !== null && base.replicas > 0)) return planTo(input, rule, { ...given, count: null })
  const planOf = (count: number, isPaper: boolean): Planned => {
    const at = { ...given, count }
    const full = whyNoRoom(input, rule, at)
    if (full !== null && !(isPaper && full.reason === 'would-deadlock')) return full
    return planTo(isPaper ? { ...input, world: asIfAllHadRoom(input.world) } : input, rule, at)
  }
  if (isPolicys) return planOf(replicas, false)
  return asManyAsFit({ most: replicas, stand: base.replicas, agreed: input.agreed }, planOf)
}

/** The plan to so many replicas; `count` null: to those that it has, which costs nothing. */
const planTo = (
  input: ServeInput,
  rule: Rule,
  { off, back, text, count }: Setting & { count: number | null },
): Planned => {
  const { policy, world } = input
  const { base, parts } = off
  const isFree = count === null
  const replicas = count ?? base.replicas
  // From all it is led to the one step by step as from anywhere else; where that is right it stays so.
  const traffic = parts?.lane == null ? base.generation : back.traffic
  const way = { ...back, generations: [base], wantReplicas: replicas, traffic }
  const { path } = wayBack(way)
  const rising = { pool: base.pool, gpus: base.gpusPerReplica }
  const priced = { ...pricedFor(input, rule.service), leaving: [], path, gateAfter: null, rising }
  const after = world.generations.map((view) => (view === base ? { ...view, replicas } : view))
  const inPolicy = ([pool]: [string, number]): boolean => Object.hasOwn(policy.pools, pool)
  const stands = Object.fromEntries(Object.entries(standingGpus(after)).filter(inPolicy))
  const more = Math.max(...path.map((point) => point.new)) - replicas
  const changed = asChanged(base, replicas)
  const peak = { [base.pool]: (stands[base.pool] ?? 0) + more * rising.gpus }
  return finishPlan(input, {
    title: titleOfKept(off, rule, replicas),
    steps: [
      ...named(stepsOf(costing(walkBack(way), priced), { off, rule, back, replicas })),
      tellStep([text, ...changed.texts].join('; '), off),
    ],
    objects: [...wantedIn(parts), ...changed.objects],
    interrupts: [],
    ...(isFree ? { asks: null, unasked: `${judgedPart(base)} is as it was judged again` } : {}),
    price: servePrice(priced),
    gpus: isFree ? stands : { ...stands, ...peak },
    stands,
    unavailable: isFree ? 0 : Math.min(rule.service.maxUnavailable, rule.service.replicas),
    strategy: off.isPolicys && !isFree ? scaling(base, replicas) : null,
    ...(isFree ? {} : { stood: base.replicas }),
    undo: 'Nothing that answers is touched.',
    reasons: [
      text,
      ...(isFree ? [] : outTexts(world)),
      ...changed.texts,
      'what is wanted has ended otherwise, and stays so',
    ],
  })
}

/** Of what was changed by hand only what stands beside it is. */
const judgedPart = (base: GenerationView): string =>
  isEditedByHand(base) ? 'what stands beside what serves' : 'what serves'

const wantedIn = (parts: Parts | null): KubeObject[] =>
  parts === null ? [] : [...(parts.lane === null ? [] : [parts.lane]), ...parts.others].map((one) => one.wanted)

const titleOfKept = ({ base, parts, isPolicys }: Off, { name }: Rule, replicas: number): string => {
  const it = `${titleOf(base)}, which serves ${name}`
  if (base.replicas !== replicas && isPolicys)
    return `Scale ${it}, from ${base.replicas} to ${replicaCount(replicas)}${asChanged(base, replicas).as}`
  if (base.replicas !== replicas) return `Bring ${it}, back to ${replicaCount(replicas)}${asChanged(base, replicas).as}`
  return parts?.answers === false
    ? `Lead requests to ${it}, again: nobody answers`
    : `Set right what stands beside ${it}`
}

/** The way with what each of its moves costs: it is booked, and bound, as of any rollout. */
const costing = (way: readonly WayStep[], priced: PricedPath): WayStep[] => {
  const costs = costAtPoints(priced)
  return way.map((step) => {
    if (step.kind !== 'roll-out-model') return step
    const point = step.point.old + step.point.new
    const { extra = 0, beside = 0 } = costs[priced.path.findLastIndex((one) => one.old + one.new === point)] ?? {}
    return { ...step, perHour: extra, ...(beside === 0 ? {} : { beside }) }
  })
}

const stepsOf = (
  way: readonly WayStep[],
  {
    off: { base, parts, isPolicys },
    rule,
    back,
    replicas,
  }: { off: Off; rule: Rule; back: WalkBackInput; replicas: number },
): Step[] => {
  const service = parts?.lane?.wanted as Extract<WayStep, { kind: 'switch-traffic' }>['service'] | undefined
  const led = way.map((step) => {
    if (step.kind === 'switch-traffic') return service === undefined ? step : { ...step, service }
    return isPolicys ? { ...step, title: `Scale ${titleOf(base)} to ${replicaCount(replicas)}`, why: POLICYS } : step
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
  return [...led, ...lead, ...set]
}

const tellStep = (text: string, off: Off): Step => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why: whyToldOf(off),
  text: `set right: ${text}`,
})
