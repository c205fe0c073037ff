import { requesterIn, type ServeDesired } from '../desired.ts'
import { isLeaving } from '../kube.ts'
import type { Decided } from '../lane/decided.ts'
import type { Baseline } from '../lane/document.ts'
import { PRICED } from '../money/nodes.ts'
import type { RunKey } from '../names.ts'
import type { WayStep } from '../plan.ts'
import { baselineView, standingGpus } from '../planning/generations.ts'
import { countIn, isWithin, rangeOf } from '../planning/scaled-range.ts'
import { planServe } from '../planning/serve.ts'
import { slotGpus } from '../planning/serve-room.ts'
import { buildOf } from '../planning/serve-standing.ts'
import { walkBack } from '../planning/walk-back.ts'
import { ruleNamed } from '../policy/names.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { ENGINES, type Engines, engineOf, FIRST } from '../workloads/engines.ts'
import { servingTemplate } from '../workloads/serving.ts'
import type { GenerationView } from '../world.ts'
import { type BackInput, type LaneKind, laneName, laneOf, type PlanInput } from './kind.ts'
import { isKept, isRetired, isServed, type Standing } from './serving.ts'

/** Who has asked for it: that nothing is served any more is the policy's own. */
const asking: Pick<LaneKind<Standing>, 'requesterOf' | 'isOfPolicy'> = {
  requesterOf: (desired) => (isServed(desired) ? requesterIn(desired) : null),
  isOfPolicy: isRetired,
}

/** Standing: a registered model is served, and rolled out version by version, by these engines. */
export const serviceOf = (engines: Engines): LaneKind<Standing> => ({
  name: 'service',
  lasts: 'standing',
  stands: true,
  ruleOf: (policy, name) => {
    const rule = ruleNamed(policy.services, name)?.rule
    return rule === undefined ? null : { lane: laneOf(service, name), name, mode: rule.mode }
  },
  renames: ({ services }) => services,
  keyOf,
  titleOf,
  ...asking,
  isNothing: (desired) => !isServed(desired),
  // Another version in place of one that is judged adds nothing that stays, and may be what mends it.
  isNew: (desired, baseline) => isServed(desired) && baseline === null,
  pinned: (desired, policy, name) => {
    const rule = ruleNamed(policy.services, name)?.rule
    const priced = { ...desired, priced: PRICED }
    if (!isServed(priced) || rule === undefined) return priced
    return { ...priced, engine: { name: rule.engine, revision: engines[rule.engine].length } }
  },
  remade: (desired, by) => {
    const [known, rule] = [asKnown(desired, by), ruleNamed(by.policy.services, by.name)?.rule]
    if (!isServed(known) || rule === undefined || engineName(known) === rule.engine) return known
    return { ...known, engine: { name: rule.engine, revision: engines[rule.engine].length } }
  },
  ahead: (desired) => {
    const { engine } = isServed(desired) ? desired : { engine: undefined }
    return engine !== undefined && engines[engine.name as keyof Engines]?.[engine.revision - 1]?.ranked === true
  },
  plan: (input) => planServe({ ...input, desired: asKnown(input.desired, namedBy(input)) }, engines),
  templateOf: (input) => {
    const { baseline, policy, run } = input
    const desired = asKnown(input.desired, namedBy(input))
    const service = ruleNamed(policy.services, laneName(run.lane))?.rule
    // Where none is promoted and what was judged is gone, that is what is made anew.
    const version = desired.kind === 'none' && baseline !== null ? (baseline.desired as Standing) : desired
    if (service === undefined || !isServed(version)) return null
    const wanted = { desired: version, engine: engineOf(version, service, engines), generation: run.generation }
    return servingTemplate(buildOf(input, { service }, wanted))
  },
  ...{ countOf, back, atFloor, baselineOf },
  isBackAt: (desired, baseline) => {
    if (baseline === null) return false
    return isServed(desired) ? keyOf(desired) === keyOf(baseline.desired as Standing) : !isRetired(desired)
  },
  retired: ({ model }) => ({ kind: 'retired', model, priced: PRICED }),
  keeping: ({ model }) => ({ kind: 'kept', model, priced: PRICED }),
})

