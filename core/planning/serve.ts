import type { NoneDesired, ServeDesired } from '../desired.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { isRetired, isServed } from '../lane-kinds/serving.ts'
import type { Planned } from '../plan.ts'
import { whyAsked, whyNoAddress, whyNotAllowed } from '../policy/sources.ts'
import type { Policy } from '../policy.ts'
import { graceOfServing } from '../workloads/draining.ts'
import { ENGINES, type Engine, type Engines, engineOf } from '../workloads/engines.ts'
import { servingObjects } from '../workloads/serving.ts'
import type { GenerationView } from '../world.ts'
import { compared, handOf, handOn, withHand } from './by-hand.ts'
import {
  baselineView,
  editedText,
  interruptsOf,
  isEditedByHand,
  replicaCount,
  replicasOf,
  titleOf,
} from './generations.ts'
import { notOurs } from './not-ours.ts'
import { planRetired } from './retire.ts'
import { answeringOn, type Chosen, ledOf, pathOf, reasonsOf, undoOf } from './serve-path.ts'
import { type Draft, finishPlan, pricedFor, type ServeInput } from './serve-plan.ts'
import { costAtPoints, servePrice } from './serve-price.ts'
import { planStanding } from './serve-ready.ts'
import {
  deadlockSentence,
  freeGpus,
  gpusByPool,
  oncePassed,
  type Rule,
  roomIn,
  ruleOf,
  slotGpus,
  whyTooSmall,
} from './serve-room.ts'
import { buildOf, isEdited, type Standing, standingOf, titleOfPlan, type Wanted } from './serve-standing.ts'
import { rolloutSteps } from './serve-steps.ts'
import { isLedTo, lostBy } from './traffic.ts'
import { gpusOf } from './walk.ts'
import { type WayBack, walkBack, wayBack } from './walk-back.ts'

/** The plan of a serving lane: from whatever stands now to the wanted version alone; or nothing to do; or why there is no way. */
export const planServe = (input: ServeInput, engines: Engines = ENGINES): Planned => {
  const { desired, world, policy, run } = input
  if (isRetired(desired)) return notOurs(world, null) ?? planRetired(input)
  const rule = ruleOf(policy, world, laneName(run.lane))
  if ('kind' in rule) return rule
  const touched = notOurs(world, run.generation)
  if (touched !== null) return touched
  if (isServed(desired) && desired.unfit !== undefined)
    return { kind: 'refuse', reason: 'source-not-allowed', detail: unfitSentence(desired, desired.unfit) }
  const engineFor = (version: ServeDesired): Engine => engineOf(version, rule.service, engines)
  const versions = [desired, ...(input.baseline === null ? [] : [input.baseline.desired])].filter(isServed)
  const looked = compared(
    input,
    rule,
    versions.map((version) => ({ desired: version, engine: engineFor(version) })),
  )
  return isServed(desired)
    ? planRollout(looked, rule, { desired, engine: engineFor(desired), generation: run.generation })
    : planNone(looked, desired, { rule, engineFor })
}

const unfitSentence = ({ model, version }: ServeDesired, why: string): string =>
  `v${version} of ${model} cannot be served: ${why}. Register it again, and promote that version`

