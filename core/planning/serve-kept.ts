import type { ServeDesired } from '../desired.ts'
import type { KubeObject } from '../kube.ts'
import { isServed } from '../lane-kinds/serving.ts'
import type { Planned } from '../plan.ts'
import type { Engine } from '../workloads/engine.ts'
import type { GenerationView } from '../world.ts'
import { asChanged } from './as-it-stands.ts'
import { asIfAllHadRoom, asManyAsFit } from './as-many.ts'
import { asHas, isRescaled, policyHas, type Then } from './as-policy-has.ts'
import { withHand } from './by-hand.ts'
import { answersOf, editedText, isEditedByHand, replicaCount, titleOf } from './generations.ts'
import { isByHand, isOurCount, type Off, offText } from './kept-off.ts'
import { whyNoRoom } from './kept-room.ts'
import { costing, stepsOf, tellStep } from './kept-way.ts'
import { standsFor } from './returns-to.ts'
import { isWithin, rangeOf } from './scaled-range.ts'
import { goneIn, planGone } from './serve-gone.ts'
import { type Parts, partsOff } from './serve-parts.ts'
import { finishPlan, heldNow, pricedFor, type ServeInput } from './serve-plan.ts'
import { type PricedPath, servePrice } from './serve-price.ts'
import type { Rule } from './serve-room.ts'
import { isAnswered, isLedTo, named, outTexts } from './traffic.ts'
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
  const has = policyHas(asJudged, rule)
  const { baseline } = asJudged
  const input =
    has === null || baseline === null ? asJudged : { ...asJudged, baseline: { ...baseline, replicas: has.replicas } }
  const kept = { ...given, back: given.backOf(input) }
  const gone = goneIn(input)
  if (gone !== null) return planGone(input, rule, { gone, ...kept })
  const off = offOf(input, rule, { ...kept, has })
  if (off === null) return { kind: 'nothing', reason: asJudgedText(standsFor(input.world.generations, input.baseline)) }
  const text = offText(off, input)
  if (rule.service.onEdit !== 'tell' || !isByHand(off)) {
    const planned = planOff(input, rule, { off, back: kept.back, text })
    return has !== null && planned.kind === 'plan' && off.replicas !== null
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
  { engineFor, has }: Pick<Kept, 'engineFor'> & Pick<Off, 'has'>,
): Off | null => {
  const { world, baseline } = input
  const base = standsFor(world.generations, baseline)
  if (base === undefined || baseline === null || !isServed(baseline.desired)) return null
  const replicas = baseline.replicas ?? base.replicas
  const elsewhere = isAskedElsewhere(input, base)
  // As it stands until people have agreed to another number of it, or others have room.
  const isLeft = has !== null || (base.replicas > 0 && isOurCount(base))
  const service = { ...rule.service, replicas: isLeft ? base.replicas : replicas }
  const wanted = { desired: baseline.desired, engine: engineFor(baseline.desired), generation: base.generation }
  const found = partsOff(input, { ...rule, service }, { wanted, standing: { target: base } })
  const parts = found === null ? null : partsOfLane(found, { elsewhere, isAnswered: isAnswered(world) })
  const isScaled = !elsewhere && isOtherThan(input, rule, { base, replicas, has })
  return parts === null && !isScaled ? null : { base, parts, replicas: isScaled ? replicas : null, has, wanted }
}

/** What beside it is off: where something else answers that requests are led to, whom they are led to is not. Null: nothing. */
const partsOfLane = (found: Parts, at: { elsewhere: boolean; isAnswered: boolean }): Parts | null => {
  const parts = { ...found, lane: at.elsewhere ? null : found.lane, answers: found.answers || at.isAnswered }
  return parts.lane === null && parts.others.length === 0 ? null : parts
}

/** More than were judged are held, and end nothing, and so does any number within the range; as the policy has it by now they are as many. */
const isOtherThan = (
  input: ServeInput,
  { service }: Rule,
  { base, replicas, has }: Pick<Off, 'base' | 'has'> & { replicas: number },
): boolean =>
  has === null
    ? !isWithin(rangeOf(input.policy, service), base) && base.replicas < replicas
    : base.replicas !== replicas || isRescaled(has, input)

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

