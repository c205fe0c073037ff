import { isServed } from '../lane-kinds/serving.ts'
import type { Planned } from '../plan.ts'
import { graceOfServing } from '../workloads/draining.ts'
import { servingObjects } from '../workloads/serving.ts'
import type { GenerationView } from '../world.ts'
import { asManyAsFit, whereAllHaveRoom } from './as-many.ts'
import { handOn, withHand } from './by-hand.ts'
import { editedText, interruptsOf, isEditedByHand, replicaCount, replicasOf, stuckTexts } from './generations.ts'
import { withReplicasNow } from './scaled.ts'
import { scaledPrice, scaledTexts } from './scaled-price.ts'
import { rangeOf } from './scaled-range.ts'
import { drainTexts } from './serve-drain.ts'
import { partsOff, planParts } from './serve-parts.ts'
import {
  answeringOn,
  type Chosen,
  goneSentence,
  ledOf,
  pathOf,
  reasonsOf,
  unansweredOn,
  undoOf,
  waitingOn,
} from './serve-path.ts'
import { asAgreedBefore, type Draft, finishPlan, pricedFor, type ServeInput } from './serve-plan.ts'
import { costAtPoints } from './serve-price.ts'
import { planStanding } from './serve-ready.ts'
import {
  aheadOf,
  backElsewhere,
  deadlockSentence,
  gpusByPool,
  oncePassed,
  type Rule,
  slotGpus,
  whyNoMost,
  whyTooSmall,
} from './serve-room.ts'
import { buildOf, isEdited, type Standing, standingOf, titleOfPlan, type Wanted } from './serve-standing.ts'
import { type Rollout, rolloutSteps } from './serve-steps.ts'
import { baseReasons, diskReasons, weightsAsked, weightsText, whyNoWeights } from './serve-weights.ts'
import { isLedTo, lostBy } from './traffic.ts'

/** The plan of what rises: from whatever stands now to the wanted version alone. */
export const planRollout = (input: ServeInput, given: Rule, wanted: Wanted): Planned => {
  const standing = standingOf(input, given, wanted)
  const planOf = (gone: number, isPaper = false): Planned => {
    const now = { input, rule: withReplicasNow(input.policy, given, { ...standing, gone }) }
    const at = isPaper ? whereAllHaveRoom(now) : now
    return withHand(planFrom(at.input, { ...at, wanted, standing }), handOn(at.input, at.rule, { wanted, standing }))
  }
  // Of what is scaled as many are made anew as somebody has deleted, or as have room of these.
  const { baseline, policy, agreed } = input
  const gone = standing.base === undefined && rangeOf(policy, given.service) !== null ? (baseline?.replicas ?? 0) : 0
  return gone > 1 ? asManyAsFit({ most: gone, agreed }, planOf) : planOf(gone)
}

/** The same, from what stands. */
const planFrom = (
  input: ServeInput,
  { rule, wanted, standing }: { rule: Rule; wanted: Wanted; standing: Standing },
): Planned => {
  const { generations } = input.world
  const { others } = standing
  const { version } = wanted.desired
  const asItIs = planAsItIs(input, { rule, wanted, standing })
  if (asItIs !== null) return asItIs
  const looked = { policy: input.policy, service: rule.service }
  const weights = whyNoWeights(wanted, looked)
  if (weights !== null) return weights
  const small = whyTooSmall(rule)
  if (small !== null) return { kind: 'refuse', reason: 'pool-too-small', detail: small }
  const gpusIn = (view: GenerationView) => (view.pool === rule.poolName ? slotGpus(rule, view.gpusPerReplica) : 0)
  const led = ledOf(input, wanted, { standing, leaving: replicasOf(others, gpusIn) })
  const { leaving } = led
  const from = { rule, standing, leaving, led, generations, baseline: input.baseline }
  const inside = pathOf(from, input.within)
  const chosen = inside.kind === 'path' ? inside : pathOf(from)
  // All that it may have is waited for, whatever fits now.
  const most = whyNoMost(rule, `serving v${version}`, generations)
  const full = chosen.kind === 'deadlock' ? deadlockSentence(chosen, { rule, version, generations }) : null
  if (chosen.kind === 'deadlock' || most !== null)
    return (
      planLater(input, { rule, wanted, standing }) ?? wouldDeadlock([most ?? full ?? '', ...stuckTexts(input.world)])
    )
  return rolloutOf(input, { rule, wanted, standing, leaving, chosen, led })
}