/** The source names nothing: return to the baseline and remove nothing else (law 1). */
const planNone = (
  input: ServeInput,
  { model }: NoneDesired,
  { rule, engineFor }: { rule: Rule; engineFor: (version: ServeDesired) => Engine },
): Planned => {
  const { world, baseline, run, identity } = input
  const base = baselineView(world.generations, baseline)
  const hand = base !== undefined && isEditedByHand(base) ? handOf(base, world.generations, rule.service) : undefined
  if ((base === undefined || hand?.tells === false) && baseline !== null && isServed(baseline.desired))
    // What was judged is gone, and what the policy now makes of its version was not: it is a generation of its own, and judged.
    return withHand(
      planRollout(input, rule, {
        desired: baseline.desired,
        engine: engineFor(baseline.desired),
        generation: run.generation,
      }),
      hand,
    )
  const there = roomIn(input, rule, base?.pool ?? rule.poolName)
  const free = there === null ? Number.POSITIVE_INFINITY : freeGpus(there, world.generations)
  const back = {
    identity,
    run,
    baseline,
    namespace: input.policy.namespaces.serving,
    traffic: world.traffic ?? null,
    generations: world.generations,
    wantReplicas: rule.service.replicas,
    freeGpus: Number.isFinite(free) ? free : null,
    loadMinutes: rule.service.loadMinutes.p95,
    without: 'all' as const,
    called: 'move',
  }
  const [way, steps] = [wayBack(back), walkBack(back)]
  if (steps.length > 0) return withHand(finishPlan(input, draftBack(input, { rule, way, steps })), hand)
  const none = `no version of ${model} is promoted that can be served`
  if (base === undefined) return { kind: 'nothing', reason: `${none}, and nothing is served` }
  const reason = `${none}, and ${titleOf(base)} stands alone with ${replicaCount(base.replicas)}`
  return withHand(planStanding(input, rule, { view: base, reason }), hand)
}

const draftBack = (
  input: ServeInput,
  { rule, way: { base, leaving, path }, steps }: { rule: Rule; way: WayBack; steps: Draft['steps'] },
): Draft => {
  const { policy } = input
  const { generations } = input.world
  const rising = { pool: base?.pool ?? rule.poolName, gpus: base?.gpusPerReplica ?? 0 }
  const at = ({ old, new: up }: { old: number; new: number }): number =>
    gpusOf(leaving.slice(leaving.length - old)) + up * rising.gpus
  const end = base === undefined ? 'nothing' : titleOf(base)
  const text = `${rule.name} is back at ${end}: no version is promoted`
  return {
    title: `Return ${rule.name} to ${end}`,
    steps: [
      ...steps,
      { kind: 'notify', name: 'notify', title: 'Tell the channel', why: 'no version is promoted', text },
    ],
    objects: [],
    interrupts: interruptsOf(
      leaving.map(({ view }) => view),
      end,
    ),
    price: servePrice({
      ...pricedFor(input, rule.service),
      leaving,
      path,
      gateAfter: null,
      rising,
    }),
    gpus: gpusByPool({ pool: rising.pool, peak: Math.max(...path.map(at)) }, generations, policy),
    stands: { [rising.pool]: (path.at(-1)?.new ?? 0) * rising.gpus },
    unavailable: Math.min(rule.service.maxUnavailable, rule.service.replicas),
    strategy: null,
    undo: 'Promote a version: it is planned from where the lane then stands.',
    reasons: ['no version is promoted that can be served, so what remains is the last one that was judged and stood'],
  }
}

const planRollout = (input: ServeInput, rule: Rule, wanted: Wanted): Planned => {
  const standing = standingOf(input, rule, wanted)
  return withHand(planFrom(input, { rule, wanted, standing }), handOn(input, rule, standing))
}

