import type { ServeDesired } from '../desired.ts'
import type { KubeObject } from '../kube.ts'
import { isServed } from '../lane-kinds/serving.ts'
import type { Planned, Step, WayStep } from '../plan.ts'
import type { Engine } from '../workloads/engine.ts'
import type { GenerationView } from '../world.ts'
import { asChanged } from './as-it-stands.ts'
import { withHand } from './by-hand.ts'
import { answersOf, editedText, isEditedByHand, replicaCount, standingGpus, titleOf } from './generations.ts'
import { standsFor } from './returns-to.ts'
import { isBehindAlone, type Parts, partsOff, partsText, setStep } from './serve-parts.ts'
import { finishPlan, pricedFor, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
import { planRollout } from './serve-rollout.ts'
import { type Refuse, type Rule, roomIn, roomSentence } from './serve-room.ts'
import { isAnswered, isLedTo, named, switchStep } from './traffic.ts'
import { type WalkBackInput, walkBack, wayBack } from './walk-back.ts'

interface Kept {
  engineFor: (version: ServeDesired) => Engine
  /** The way to the baseline, as it would be walked. */
  back: WalkBackInput
}

/** What of the baseline is otherwise than it was left. */
interface Off {
  base: GenerationView
  parts: Parts | null
  /** Replicas that it had, where somebody has taken some of them. */
  replicas: number | null
}

/**
 * The plan of what serves while what is wanted stays as it has ended: its replicas, whom the lane's Service leads to, and what stands
 * beside it are as they were judged. Nothing else is touched, its template least of all. What costs nothing goes first, and asks nobody.
 */
export const planKept = (input: ServeInput, rule: Rule, kept: Kept): Planned => {
  const gone = goneIn(input)
  if (gone !== null) return planGone(input, rule, { gone, ...kept })
  const off = offOf(input, rule, kept)
  if (off === null) return { kind: 'nothing', reason: asJudgedText(standsFor(input.world.generations, input.baseline)) }
  const text = offText(off, input)
  const isByHand = off.replicas !== null || off.parts === null || !isBehindAlone(off.parts)
  if (rule.service.onEdit !== 'tell' || !isByHand)
    return withHand(planOff(input, rule, { off, back: kept.back, text }), { text, tells: false })
  return { kind: 'nothing', reason: text, hand: { text, tells: true } }
}

/** The version that was judged last, where nothing of it stands any more and nothing else answers requests either; null: something does, or none ever was. */
const goneIn = ({ world, baseline }: ServeInput): Gone | null => {
  if (baseline === null || !isServed(baseline.desired) || standsFor(world.generations, baseline) !== undefined)
    return null
  const { generation, stands = generation, desired, replicas } = baseline
  return isAnswered(world) ? null : { desired, stands, replicas }
}

interface Gone {
  desired: ServeDesired
  stands: number
  replicas: number | null
}

/** What was judged is made anew, as a generation of its own: what the policy makes of its version by now was judged by nobody. */
const planGone = (
  input: ServeInput,
  rule: Rule,
  { gone: { desired, stands, replicas }, engineFor }: { gone: Gone; engineFor: Kept['engineFor'] },
): Planned => {
  const text = `nobody answers: somebody has deleted v${desired.version} (generation ${stands}), which served ${rule.name}`
  if (rule.service.onEdit === 'tell') return { kind: 'nothing', reason: text, hand: { text, tells: true } }
  const wanted = { desired, engine: engineFor(desired), generation: input.run.generation }
  // With as many as were judged, whatever the policy has of them by now.
  const service = { ...rule.service, replicas: replicas ?? rule.service.replicas }
  return withHand(planRollout(input, { ...rule, service }, wanted), { text, tells: false })
}

/** What somebody has changed of its pods is told, and stays. */
const asJudgedText = (base: GenerationView | undefined): string =>
  base === undefined || !isEditedByHand(base)
    ? 'what serves is as it was judged'
    : `what serves stands and is asked as it was judged, but ${editedText(base)}, which is not what was judged`

const offOf = (input: ServeInput, rule: Rule, { engineFor }: Pick<Kept, 'engineFor'>): Off | null => {
  const { world, baseline } = input
  const base = standsFor(world.generations, baseline)
  if (base === undefined || baseline === null || !isServed(baseline.desired)) return null
  const { desired } = baseline
  const wanted = { desired, engine: engineFor(desired), generation: base.generation }
  const replicas = baseline.replicas ?? base.replicas
  // As it was judged, whatever the policy has of its replicas by now.
  const service = { ...rule.service, replicas }
  const found = partsOff(input, { ...rule, service }, { wanted, standing: { target: base } })
  const elsewhere = isAskedElsewhere(input, base)
  const lane = elsewhere ? null : (found?.lane ?? null)
  const others = found?.others ?? []
  const { answers = true, to = base.generation } = found ?? {}
  const parts = lane === null && others.length === 0 ? null : { lane, others, answers, to }
  // More than were judged are held, and end nothing; of what serves no more nobody lacks any.
  const isScaled = !elsewhere && base.replicas < replicas
  return parts === null && !isScaled ? null : { base, parts, replicas: isScaled ? replicas : null }
}

/** Whether something else answers that the Service leads to: who has led it there has ended no service, and that serves. */
const isAskedElsewhere = ({ world: { generations, traffic = null } }: ServeInput, base: GenerationView): boolean =>
  typeof traffic === 'number' &&
  generations.some((view) => view !== base && isLedTo(traffic, view.generation) && answersOf(view) > 0)

const offText = ({ base, parts, replicas }: Off, { baseline }: ServeInput): string =>
  [
    ...(parts === null ? [] : [partsText(parts)]),
    ...(replicas === null
      ? []
      : [`somebody has scaled ${titleOf(base)} from ${baseline?.replicas} to ${replicaCount(base.replicas)}`]),
  ].join('; ')

/** Why its replicas cannot be brought back now: not one of them has room, or the policy has their pool no more. Null: one has. */
const whyNoRoom = (input: ServeInput, rule: Rule, { off, back }: { off: Off; back: WalkBackInput }): Refuse | null => {
  const { base } = off
  const there = roomIn(input, rule, base.pool)
  if (there === null) {
    const detail = `${titleOf(base)} stands in pool \`${base.pool}\`, which the policy has no more: nobody knows what a node there costs. Put it back, or promote a version in the pool that it has`
    return { kind: 'refuse', reason: 'pool-unknown', detail }
  }
  if (back.wantReplicas > base.replicas) return null
  const room = roomSentence(there, input.world.generations)
  const detail = `no replica of ${titleOf(base)} has room beside what stands: ${room}. It is asked about once one has`
  return { kind: 'refuse', reason: 'would-deadlock', detail }
}

const planOff = (
  input: ServeInput,
  rule: Rule,
  { off, back, text }: { off: Off; back: WalkBackInput; text: string },
): Planned => {
  const { policy, world } = input
  const { base, parts } = off
  // What a question about its replicas would keep waiting is set right before that.
  const isFree = off.replicas === null || (parts !== null && base.replicas > 0)
  const full = isFree ? null : whyNoRoom(input, rule, { off, back })
  if (full !== null) return full
  const replicas = isFree ? base.replicas : back.wantReplicas
  // From all it is led to the one step by step as from anywhere else; where that is right it stays so.
  const traffic = parts?.lane == null ? base.generation : back.traffic
  const way = { ...back, generations: [base], wantReplicas: replicas, traffic }
  const { path } = wayBack(way)
  const rising = { pool: base.pool, gpus: base.gpusPerReplica }
  const after = world.generations.map((view) => (view === base ? { ...view, replicas } : view))
  const inPolicy = ([pool]: [string, number]): boolean => Object.hasOwn(policy.pools, pool)
  const stands = Object.fromEntries(Object.entries(standingGpus(after)).filter(inPolicy))
  const more = Math.max(...path.map((point) => point.new)) - replicas
  const changed = asChanged(base, replicas)
  const peak = { [base.pool]: (stands[base.pool] ?? 0) + more * rising.gpus }
  return finishPlan(input, {
    title: titleOfKept(off, rule, replicas),
    steps: [
      ...named(stepsOf(walkBack(way), { off, rule, back, replicas })),
      tellStep([text, ...changed.texts].join('; '), off),
    ],
    objects: [...wantedIn(parts), ...changed.objects],
    interrupts: [],
    ...(isFree ? { asks: null, unasked: `${judgedPart(base)} is as it was judged again` } : {}),
    price: servePrice({ ...pricedFor(input, rule.service), leaving: [], path, gateAfter: null, rising }),
    gpus: isFree ? stands : { ...stands, ...peak },
    stands,
    unavailable: isFree ? 0 : Math.min(rule.service.maxUnavailable, rule.service.replicas),
    strategy: null,
    undo: 'Nothing that answers is touched.',
    reasons: [text, ...changed.texts, 'what is wanted has ended otherwise, and stays so'],
  })
}

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

const stepsOf = (
  way: readonly WayStep[],
  { off: { base, parts }, rule, back, replicas }: { off: Off; rule: Rule; back: WalkBackInput; replicas: number },
): Step[] => {
  const service = parts?.lane?.wanted as Extract<WayStep, { kind: 'switch-traffic' }>['service'] | undefined
  const led = way.map((step) => (step.kind === 'switch-traffic' && service !== undefined ? { ...step, service } : step))
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

const tellStep = (text: string, { parts, replicas }: Off): Step => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why:
    replicas === null && parts !== null && isBehindAlone(parts)
      ? 'the policy has it otherwise by now'
      : 'it was done by hand',
  text: `set right: ${text}`,
})