const wouldDeadlock = (why: readonly string[]): Planned => ({
  kind: 'refuse',
  reason: 'would-deadlock',
  detail: why.join('; '),
})

/** The plan of a way that was chosen. */
const rolloutOf = (input: ServeInput, from: Chosen): Planned => {
  const { rule, wanted, standing } = from
  const looked = { policy: input.policy, service: rule.service }
  const draft = draftRollout(input, from)
  const open = weightsAsked(wanted.desired, looked)
  const planned = finishPlan(input, {
    ...draft,
    ...(open === null ? {} : { open, ...(isKnownHere(input, wanted) ? {} : { asks: open }) }),
    weights: weightsText(wanted.desired, rule.service),
    template: standing.digest,
    reasons: [
      ...takenAway(standing.others),
      ...baseReasons(wanted.desired, rule.service),
      ...diskReasons(wanted, rule.service),
      ...(wanted.engine.open === null ? [] : [wanted.engine.open]),
      ...draft.reasons,
      ...(open === null ? [] : [open]),
    ],
  })
  return planned.kind === 'plan' && isEdited(standing) ? { ...planned, edits: true } : planned
}

/** Where it stands alone as it is wanted, and was judged: nothing is to be done, or what stands beside it is set right. Null: it does not. */
const planAsItIs = (
  input: ServeInput,
  { rule, wanted, standing }: { rule: Rule; wanted: Wanted; standing: Standing },
): Planned | null => {
  const { target, others, judged, digest } = standing
  const { replicas } = rule.service
  if (!judged || target === undefined) return null
  // How far it is scaled is agreed to, or no more.
  if (rule.range?.max !== (rule.range === undefined ? target.upTo : input.baseline?.upTo)) return null
  // What goes on without its Deployment takes no orders: that comes before anything else is asked of it.
  const isAlone = target.alone !== undefined
  if (!isAlone && (others.length > 0 || target.replicas !== replicas || target.digest !== digest)) return null
  const { traffic = null } = input.world
  const isLed = traffic !== null && isLedTo(traffic, target.generation)
  const parts = partsOff(input, rule, { wanted, standing })
  if (parts !== null && (isAlone || parts.lane !== null || isLed))
    return planParts(input, rule, { wanted, view: target, parts, template: digest })
  const reason = `v${wanted.desired.version} stands alone with ${replicaCount(replicas)}`
  return isLed ? planStanding(input, rule, { view: target, template: digest, reason }) : null
}

/**
 * The same with the room that others' pods wait for which go after its own, and then with what there is once others have given back what they
 * hold for a while: it waits in the pool's line for that. Null: there is none of either.
 */
const planLater = (input: ServeInput, from: Parameters<typeof planFrom>[1]): Planned | null => {
  const rule = aheadOf(from.rule) ?? oncePassed(from.rule)
  if (rule === null) return null
  const world = { ...input.world, pools: { ...input.world.pools, [rule.poolName]: rule.view } }
  return planFrom({ ...input, world }, { ...from, rule })
}

/** The version that stood here as the last that succeeded: that it is served was decided then, whatever its pods are made anew for. */
const isKnownHere = ({ baseline }: ServeInput, { desired }: Wanted): boolean =>
  baseline !== null && isServed(baseline.desired) && baseline.desired.digest === desired.digest

