import type { KubeObject, ObjectRef } from '../kube.ts'
import { label } from '../names.ts'
import type { Planned, RollOutModelStep, Step } from '../plan.ts'
import { plainTime } from '../text.ts'
import { fieldText, setAt } from '../workloads/managed-fields.ts'
import { DIGEST_ANNOTATION } from '../workloads/object-digest.ts'
import { type Edit, editsOf, editsText } from '../workloads/same-content.ts'
import { servingObjects, trafficService } from '../workloads/serving.ts'
import { setRight } from '../workloads/set-right.ts'
import type { GenerationView } from '../world.ts'
import { answersOf, isEditedByHand, refOf, replicaCount } from './generations.ts'
import { madeAgain } from './left-alone.ts'
import { agreedRange } from './scaled-range.ts'
import { finishPlan, heldNow, pricedFor, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
import type { Rule } from './serve-room.ts'
import { asService, buildOf, type Standing, type Wanted } from './serve-standing.ts'
import { isLedTo, named, switchStep } from './traffic.ts'

/** What stands beside a Deployment and somebody has deleted, or changed. */
export interface Part {
  /** As it is to be. */
  wanted: KubeObject
  /** Null: it is gone. */
  live: KubeObject | null
  edits: readonly Edit[]
  /** The ReplicaSet that goes on without it, and that it takes back; left out: nothing does. */
  takes?: ObjectRef
  /** Where it stands as it was applied, and the policy has that otherwise by now; left out: nowhere. */
  behind?: string
}

/** What is off of all that stands beside the wanted version, which itself stands as it is wanted, but for what it is found by. */
export interface Parts {
  /** The lane's Service, which clients call. */
  lane: Part | null
  /** The generation's own, what drains are held to, and the Deployment where a label of it is gone. */
  others: Part[]
  /** Whether anybody is led to it. */
  answers: boolean
  /** Whom the lane's Service is to lead to. */
  to: number | 'all'
}

/** Compares what stands beside the target with what it is made of, by content; null: all of it is as it was applied, or nobody looked. */
export const partsOff = (
  input: ServeInput,
  rule: Rule,
  from: { wanted: Wanted; standing: Pick<Standing, 'target'> },
): Parts | null => {
  const { world, identity, run, policy } = input
  const { target } = from.standing
  if (world.parts === undefined || target === undefined) return null
  const { generation } = target
  const { traffic = null, parts } = world
  const answers = isLedTo(traffic, generation) && traffic !== null
  const { scales, ...whole } = buildOf(input, rule, from.wanted)
  const range = agreedRange(scales ?? null, input.baseline)
  const built = { ...whole, generation, ...(scales && range && { scales: { ...scales, ...range } }) }
  const to = ledTo(world, target)
  const service = trafficService({ identity, run, namespace: policy.namespaces.serving }, to)
  const { generationService, disruptionBudget, deployment, autoscaler } = servingObjects(built)
  const off = (wanted: KubeObject | undefined): Part[] => {
    if (wanted === undefined || !parts.kinds.includes(wanted.kind)) return []
    const { kind, metadata } = wanted
    const live = parts.objects.find((one) => one.kind === kind && one.metadata.name === metadata.name) ?? null
    const edits = live === null ? [] : [...labelsOff(live, wanted), ...editsOf(live, wanted)]
    const behind = live === null ? unscaled(wanted) : behindOf(live, { wanted, edits })
    const off = { wanted: setRight(wanted, edits), live, edits }
    if (behind !== null) return [{ ...off, behind }]
    return live === null || edits.length > 0 ? [off] : []
  }
  const [lane = null] = off(service)
  const others = [...labelled(target, deployment), ...[generationService, disruptionBudget, autoscaler].flatMap(off)]
  return lane === null && others.length === 0 ? null : { lane, others, answers, to }
}

/**
 * Whom the lane's Service is to lead to: what was judged. To all only while it stands alone, or does not answer itself: of what stands beside it
 * nobody knows that it was judged, and what has failed its gate is there where somebody has scaled that.
 */
const ledTo = ({ traffic, generations }: ServeInput['world'], target: GenerationView): number | 'all' => {
  const isBeside = generations.some((view) => view !== target && answersOf(view) > 0)
  return traffic === 'all' && (!isBeside || answersOf(target) === 0) ? 'all' : target.generation
}

/** What of a PodDisruptionBudget follows from the policy in force. */
const FOLLOWS = ['minAvailable', 'maxUnavailable'] as const

const digestIn = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[DIGEST_ANNOTATION]

/** A way takes what scales it away, and one back leaves that to this; so may a hand, and nothing that stands says which it was. Null: it is nothing that scales. */
const unscaled = ({ kind, metadata: { name } }: KubeObject): string | null =>
  kind === 'ScaledObject'
    ? `nothing scales ${name}: its ScaledObject is gone, by a way that has ended or because somebody has deleted it`
    : null

/** Where what drains are held to is ours as it stands, and the policy has it otherwise by now; null: nowhere. */
const behindOf = (live: KubeObject, { wanted, edits }: Pick<Part, 'wanted' | 'edits'>): string | null => {
  // Applied as it is wanted already: an admission has it otherwise, and would again.
  if (digestIn(live) === digestIn(wanted)) return null
  if (wanted.kind === 'ScaledObject') return `the policy has it otherwise by now what scales ${wanted.metadata.name}`
  if (wanted.kind !== 'PodDisruptionBudget') return null
  const [is, to] = [live, wanted].map((one) => (one as KubeObject<'PodDisruptionBudget'>).spec)
  const field = FOLLOWS.find((one) => to?.[one] !== undefined && to[one] !== is?.[one])
  if (field === undefined || edits.some((edit) => edit.field === fieldText(['spec', field]))) return null
  return `${fieldText(['spec', field])} of PodDisruptionBudget ${wanted.metadata.name} is ${is?.[field] ?? 'not said'}, and ${to?.[field]} by the policy in force`
}

/** Whether nobody's hand is in it: the policy has it otherwise alone. */
export const isBehindAlone = ({ lane, others }: Pick<Parts, 'lane' | 'others'>): boolean =>
  lane === null && others.every(({ behind, edits }) => behind !== undefined && edits.length === 0)

/** What lists find it by: the same from when it was made. */
const FOUND_BY: ReadonlySet<string> = new Set(['installation', 'lane', 'generation', 'task'].map(label))

const labelsOff = (live: KubeObject, wanted: KubeObject): Edit[] =>
  Object.entries(wanted.metadata.labels ?? {})
    .filter(([key, value]) => FOUND_BY.has(key) && live.metadata.labels?.[key] !== value)
    .map(([key]) => ({ field: fieldText(['metadata', 'labels', key]), by: null }))

/**
 * The Deployment, where somebody has taken a label of it, or has deleted it alone: applied as it was made it starts no pod. What it is made of is no
 * matter of this.
 */
const labelled = (view: GenerationView, wanted: KubeObject): Part[] => {
  const isAsMade = view.digest === digestIn(wanted) && !isEditedByHand(view)
  if (view.alone !== undefined)
    return isAsMade ? [{ wanted: madeAgain(wanted, view), live: null, edits: [], takes: view.alone }] : []
  const edits = labelsOff(view.object, wanted)
  return edits.length === 0 || !isAsMade ? [] : [{ wanted, live: view.object, edits }]
}

/** Who has done it, to what, and whether anybody answers. */
export const partsText = ({ lane, others, answers }: Parts): string => {
  const each = [...(lane === null ? [] : [lane]), ...others].map(partText).join('; ')
  return answers ? each : `nobody answers: ${each}`
}

const partText = (part: Part): string =>
  [...(part.behind === undefined ? [] : [part.behind]), ...handText(part)].join('; ')

const handText = ({ wanted, live, edits, takes, behind }: Part): string[] => {
  if (behind !== undefined && edits.length === 0) return []
  const it = `${wanted.kind} ${wanted.metadata.name}`
  if (takes !== undefined)
    return [
      `somebody has deleted ${it} alone, and ReplicaSet ${takes.name} runs on: made again it takes that back with its pods`,
    ]
  if (live === null) return [`somebody has deleted ${it}`]
  const at = setAt(live, edits[0]?.by ?? null)
  return [`${editsText(edits)} of ${it}${at === null ? '' : ` at ${plainTime(at)}`}${soonAfter(live, at)}`]
}

/** What is set so soon again is done by something that does so each time: setting it right ends nothing. Milliseconds. */
const SOON = 3_600_000

const OURS = /^signalbox-/

/** `at`: when it was changed; null: nobody says so of that field, and what another has set last counts. */
const soonAfter = (live: KubeObject, at: number | null): string => {
  const managers = (live.metadata.managedFields ?? []).map(({ manager = '' }) => manager)
  const lastOf = (all: readonly string[]): number => Math.max(...all.map((one) => setAt(live, one) ?? 0), 0)
  const ours = lastOf(managers.filter((one) => OURS.test(one)))
  const since = (at ?? lastOf(managers.filter((one) => !OURS.test(one)))) - ours
  return ours === 0 || since < 0 || since > SOON
    ? ''
    : `, ${Math.round(since / 60_000)} min after Signalbox had set it: see who does that, where it goes on`
}

/**
 * Sets right what is off beside what stands as it is wanted and was judged. It costs nothing, interrupts nobody, and ends what somebody's
 * hand has begun: so nobody is asked.
 */
export const planParts = (
  input: ServeInput,
  rule: Rule,
  { wanted, view, parts, template }: { wanted: Wanted; view: GenerationView; parts: Parts; template: string },
): Planned => {
  const { policy, identity, run } = input
  const { desired } = wanted
  const it = `${desired.model} v${desired.version}${asService(rule.name, desired)}`
  const text = partsText(parts)
  const where = { identity, run, namespace: policy.namespaces.serving, loadMinutes: rule.service.loadMinutes.p95 }
  const lead = switchStep(where, {
    to: parts.to,
    called: `v${desired.version}`,
    why: 'it was judged, and is what is wanted',
    ready: view.replicas,
  })
  const steps: Step[] = [
    ...(parts.lane === null ? [] : [{ ...lead, service: parts.lane.wanted as typeof lead.service }]),
    ...(parts.others.length === 0 ? [] : [setStep(view, rule, parts.others)]),
    {
      kind: 'notify',
      name: 'notify',
      title: 'Tell the channel',
      why: isBehindAlone(parts) ? 'the policy has it otherwise by now' : 'it was done by hand',
      text: `set right: ${text}`,
    },
  ]
  const held = heldNow(input)
  const rising = { pool: view.pool, gpus: view.gpusPerReplica }
  const path = [{ old: 0, new: view.replicas }]
  return finishPlan(input, {
    title: parts.answers ? `Set right what stands beside ${it}` : `Lead requests to ${it} again: nobody answers`,
    steps: named(steps),
    objects: [...(parts.lane === null ? [] : [parts.lane]), ...parts.others].map((part) => part.wanted),
    interrupts: [],
    asks: null,
    unasked: isBehindAlone(parts)
      ? `no pod starts or ends by it: ${parts.others.map(({ wanted }) => HELD_TO[wanted.kind] ?? 'it is as the policy says').join(', and ')}`
      : 'what was judged and is wanted is as it was',
    price: servePrice({ ...pricedFor(input, rule.service), leaving: [], path, gateAfter: null, rising }),
    gpus: held,
    stands: held,
    unavailable: 0,
    strategy: null,
    undo: 'Nothing that answers is touched.',
    template,
    reasons: [text],
  })
}

/** What follows the policy by itself, in words. */
const HELD_TO: Readonly<Record<string, string>> = {
  PodDisruptionBudget: 'drains are held to what the policy says',
  ScaledObject: 'it is scaled as the policy says, as far as people have agreed to',
}

/**
 * Applies these. They are no templates: what is applied anew starts no pod. It moves no replicas, so what scales these stays as people have agreed to
 * it, whatever the policy says by now and they are asked about.
 */
export const setStep = (view: GenerationView, { service, range }: Rule, parts: readonly Part[]): RollOutModelStep => {
  const { generation, replicas, upTo } = view
  const scaled = range ?? (upTo === undefined ? undefined : { min: 0, max: upTo })
  return {
    kind: 'roll-out-model',
    name: 'move-1',
    title: `Set right ${parts.map(({ wanted: { kind, metadata } }) => `${kind} ${metadata.name}`).join(' and ')}`,
    why: `${replicaCount(replicas)} of it stand as they are`,
    objects: parts.map(({ wanted }) => wanted),
    replicas: [{ ref: refOf(view), generation, replicas, replicasReady: replicas }],
    point: { old: 0, new: replicas },
    brings: null,
    loadMinutes: service.loadMinutes.p95,
    ...(scaled === undefined ? {} : { scaled }),
  }
}