/** The same, from what stands. */
const planFrom = (
  input: ServeInput,
  { rule, wanted, standing }: { rule: Rule; wanted: Wanted; standing: Standing },
): Planned => {
  const { service } = rule
  const { generations } = input.world
  const { target, others, judged, digest } = standing
  const { version } = wanted.desired
  const { traffic = null } = input.world
  const isLed = target !== undefined && traffic !== null && isLedTo(traffic, target.generation)
  if (judged && others.length === 0 && target?.replicas === service.replicas && target.digest === digest && isLed)
    return planStanding(input, rule, {
      view: target,
      template: digest,
      reason: `v${version} stands alone with ${replicaCount(service.replicas)}`,
    })
  const weights = whyNoWeights(wanted, input.policy)
  if (weights !== null) return weights
  const small = whyTooSmall(rule)
  if (small !== null) return { kind: 'refuse', reason: 'pool-too-small', detail: small }
  const leaving = replicasOf(others, (view) => (view.pool === rule.poolName ? slotGpus(rule, view.gpusPerReplica) : 0))
  const led = ledOf(input, wanted, { standing, leaving })
  const from = { rule, standing, leaving, led, generations, baseline: input.baseline }
  const inside = pathOf(from, input.within)
  const chosen = inside.kind === 'path' ? inside : pathOf(from)
  if (chosen.kind === 'deadlock')
    return (
      planLater(input, { rule, wanted, standing }) ?? {
        kind: 'refuse',
        reason: 'would-deadlock',
        detail: deadlockSentence(chosen, { rule, version, generations }),
      }
    )
  const draft = draftRollout(input, { rule, wanted, standing, leaving, chosen, led })
  const { source } = wanted.desired
  const open = whyAsked(wanted.desired, input.policy)
  const planned = finishPlan(input, {
    ...draft,
    ...(open === null ? {} : { open, ...(isKnownHere(input, wanted) ? {} : { asks: open }) }),
    weights: source,
    template: standing.digest,
    reasons: [...takenAway(standing.others), ...draft.reasons, ...(open === null ? [] : [open])],
  })
  return planned.kind === 'plan' && isEdited(standing) ? { ...planned, edits: true } : planned
}

/**
 * The same with the room that there is once others have given back what they hold for a while: it waits in the pool's line for that. Null:
 * they hold nothing so.
 */
const planLater = (input: ServeInput, from: Parameters<typeof planFrom>[1]): Planned | null => {
  const rule = oncePassed(from.rule)
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

/** Why these weights are not brought up; what stands already is asked nothing. */
const whyNoWeights = ({ desired, engine }: Wanted, policy: Policy): Planned | null => {
  const { source } = desired
  const odd = whyNoAddress(source)
  if (odd !== null) return { kind: 'refuse', reason: 'source-not-allowed', detail: odd }
  const unloadable = engine.cannotLoad(desired)
  if (unloadable !== null) return { kind: 'refuse', reason: 'source-not-loadable', detail: unloadable }
  const elsewhere = whyNotAllowed(source, policy)
  return elsewhere === null ? null : { kind: 'refuse', reason: 'source-not-allowed', detail: elsewhere }
}

const draftRollout = (input: ServeInput, from: Chosen): Draft => {
  const { rule, wanted, standing, leaving, led, chosen } = from
  const {
    policy,
    world: { generations },
  } = input
  const { service, poolName } = rule
  const { strategy, peakGpus } = chosen
  const { target, judged } = standing
  const generation = target?.generation ?? wanted.generation
  const built = { ...buildOf(input, rule, wanted), generation }
  const objects = servingObjects(built)
  const gateAfter = judged ? null : chosen.gateAfter
  const { path } = strategy
  const rising = { pool: poolName, gpus: service.gpusPerReplica }
  const priced = { ...pricedFor(input, service), leaving, path, gateAfter, rising }
  const costs = costAtPoints(priced)
  const moving = { leaving, path, gateAfter, led, costs }
  const steps = rolloutSteps({ ...built, name: rule.name, policy, objects, ...moving })
  const jobs = steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
  return {
    title: titleOfPlan(wanted, rule, standing),
    steps,
    objects: [...Object.values(objects), ...jobs],
    interrupts: interruptsOf(standing.others, `v${wanted.desired.version}`),
    price: servePrice(priced),
    ending: (graceOfServing(objects.deployment) / 3_600_000) * Math.max(0, ...costs.map(({ extra }) => extra)),
    gpus: gpusByPool({ pool: poolName, peak: peakGpus }, generations, policy),
    stands: { [poolName]: service.replicas * service.gpusPerReplica },
    unavailable: Math.min(Math.max(service.maxUnavailable, lostBy(led, service.replicas)), service.replicas),
    ...answeringOn(from),
    strategy,
    undo: undoOf(wanted, standing),
    reasons: reasonsOf(from, generations),
  }
}
