import type { NoneDesired, ServeDesired } from '../desired.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { isRetired, isServed } from '../lane-kinds/serving.ts'
import type { Bounds, Planned } from '../plan.ts'
import { whoMayChange, whyNoAddress, whyNotAllowed } from '../policy/sources.ts'
import type { Policy } from '../policy.ts'
import { ENGINES, type Engine, type Engines, engineOf } from '../workloads/engines.ts'
import { servingObjects } from '../workloads/serving.ts'
import { baselineView, interruptsOf, type Replica, replicaCount, replicasOf, titleOf } from './generations.ts'
import { notOurs } from './not-ours.ts'
import { type ChosenPath, choosePath } from './paths.ts'
import { planRetired } from './retire.ts'
import { type Draft, finishPlan, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
import { planStanding } from './serve-ready.ts'
import {
  deadlockSentence,
  freeGpus,
  gpusByPool,
  type Rule,
  roomSentence,
  ruleOf,
  slotGpus,
  whyTooSmall,
} from './serve-room.ts'
import { buildOf, isEdited, type Standing, standingOf, titleOfPlan, type Wanted } from './serve-standing.ts'
import { rolloutSteps } from './serve-steps.ts'
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
  return isServed(desired)
    ? planRollout(input, rule, { desired, engine: engineFor(desired), generation: run.generation })
    : planNone(input, desired, { rule, engineFor })
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
  if (base === undefined && baseline !== null && isServed(baseline.desired))
    // What was judged is gone, and what the policy now makes of its version was not: it is a generation of its own, and judged.
    return planRollout(input, rule, {
      desired: baseline.desired,
      engine: engineFor(baseline.desired),
      generation: run.generation,
    })
  const free = freeGpus(rule, world.generations)
  const back = {
    identity,
    run,
    baseline,
    generations: world.generations,
    wantReplicas: rule.service.replicas,
    freeGpus: Number.isFinite(free) ? free : null,
    loadMinutes: rule.service.loadMinutes.p95,
    without: 'all' as const,
    called: 'move',
  }
  const way = wayBack(back)
  if (way.path.length > 1) return finishPlan(input, draftBack(input, { rule, way, steps: walkBack(back) }))
  const none = `no version of ${model} is promoted that can be served`
  if (base === undefined) return { kind: 'nothing', reason: `${none}, and nothing is served` }
  const reason = `${none}, and ${titleOf(base)} stands alone with ${replicaCount(base.replicas)}`
  return planStanding(input, rule, { view: base, reason })
}

const draftBack = (
  { world, policy }: ServeInput,
  { rule, way: { base, leaving, path }, steps }: { rule: Rule; way: WayBack; steps: Draft['steps'] },
): Draft => {
  const { generations } = world
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
    price: servePrice({ policy, service: rule.service, generations, leaving, path, gateAfter: null, rising }),
    gpus: gpusByPool({ pool: rising.pool, peak: Math.max(...path.map(at)) }, generations, policy),
    unavailable: Math.min(rule.service.maxUnavailable, rule.service.replicas),
    strategy: null,
    undo: 'Promote a version: it is planned from where the lane then stands.',
    reasons: ['no version is promoted that can be served, so what remains is the last one that was judged and stood'],
  }
}

const planRollout = (input: ServeInput, rule: Rule, wanted: Wanted): Planned => {
  const { service } = rule
  const { generations } = input.world
  const standing = standingOf(input, rule, wanted)
  const { target, others, judged, digest } = standing
  const { version } = wanted.desired
  if (judged && others.length === 0 && target?.replicas === service.replicas && target.digest === digest)
    return planStanding(input, rule, {
      view: target,
      reason: `v${version} stands alone with ${replicaCount(service.replicas)}`,
    })
  const weights = whyNoWeights(wanted, input.policy)
  if (weights !== null) return weights
  const small = whyTooSmall(rule)
  if (small !== null) return { kind: 'refuse', reason: 'pool-too-small', detail: small }
  const leaving = replicasOf(others, (view) => (view.pool === rule.poolName ? slotGpus(rule, view.gpusPerReplica) : 0))
  const path = (within?: Bounds): ChosenPath =>
    choosePath({
      old: leaving,
      present: { asked: target?.replicas ?? 0, ready: Math.min(target?.ready ?? 0, target?.replicas ?? 0) },
      want: service.replicas,
      gpusPerReplica: slotGpus(rule, service.gpusPerReplica),
      freeGpus: freeGpus(rule, generations, within),
      maxUnavailable: service.maxUnavailable,
      baselineReplicas: standing.base === undefined || standing.base === target ? 0 : service.replicas,
    })
  const inside = path(input.within)
  const chosen = inside.kind === 'path' ? inside : path()
  if (chosen.kind === 'deadlock')
    return {
      kind: 'refuse',
      reason: 'would-deadlock',
      detail: deadlockSentence(chosen, { rule, version, generations }),
    }
  const draft = draftRollout(input, { rule, wanted, standing, leaving, chosen })
  const { source } = wanted.desired
  const open = whoMayChange(source, input.policy)
  const planned = finishPlan(input, {
    ...draft,
    weights: source,
    reasons: open === null ? draft.reasons : [...draft.reasons, open],
  })
  return planned.kind === 'plan' && isEdited(standing) ? { ...planned, edits: true } : planned
}

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

const draftRollout = (
  input: ServeInput,
  {
    rule,
    wanted,
    standing,
    leaving,
    chosen,
  }: {
    rule: Rule
    wanted: Wanted
    standing: Standing
    leaving: Replica[]
    chosen: Extract<ChosenPath, { kind: 'path' }>
  },
): Draft => {
  const {
    policy,
    world: { generations },
  } = input
  const { service, poolName } = rule
  const { strategy, peakGpus } = chosen
  const { target, base, judged } = standing
  const generation = target?.generation ?? wanted.generation
  const built = { ...buildOf(input, rule, wanted), generation }
  const objects = servingObjects(built)
  const gateAfter = judged ? null : chosen.gateAfter
  const steps = rolloutSteps({ ...built, name: rule.name, policy, objects, leaving, path: strategy.path, gateAfter })
  const jobs = steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
  return {
    title: titleOfPlan(wanted, rule, standing),
    steps,
    objects: [...Object.values(objects), ...jobs],
    interrupts: interruptsOf(standing.others, `v${wanted.desired.version}`),
    price: servePrice({
      policy,
      service,
      generations,
      leaving,
      path: strategy.path,
      gateAfter,
      rising: { pool: poolName, gpus: service.gpusPerReplica },
    }),
    gpus: gpusByPool({ pool: poolName, peak: peakGpus }, generations, policy),
    unavailable: Math.min(service.maxUnavailable, service.replicas),
    strategy,
    undo:
      base === undefined || base === target
        ? `Take v${wanted.desired.version} away: nothing that was judged served before it.`
        : `Walk back to ${titleOf(base)}: it keeps its Deployment and comes back before v${wanted.desired.version} goes, where there is room.`,
    reasons: [
      `${strategy.name}: ${strategy.why}`,
      ...strategy.rejected.map(({ name, why }) => `not ${name}: ${why}`),
      roomSentence(rule, generations),
      judged
        ? 'this version was judged before and has not changed: no gate'
        : 'the first new replica is judged before others follow',
    ],
  }
}