/** Who approves undoes what somebody has done by hand, perhaps at night: the card says who, and what. */
const takenAway = (leaving: readonly GenerationView[]): string[] =>
  leaving.filter(isEditedByHand).map((view) => `${editedText(view)}: this takes it away`)

/** What scales it goes by a step of its own only where none moves. */
const scalingOf = ({ rule, standing: { target, judged }, chosen }: Chosen): Pick<Rollout, 'range' | 'unscales'> => {
  const isMoved = chosen.strategy.path.length > 1 || (!judged && chosen.gateAfter === 0)
  const isScaled = target?.upTo !== undefined && rule.range === undefined
  return { range: rule.range ?? null, unscales: isScaled && !isMoved ? target : null }
}

const backOf = (input: ServeInput, { rule, standing: { base, target } }: Chosen): Record<string, number> =>
  base === target
    ? {}
    : backElsewhere(input, rule, { base, replicas: input.baseline?.replicas ?? rule.service.replicas })

const draftRollout = (input: ServeInput, from: Chosen): Draft => {
  const { rule, wanted, standing, leaving, led, chosen } = from
  const {
    policy,
    world: { generations },
  } = input
  const { service } = rule
  const strategy = { ...chosen.strategy, ...(rule.range && { upTo: rule.range.max }) }
  const { target, judged } = standing
  const generation = target?.generation ?? wanted.generation
  const built = { ...buildOf(input, rule, wanted), generation }
  const objects = servingObjects(built)
  const gateAfter = judged ? null : chosen.gateAfter
  const { path } = strategy
  const rising = { pool: rule.poolName, gpus: service.gpusPerReplica }
  const priced = { ...pricedFor(input, service), agreed: asAgreedBefore(input), leaving, path, gateAfter, rising }
  const costs = costAtPoints(priced)
  const moving = { leaving, path, gateAfter, led, costs, waiting: waitingOn(from), ...scalingOf(from) }
  const steps = rolloutSteps({ ...built, name: rule.name, policy, objects, ...moving })
  const jobs = steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
  return {
    title: titleOfPlan(wanted, rule, standing),
    steps,
    objects: [...Object.values(objects), ...jobs],
    interrupts: interruptsOf(standing.others, `v${wanted.desired.version}`),
    price: scaledPrice(priced, rule.range),
    ending: (graceOfServing(objects.deployment) / 3_600_000) * Math.max(0, ...costs.map(({ extra }) => extra)),
    ...heldOf(input, from),
    unavailable: unavailableOn(from),
    ...answeringOn(from),
    ...unansweredOn(from, generations),
    strategy,
    undo: undoOf(wanted, standing, {
      had: input.baseline?.replicas ?? service.replicas,
      baseline: input.baseline,
    }),
    reasons: [...whyOf(input, from), ...drainTexts(leaving), ...scaledTexts(priced, rule.range)],
  }
}

/** Of what is scaled it is of any number that it may have by the time when somebody answers. */
const unavailableOn = ({ rule: { service, range }, led }: Chosen): number =>
  Math.min(Math.max(service.maxUnavailable, lostBy(led, service.replicas)), range?.max ?? service.replicas)

const whyOf = (input: ServeInput, from: Chosen): string[] => [
  ...goneSentence(input, from),
  ...reasonsOf(from, input.world.generations),
]

/** Of what is scaled all that it may have, from its first move on: an autoscaler asks nobody. */
const heldOf = (input: ServeInput, from: Chosen): Pick<Draft, 'gpus' | 'stands'> => {
  const { service, poolName, range } = from.rule
  const most = (range?.max ?? 0) * slotGpus(from.rule, service.gpusPerReplica)
  const way = { pool: poolName, peak: Math.max(from.chosen.peakGpus, most), back: backOf(input, from) }
  return {
    gpus: gpusByPool(way, input.world.generations, input.policy),
    stands: { [poolName]: Math.max(service.replicas, range?.max ?? 0) * service.gpusPerReplica },
  }
}
