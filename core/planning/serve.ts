import type { KeptDesired, NoneDesired, ServeDesired } from '../desired.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { isKept, isRetired, isServed } from '../lane-kinds/serving.ts'
import type { Planned } from '../plan.ts'
import type { Engine } from '../workloads/engine.ts'
import { ENGINES, type Engines, engineOf } from '../workloads/engines.ts'
import type { GenerationView } from '../world.ts'
import { asChanged, NOTHING_CHANGED } from './as-it-stands.ts'
import { compared, handOf, withHand } from './by-hand.ts'
import { baselineView, interruptsOf, isEditedByHand, replicaCount, titleOf } from './generations.ts'
import { straysLeft, withLeftAlone } from './left-alone.ts'
import { besideOthers, notOurs } from './not-ours.ts'
import { planRetired } from './retire.ts'
import { asAgreed } from './scaled.ts'
import { isWithin, rangeOf } from './scaled-range.ts'
import { planKept } from './serve-kept.ts'
import { type Draft, finishPlan, pricedFor, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
import { planStanding } from './serve-ready.ts'
import { planRollout } from './serve-rollout.ts'
import { askedGpus, freeGpus, gpusByPool, type Rule, roomIn, ruleOf, slotGpus } from './serve-room.ts'
import { outTexts } from './traffic.ts'
import { gpusOf } from './walk.ts'
import { type WalkBackInput, type WayBack, walkBack, wayBack } from './walk-back.ts'

/** The plan of a serving lane: from whatever stands now to the wanted version alone; or nothing to do; or why there is no way. */
export const planServe = (input: ServeInput, engines: Engines = ENGINES): Planned => {
  const { desired, world, policy, run } = input
  if (isRetired(desired)) return notOurs(world, null) ?? planRetired(input)
  const rule = ruleOf(policy, world, laneName(run.lane))
  if ('kind' in rule) return rule
  const whole = { ...input, world: withLeftAlone(world, input) }
  const planned = planAlone(whole, desired, { rule, engines })
  const strays = straysLeft(world, { planned, rises: run.generation, baseline: input.baseline })
  return besideOthers(planned, notOurs({ ...world, strays }, run.generation))
}

/** As if nobody else changed what stands. */
const planAlone = (
  input: ServeInput,
  desired: ServeDesired | NoneDesired | KeptDesired,
  { rule, engines }: { rule: Rule; engines: Engines },
): Planned => {
  if (isServed(desired) && desired.unfit !== undefined)
    return { kind: 'refuse', reason: 'source-not-allowed', detail: unfitSentence(desired, desired.unfit) }
  const engineFor = (version: ServeDesired): Engine => engineOf(version, rule.service, engines)
  const versions = [desired, input.baseline?.desired].filter((one) => one !== undefined).filter(isServed)
  const each = versions.map((version) => ({ desired: version, engine: engineFor(version) }))
  const looked = compared(input, rule, each)
  if (isKept(desired))
    return planKept(looked, asAgreed(rule, input), { engineFor, backOf: (asked) => backOf(asked, rule) })
  return isServed(desired)
    ? planRollout(looked, rule, { desired, engine: engineFor(desired), generation: input.run.generation })
    : planNone(looked, desired, { rule: asAgreed(rule, input), engineFor })
}

const unfitSentence = ({ model, version }: ServeDesired, why: string): string =>
  `v${version} of ${model} cannot be served: ${why}. Register it again, and promote that version`

/** The source names nothing: return to the baseline and remove nothing else (law 1). */
const planNone = (
  input: ServeInput,
  { model }: NoneDesired,
  { rule, engineFor }: { rule: Rule; engineFor: (version: ServeDesired) => Engine },
): Planned => {
  const { world, baseline, run } = input
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
  const back = backOf(input, rule)
  const [way, steps] = [wayBack(back), walkBack(back)]
  const room = roomFor(whereBack(input, rule), input)
  if (steps.length > 0) return withHand(finishPlan(input, draftBack(input, { rule, way, steps, room })), hand)
  const none = `no version of ${model} is promoted that can be served`
  if (base === undefined) return { kind: 'nothing', reason: `${none}, and nothing is served` }
  const reason = `${none}, and ${titleOf(base)} stands alone with ${replicaCount(base.replicas)}`
  return withHand(planStanding(input, rule, { view: base, reason }), hand)
}

/** The way from what stands to the baseline alone. */
const backOf = (input: ServeInput, rule: Rule): WalkBackInput => {
  const { world, baseline, run, identity } = input
  const { base, there, free } = whereBack(input, rule)
  return {
    identity,
    run,
    baseline,
    namespace: input.policy.namespaces.serving,
    traffic: world.traffic ?? null,
    generations: world.generations,
    wantReplicas: replicasBack({ input, rule, base, there, free }),
    freeGpus: Number.isFinite(free) ? free : null,
    pool: there?.view,
    gpusPerNode: there?.pool.gpusPerNode,
    loadMinutes: rule.service.loadMinutes.p95,
    without: 'all',
    called: 'move',
  }
}

/**
 * Replicas at which the baseline stands again: those that it had, whatever the policy has of them for a version that is promoted; never more
 * than fit beside what others hold, and never fewer than stand for that.
 */
const replicasBack = ({ input, rule, base, there, free }: Room): number => {
  // What is scaled stands as it is scaled.
  if (base !== undefined && isWithin(rangeOf(input.policy, rule.service), base)) return base.replicas
  const had = input.baseline?.replicas ?? Math.max(base?.replicas ?? 0, rule.service.replicas)
  if (base === undefined || there === null || base.gpusPerReplica === 0) return had
  const fit = Math.floor((free + askedGpus(there, input.world.generations)) / slotGpus(there, base.gpusPerReplica))
  return Math.min(had, Math.max(fit, base.replicas))
}

interface Room {
  input: ServeInput
  rule: Rule
  base: GenerationView | undefined
  /** The pool in which the baseline stands, and what is free of it; null: the policy or the world has none. */
  there: Rule | null
  free: number
}

/** Where the baseline stands, and what is free there as far as is known. */
const whereBack = (input: ServeInput, rule: Rule): Pick<Room, 'base' | 'there' | 'free'> => {
  const { world, baseline } = input
  const base = baselineView(world.generations, baseline)
  const there = roomIn(input, rule, base?.pool ?? rule.poolName)
  return { base, there, free: there === null ? Number.POSITIVE_INFINITY : freeGpus(there, world.generations) }
}

/** GPUs that the lane may have of its pool, as far as is known. */
const roomFor = ({ there, free }: Pick<Room, 'there' | 'free'>, { world }: ServeInput): number =>
  there === null ? Number.POSITIVE_INFINITY : free + askedGpus(there, world.generations)

/** The most GPUs on the way, what is left beside another size on a node included where nobody else may take that. */
const peakBack = ({ leaving, path, gpus, nodes }: WayBack, room: number): number =>
  Math.max(
    ...path.map(({ old, new: up }) => gpusOf(leaving.slice(leaving.length - old)) + up * gpus),
    ...path.map(({ old, new: up }) => Math.min(nodes?.held(old, up) ?? 0, room)),
  )

const draftBack = (
  input: ServeInput,
  { rule, way, steps, room }: { rule: Rule; way: WayBack; steps: Draft['steps']; room: number },
): Draft => {
  const { base, leaving, path } = way
  const { policy } = input
  const { generations } = input.world
  const rising = { pool: base?.pool ?? rule.poolName, gpus: base?.gpusPerReplica ?? 0 }
  const end = base === undefined ? 'nothing' : titleOf(base)
  const text = `${rule.name} is back at ${end}: no version is promoted`
  const changed = base === undefined ? NOTHING_CHANGED : asChanged(base, path.at(-1)?.new ?? 0)
  return {
    title: `Return ${rule.name} to ${end}${changed.as}`,
    steps: [
      ...steps,
      { kind: 'notify', name: 'notify', title: 'Tell the channel', why: 'no version is promoted', text },
    ],
    objects: changed.objects,
    interrupts: interruptsOf(
      leaving.map(({ view }) => view),
      end,
    ),
    // It only ends that nobody answers.
    ...(rule.service.onEdit !== 'tell' && steps.every(({ kind }) => kind === 'switch-traffic')
      ? { asks: null, unasked: 'requests are led to what was judged, which stands alone' }
      : {}),
    price: servePrice({
      ...pricedFor(input, rule.service),
      leaving,
      path,
      gateAfter: null,
      rising,
    }),
    gpus: gpusByPool({ pool: rising.pool, peak: peakBack(way, room) }, generations, policy),
    stands: { [rising.pool]: (path.at(-1)?.new ?? 0) * rising.gpus },
    unavailable: Math.min(rule.service.maxUnavailable, rule.service.replicas),
    strategy: null,
    undo: 'Promote a version: it is planned from where the lane then stands.',
    reasons: [
      'no version is promoted that can be served, so what remains is the last one that was judged and stood',
      ...(base === undefined || steps.every(({ kind }) => kind === 'switch-traffic') ? [] : outTexts(input.world)),
      ...changed.texts,
    ],
  }
}
