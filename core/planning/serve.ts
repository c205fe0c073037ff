import type { NoneDesired, ServeDesired } from '../desired.ts'
import { isServed } from '../lane-kinds/serving.ts'
import type { Bounds, Planned } from '../plan.ts'
import { DIGEST_ANNOTATION } from '../workloads/object-digest.ts'
import { vllmObjects } from '../workloads/vllm.ts'
import type { GenerationView } from '../world.ts'
import { baselineView, interruptsOf, type Replica, replicaCount, replicasOf, titleOf } from './generations.ts'
import { notOurs } from './not-ours.ts'
import { type ChosenPath, choosePath } from './paths.ts'
import { type Draft, finishPlan, type ServeInput } from './serve-plan.ts'
import { servePrice } from './serve-price.ts'
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
import { rolloutSteps } from './serve-steps.ts'
import { gpusOf } from './walk.ts'
import { type WayBack, walkBack, wayBack } from './walk-back.ts'

/** The version that shall stand alone, and whether it needs no gate because it is what the lane returns to. */
interface Wanted {
  desired: ServeDesired
  generation: number
  returning: boolean
}

/** What of the lane is the wanted version already, and what is not. */
interface Standing {
  digest: string
  base: GenerationView | undefined
  /** The Deployment that rises: the generation's own, or one with the desired digest that stands (law 4). */
  target: GenerationView | undefined
  others: GenerationView[]
  /** It was judged before and has not changed since. */
  judged: boolean
}

/** The plan of a serving lane: from whatever stands now to the wanted version alone; or nothing to do; or why there is no way. */
export const planServe = (input: ServeInput): Planned => {
  const { desired, world, policy, run } = input
  const rule = ruleOf(policy, world, desired.model)
  if ('kind' in rule) return rule
  const touched = notOurs(world.generations)
  if (touched !== null) return touched
  return isServed(desired)
    ? planRollout(input, rule, { desired, generation: run.generation, returning: false })
    : planNone(input, desired, rule)
}

/** The source names nothing: return to the baseline and remove nothing else (law 1). */
const planNone = (input: ServeInput, { model }: NoneDesired, rule: Rule): Planned => {
  const { world, baseline, run, identity } = input
  const base = baselineView(world.generations, baseline)
  if (base === undefined && baseline !== null && isServed(baseline.desired))
    return planRollout(input, rule, {
      desired: baseline.desired,
      generation: baseline.generation,
      returning: true,
    })
  const free = freeGpus(rule, world.generations)
  const back = {
    identity,
    run,
    baseline,
    generations: world.generations,
    wantReplicas: rule.model.replicas,
    freeGpus: Number.isFinite(free) ? free : null,
    loadMinutes: rule.model.loadMinutes.p95,
    without: 'all' as const,
  }
  const way = wayBack(back)
  if (way.path.length > 1) return finishPlan(input, draftBack(input, { model, rule, way, steps: walkBack(back) }))
  const reason =
    base === undefined ? 'nothing is served' : `${titleOf(base)} stands alone with ${replicaCount(base.replicas)}`
  return { kind: 'nothing', reason: `no version of ${model} is promoted, and ${reason}` }
}

const draftBack = (
  { world, policy }: ServeInput,
  {
    model,
    rule,
    way: { base, leaving, path },
    steps,
  }: { model: string; rule: Rule; way: WayBack; steps: Draft['steps'] },
): Draft => {
  const { generations } = world
  const rising = { pool: base?.pool ?? rule.poolName, gpus: base?.gpusPerReplica ?? 0 }
  const at = ({ old, new: up }: { old: number; new: number }): number =>
    gpusOf(leaving.slice(leaving.length - old)) + up * rising.gpus
  const end = base === undefined ? 'nothing' : titleOf(base)
  const text = `${model} is back at ${end}: no version is promoted`
  return {
    title: `Return ${model} to ${end}`,
    steps: [
      ...steps,
      { kind: 'notify', name: 'notify', title: 'Tell the channel', why: 'no version is promoted', text },
    ],
    objects: [],
    interrupts: interruptsOf(
      leaving.map(({ view }) => view),
      end,
    ),
    price: servePrice({ policy, model: rule.model, generations, leaving, path, gateAfter: null, rising }),
    gpus: gpusByPool({ pool: rising.pool, peak: Math.max(...path.map(at)) }, generations, policy),
    unavailable: Math.min(rule.model.maxUnavailable, rule.model.replicas),
    strategy: null,
    undo: 'Promote a version: it is planned from where the lane then stands.',
    reasons: ['the alias names no version, so what remains is the last one that was judged and stood'],
  }
}