const countOf: LaneKind<Standing>['countOf'] = (policy, name) => {
  const rule = ruleNamed(policy.services, name)?.rule
  return rule === undefined ? null : countIn(policy, rule)
}

const engineName = ({ engine }: Pick<ServeDesired, 'engine'>): string => engine?.name ?? FIRST.name

/** What is planned by the policy in force, of a lane with this baseline. */
type By = Parameters<NonNullable<LaneKind<Standing>['remade']>>[1]

const namedBy = ({
  policy,
  run,
  baseline,
}: Pick<PlanInput<Standing>, 'policy' | 'run'> & Pick<By, 'baseline'>): By => ({
  ...{ policy, baseline },
  name: laneName(run.lane),
})

/** A version that the policy has come back to its judged engine for is made as that was, which stands: in between nothing was, or something else. */
const asKnown = (desired: Standing, { policy, name, baseline }: By): Standing => {
  const rule = ruleNamed(policy.services, name)?.rule
  const judged = baseline?.desired as Standing | undefined
  if (rule === undefined || judged === undefined || !isServed(desired) || !isServed(judged)) return desired
  const isBack = engineName(desired) !== rule.engine && engineName(judged) === rule.engine
  return isBack ? { ...desired, engine: judged.engine ?? FIRST } : desired
}

const baselineOf: LaneKind<Standing>['baselineOf'] = (desired, { run, before, standing }) => {
  if (isRetired(desired)) return null
  if (isServed(desired))
    return { generation: run.generation, desired, replicas: null, ...decidedBefore(before, standing), ...standing }
  if (before === null) return null
  if (isKept(desired)) return keptOf(before, { run, standing })
  // Where no version is promoted it keeps the replicas that it had, whatever the policy says.
  const { upTo } = decidedBefore(before, standing)
  const replicas = standing.of === undefined ? before.replicas : null
  return {
    ...withoutCount(before),
    ...(upTo === undefined ? {} : { upTo }),
    ...standing,
    replicas: replicas ?? standing.replicas ?? null,
  }
}

type Standings = Parameters<LaneKind<Standing>['baselineOf']>[1]['standing']

const withoutCount = ({ of: _, most: __, upTo: ___, ...had }: Baseline): Baseline => had

/** What was decided of how many there are, where a run has decided nothing of it; else that has. */
const decidedBefore = (before: Baseline | null, { of: decided }: Decided): Decided => {
  if (before === null || decided !== undefined) return {}
  const { of, most, upTo } = before
  return {
    ...(of === undefined ? {} : { of, ...(most && { most }) }),
    ...(upTo === undefined ? {} : { upTo }),
  }
}

/** What was judged is what is to be there, however much of that has room, or was left by others, by now; but for what was gone and is made anew, or as the policy has it. */
const keptOf = (before: Baseline, { run, standing }: { run: RunKey; standing: Standings }): Baseline => {
  if (standing.stands === run.generation) return madeAnew(before, standing)
  return standing.of === undefined
    ? before
    : { ...withoutCount(before), ...standing, replicas: standing.replicas ?? null }
}

/** What was gone stands as another generation by now, with as many as had room: so many were judged, and wanted, as before; or how far it is scaled, or no more, was agreed to anew. */
const madeAnew = (before: Baseline, standing: Standings): Baseline => {
  const { of: planned, most, upTo: _, replicas, ...stands } = standing
  const had = before.replicas ?? replicas ?? null
  if (planned === undefined) return { ...before, ...stands, replicas: had }
  if (most || before.most) return { ...withoutCount(before), ...standing, replicas: replicas ?? before.replicas }
  return { ...withoutCount(before), ...stands, replicas: had, of: before.of ?? before.replicas ?? planned }
}