const planOff = (input: ServeInput, rule: Rule, given: Setting): Planned => {
  const { off, back } = given
  const { base, parts, replicas, has } = off
  // What a question about its replicas would keep waiting is set right before that.
  if (replicas === null || (parts !== null && base.replicas > 0)) return planTo(input, rule, { ...given, count: null })
  const planOf = (count: number, isPaper: boolean): Planned => {
    const full = whyNoRoom(input, rule, { base, has, want: back.wantReplicas, count })
    if (full !== null && !(isPaper && full.reason === 'would-deadlock')) return full
    return planTo(isPaper ? { ...input, world: asIfAllHadRoom(input.world) } : input, rule, { ...given, count })
  }
  if (has !== null) return planOf(replicas, false)
  return asManyAsFit({ most: replicas, stand: base.replicas, agreed: input.agreed }, planOf)
}

/** The plan to so many replicas; `count` null: to those that it has, which costs nothing. */
const planTo = (
  input: ServeInput,
  rule: Rule,
  { off, back, text, count }: Setting & { count: number | null },
): Planned => {
  const { world } = input
  const { base, parts, has } = off
  const isFree = count === null
  const replicas = count ?? base.replicas
  // From all it is led to the one step by step as from anywhere else; where that is right it stays so.
  const traffic = parts?.lane == null ? base.generation : back.traffic
  const way = { ...back, generations: [base], wantReplicas: replicas, traffic }
  const { path } = wayBack(way)
  const rising = { pool: base.pool, gpus: base.gpusPerReplica }
  const priced = { ...pricedFor(input, rule.service), leaving: [], path, gateAfter: null, rising }
  const then =
    isFree || has === null
      ? asItWas(off, rule, { replicas, priced })
      : asHas(input, rule, { ...off, has, replicas, priced })
  const after = world.generations.map((view) => (view === base ? then.after : view))
  // What is agreed to anew takes the place of what was.
  const stands = heldNow({
    ...input,
    world: { ...world, generations: after },
    ...(then.strategy && { baseline: null }),
  })
  const more = Math.max(...path.map((point) => point.new)) - replicas
  const peak = { ...stands, [base.pool]: (stands[base.pool] ?? 0) + more * rising.gpus }
  const changed = asChanged(base, replicas)
  return finishPlan(input, {
    title: then.title,
    steps: [
      ...named(stepsOf(costing(walkBack(way), priced), { off, rule, back, then })),
      tellStep([text, ...changed.texts].join('; '), off),
    ],
    objects: [...wantedIn(parts), ...changed.objects, ...then.objects],
    interrupts: [],
    price: then.price,
    ...(isFree ? freely(base, stands) : costly(rule, { base, peak })),
    stands,
    strategy: then.strategy,
    undo: 'Nothing that answers is touched.',
    reasons: [text, ...(isFree ? [] : outTexts(world)), ...changed.texts, ...then.reasons, STAYS],
  })
}

const STAYS = 'what is wanted has ended otherwise, and stays so'

/** What costs nothing takes no more than stands, and asks nobody. */
const freely = (base: GenerationView, stands: Record<string, number>) => ({
  asks: null,
  unasked: `${judgedPart(base)} is as it was judged again`,
  gpus: stands,
  unavailable: 0,
})

const costly = ({ service }: Rule, { base, peak }: { base: GenerationView; peak: Record<string, number> }) => ({
  gpus: peak,
  unavailable: Math.min(service.maxUnavailable, service.replicas),
  stood: base.replicas,
})

/** What of the plan is otherwise where nothing is agreed to anew. */
const asItWas = (off: Off, rule: Rule, { replicas, priced }: { replicas: number; priced: PricedPath }): Then => ({
  title: titleOfKept(off, rule, replicas),
  after: { ...off.base, replicas },
  objects: [],
  price: servePrice(priced),
  strategy: null,
  reasons: [],
  steps: () => [],
})

/** Of what was changed by hand only what stands beside it is. */
const judgedPart = (base: GenerationView): string =>
  isEditedByHand(base) ? 'what stands beside what serves' : 'what serves'

const wantedIn = (parts: Parts | null): KubeObject[] =>
  parts === null ? [] : [...(parts.lane === null ? [] : [parts.lane]), ...parts.others].map((one) => one.wanted)

const titleOfKept = ({ base, parts }: Off, { name }: Rule, replicas: number): string => {
  const it = `${titleOf(base)}, which serves ${name}`
  if (base.replicas !== replicas) return `Bring ${it}, back to ${replicaCount(replicas)}${asChanged(base, replicas).as}`
  return parts?.answers === false
    ? `Lead requests to ${it}, again: nobody answers`
    : `Set right what stands beside ${it}`
}