const planRollout = (input: ServeInput, rule: Rule, wanted: Wanted): Planned => {
  const { model } = rule
  const { generations } = input.world
  const standing = standingOf(input, rule, wanted)
  const { target, others, judged, digest } = standing
  const { version } = wanted.desired
  if (judged && others.length === 0 && target?.replicas === model.replicas && target.digest === digest)
    return { kind: 'nothing', reason: `v${version} stands alone with ${replicaCount(model.replicas)}` }
  const small = whyTooSmall(rule)
  if (small !== null) return { kind: 'refuse', reason: 'pool-too-small', detail: small }
  const leaving = replicasOf(others, (view) => (view.pool === rule.poolName ? slotGpus(rule, view.gpusPerReplica) : 0))
  const path = (within?: Bounds): ChosenPath =>
    choosePath({
      old: leaving,
      present: { asked: target?.replicas ?? 0, ready: Math.min(target?.ready ?? 0, target?.replicas ?? 0) },
      want: model.replicas,
      gpusPerReplica: slotGpus(rule, model.gpusPerReplica),
      freeGpus: freeGpus(rule, generations, within),
      maxUnavailable: model.maxUnavailable,
      baselineReplicas: standing.base === undefined || standing.base === target ? 0 : model.replicas,
    })
  const inside = path(input.within)
  const chosen = inside.kind === 'path' ? inside : path()
  if (chosen.kind === 'deadlock')
    return {
      kind: 'refuse',
      reason: 'would-deadlock',
      detail: deadlockSentence(chosen, { rule, version, generations }),
    }
  return finishPlan(input, draftRollout(input, { rule, wanted, standing, leaving, chosen }))
}

const standingOf = (
  { identity, run, policy, world, baseline }: ServeInput,
  { model }: Rule,
  wanted: Wanted,
): Standing => {
  const { generations } = world
  const built = vllmObjects({ identity, run, desired: wanted.desired, model, namespace: policy.namespaces.serving })
  const digest = built.deployment.metadata.annotations?.[DIGEST_ANNOTATION] ?? ''
  const base = baselineView(generations, baseline)
  const same = generations.filter((view) => view.digest === digest && view.replicas > 0)
  const target =
    generations.find(({ generation }) => generation === wanted.generation) ??
    same.find((view) => view === base) ??
    same.at(-1)
  const others = generations.filter((view) => view !== target && view.replicas > 0)
  const judged = wanted.returning || (target !== undefined && target === base && target.digest === digest)
  return {
    digest,
    base,
    target,
    judged,
    // Never judged leave first, the baseline last.
    others: others.toSorted((a, b) => Number(a === base) - Number(b === base) || a.generation - b.generation),
  }
}

const draftRollout = (
  { identity, run, policy, world: { generations } }: ServeInput,
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
  const { model, poolName } = rule
  const { strategy, peakGpus } = chosen
  const { target, base, judged } = standing
  const generation = target?.generation ?? wanted.generation
  const built = { identity, run, desired: wanted.desired, model, namespace: policy.namespaces.serving, generation }
  const objects = vllmObjects(built)
  const gateAfter = judged ? null : chosen.gateAfter
  const steps = rolloutSteps({ ...built, policy, objects, leaving, path: strategy.path, gateAfter })
  const jobs = steps.flatMap((step) => (step.kind === 'launch-job' ? [step.job] : []))
  return {
    title: titleOfPlan(wanted, rule, standing),
    steps,
    objects: [...Object.values(objects), ...jobs],
    interrupts: [...interruptsOf(standing.others, `v${wanted.desired.version}`), ...restartOf(standing)],
    price: servePrice({
      policy,
      model,
      generations,
      leaving,
      path: strategy.path,
      gateAfter,
      rising: { pool: poolName, gpus: model.gpusPerReplica },
    }),
    gpus: gpusByPool({ pool: poolName, peak: peakGpus }, generations, policy),
    unavailable: Math.min(Math.max(model.maxUnavailable, restartOf(standing).length), model.replicas),
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

const titleOfPlan = ({ desired }: Wanted, { model }: Rule, { others, target }: Standing): string => {
  const it = `${desired.model} v${desired.version}`
  const now = target?.replicas ?? 0
  if (others.length === 0 && now > 0)
    return now === model.replicas
      ? `Judge ${it}, which stands already`
      : `Scale ${it} from ${now} to ${replicaCount(model.replicas)}`
  const from = others.length === 0 ? '' : ` instead of ${others.map(titleOf).join(', ')}`
  return `Serve ${it} with ${replicaCount(model.replicas)}${from}`
}

const restartOf = ({ target, digest }: Standing): string[] =>
  target !== undefined && target.replicas > 0 && target.digest !== digest
    ? [`${titleOf(target)} restarts in place, one replica after another, with what the policy now says`]
    : []