const titleOf = (desired: Standing): string => {
  if (isRetired(desired)) return `retire ${desired.model}`
  if (isKept(desired)) return `keep what serves ${desired.model} as it was judged`
  return isServed(desired)
    ? `serve ${desired.model} v${desired.version}`
    : `serve no promoted version of ${desired.model}`
}

const keyOf = (desired: Standing): string =>
  isServed(desired) ? `serve:${desired.model}:${desired.version}:${desired.digest}` : `${desired.kind}:${desired.model}`

const atFloor = (policy: Policy, name: string): { policy: Policy; goes: number } | null => {
  const { key, rule } = ruleNamed(policy.services, name) ?? { key: '', rule: undefined }
  if (rule?.floor === undefined || rule.floor >= rule.replicas) return null
  const { floor, replicas } = rule
  const { autoscaling: scaled } = rule
  const autoscaling = scaled && { ...scaled, min: Math.min(scaled.min, floor), max: floor }
  const services = { ...policy.services, [key]: { ...rule, replicas: floor, ...(autoscaling && { autoscaling }) } }
  return { policy: { ...policy, services }, goes: 1 - floor / replicas }
}

/** The moves from where the world stands back to the baseline. */
const back = (input: BackInput): WayStep[] => {
  const {
    identity,
    run,
    lane,
    baseline,
    policy,
    world,
    halfway = false,
    brought = [],
    awaited = false,
    stay = [],
    called = 'back',
  } = input
  if (world.generations.length === 0) return []
  const base = baselineView(world.generations, baseline)
  if (awaited && baseline !== null && isGone(base)) return []
  const rule = ruleNamed(policy.services, laneName(lane))?.rule
  return walkBack({
    identity,
    run,
    baseline,
    namespace: policy.namespaces.serving,
    traffic: world.traffic ?? null,
    generations: world.generations,
    without: halfway ? 'all' : 'run',
    brought,
    stay,
    called,
    loadMinutes: rule?.loadMinutes.p95 ?? 30,
    wantReplicas: wantedBack(input, { base, rule }),
    freeGpus: base === undefined ? null : freeToGoBack(input, base),
    pool: base === undefined ? undefined : world.pools[base.pool],
    gpusPerNode: base === undefined ? undefined : policy.pools[base.pool]?.gpusPerNode,
  })
}

/** As many as it had when it succeeded; what is scaled since, as many as it has been given. */
const wantedBack = (
  { baseline, policy }: BackInput,
  { base, rule }: { base: GenerationView | undefined; rule: ServicePolicy | undefined },
): number => {
  const had = baseline?.replicas ?? rule?.replicas ?? 1
  const range = rule === undefined ? null : rangeOf(policy, rule)
  return base !== undefined && isWithin(range, base) ? Math.max(had, base.replicas) : had
}

/** As it is made today; marked pure, so that doors that plan nothing carry no planning. */
export const service = /* @__PURE__ */ serviceOf(ENGINES)

const isGone = (base: GenerationView | undefined): boolean => base === undefined || isLeaving(base.object)

/**
 * What the way back may take beyond what the lane has, of the pool in which the baseline stands, whatever the policy has for the service
 * by now: what its run holds there, and where nothing is held what is free; never more than the pool has, whatever was asked of it.
 */
const freeToGoBack = ({ world, held, policy }: BackInput, { pool }: GenerationView): number | null => {
  const seen = world.pools[pool]
  const nodes = policy.pools[pool]
  // Each with its share of a node, as it is held.
  const each = world.generations.map((view) =>
    nodes === undefined ? view : { ...view, gpusPerReplica: slotGpus({ pool: nodes }, view.gpusPerReplica) },
  )
  // What nodes do not end is asked for by nobody, and has its GPUs all the same.
  const has = Math.max(seen?.usedByLane ?? 0, (standingGpus(each)[pool] ?? 0) + (seen?.stuck ?? 0))
  const holds = held?.[pool]
  const free = seen === undefined || seen.ceiling === null ? null : seen.ceiling - seen.heldByOthers - has
  return holds === undefined ? free : Math.min(holds - has, free ?? Number.POSITIVE_INFINITY)
}
