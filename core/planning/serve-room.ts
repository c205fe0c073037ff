import { nodeHour, priceSource } from '../money/prices.ts'
import type { Bounds, Planned } from '../plan.ts'
import { ruleNamed } from '../policy/names.ts'
import type { Policy, PoolPolicy, ServicePolicy } from '../policy.ts'
import { amountText, mostKey, mostSaid, unitsOf } from '../pools/counts.ts'
import type { GenerationView, PoolView, World } from '../world.ts'
import type { ChosenPath } from './paths.ts'
import type { ScaledRange } from './scaled-range.ts'

export type Refuse = Extract<Planned, { kind: 'refuse' }>

/** What the policy says of a service, and the pool that it serves in. */
export interface Rule {
  /** Its name in the policy. */
  name: string
  service: ServicePolicy
  poolName: string
  pool: PoolPolicy
  view: PoolView
  /** GPUs of it that `view` counts as free, though others hold them for a while; left out: none. */
  awaited?: number
  /** Between how many replicas it is scaled; left out: nothing scales it, or nobody has looked. */
  range?: ScaledRange
}

/** The rule of a service, or why there is none that a plan could be made from. */
export const ruleOf = (policy: Policy, world: World, name: string): Rule | Refuse => {
  const found = ruleNamed(policy.services, name)
  if (found === undefined)
    return {
      kind: 'refuse',
      reason: 'not-configured',
      detail: `the policy has no service \`${name}\`: add it under services`,
    }
  const { key, rule: service } = found
  const [pool, view] = [own(policy.pools, service.pool), own(world.pools, service.pool)]
  if (pool === undefined || view === undefined)
    return {
      kind: 'refuse',
      reason: 'pool-unknown',
      detail: `\`${key}\` serves in pool \`${service.pool}\`, which is not known`,
    }
  if (nodeHour(pool) === null)
    return {
      kind: 'refuse',
      reason: 'missing-price',
      detail: `${priceSource(service.pool, pool)}; a plan without a price is not made`,
    }
  return { name: key, service, poolName: service.pool, pool, view }
}

/** The same in the pool where something stands already, whatever pool the policy has for it by now; null: that is not known. */
export const roomIn = (
  { policy, world }: { policy: Policy; world: World },
  rule: Rule,
  poolName: string,
): Rule | null => {
  const [pool, view] = [own(policy.pools, poolName), own(world.pools, poolName)]
  return pool === undefined || view === undefined ? null : { ...rule, poolName, pool, view }
}

/** GPUs that a replica takes from its pool: what it asks for, and its share of those on its node that no other one fits into. */
export const slotGpus = ({ pool: { gpusPerNode } }: { pool: Pick<PoolPolicy, 'gpusPerNode'> }, gpus: number): number =>
  gpus > 0 && gpus <= gpusPerNode ? Math.floor(gpusPerNode / Math.floor(gpusPerNode / gpus)) : gpus

/** GPUs of the pool that the lane asks for now, each replica with its share. */
export const askedGpus = (rule: Rule, generations: readonly GenerationView[]): number =>
  generations
    .filter(({ pool }) => pool === rule.poolName)
    .reduce((sum, { replicas, gpusPerReplica }) => sum + replicas * slotGpus(rule, gpusPerReplica), 0)

/**
 * GPUs that the lane may take beyond what it asks for now: the ceiling, in whole nodes as Karpenter counts it, without
 * what others hold or use. Infinite without a ceiling.
 */
export const freeGpus = (rule: Rule, generations: readonly GenerationView[], within?: Bounds): number => {
  const { view, poolName } = rule
  const asked = askedGpus(rule, generations)
  const approved =
    within === undefined ? Number.POSITIVE_INFINITY : (within.gpus[poolName] ?? 0) - asked - (view.stuck ?? 0)
  return Math.min(approved, ceilingOf(rule) - othersGpus(view) - asked)
}

/** Why the wanted replicas would not fit even into an empty pool; null when they would. */
export const whyTooSmall = (rule: Rule): string | null => {
  const { service, pool, poolName, view } = rule
  const { gpusPerReplica } = service
  const replicas = Math.max(service.replicas, rule.range?.max ?? 0)
  if (gpusPerReplica > pool.gpusPerNode)
    return `a replica needs ${gpusPerReplica} GPUs and a node of ${poolName} has ${pool.gpusPerNode}; a replica over several nodes is not there yet`
  const need = replicas * slotGpus(rule, gpusPerReplica)
  if (need <= ceilingOf(rule)) return null
  return `${replicas} × ${gpusPerReplica} ${unitsOf(pool)} need ${need} and ${poolName} has a ceiling of ${view.ceiling} in nodes of ${pool.gpusPerNode}: lower ${rule.range === undefined ? 'replicas' : 'autoscaling.max'} or raise pools.${poolName}.${mostKey(pool)}`
}

/**
 * Why as many as what is scaled may have would never have room beside what others hold: all of them are held from its first move on, and it would
 * wait for that. Null: they have, or nothing scales it.
 */
export const whyNoMost = (rule: Rule, called: string, generations: readonly GenerationView[]): string | null => {
  const { service, range, view } = rule
  const each = slotGpus(rule, service.gpusPerReplica)
  const short = (range?.max ?? 0) * each - (ceilingOf(rule) - othersGpus(view))
  if (range === undefined || each === 0 || short <= 0) return null
  const fit = range.max - Math.ceil(short / each)
  const lower = fit > 0 ? [`lower autoscaling.max to ${fit}`] : []
  const cures = [...stuckCures(rule), ...lower, raiseCure(short, rule)]
  return `${called} may be scaled to ${range.max} × ${amountText(each, rule.pool)}, which are held for it; ${roomSentence(rule, generations)}: it would wait for ever. To cure it, ${anyOf(cures)}`
}

/** `gpu-serve has 0 free of 16 (16 used, 0 held)`. */
export const roomSentence = (rule: Rule, generations: readonly GenerationView[]): string => {
  const { view, poolName } = rule
  const held = Math.max(0, view.heldByOthers - (view.used - view.usedByLane))
  const free = freeGpus(rule, generations)
  const room = view.ceiling === null ? 'no ceiling' : `${Math.max(0, free)} free of ${view.ceiling}`
  const also = rule.awaited === undefined ? '' : `, with ${rule.awaited} that others hold for a while`
  return `${poolName} has ${room} (${view.used} used, ${held} held)${also}`
}

/** The refusal of a rollout that would wait for ever, with its numbers and what would cure it. */
export const deadlockSentence = (
  { why, shortGpus, remedies }: Extract<ChosenPath, { kind: 'deadlock' }>,
  { rule, version, generations }: { rule: Rule; version: string; generations: readonly GenerationView[] },
): string => {
  const least = rule.range === undefined ? 'replicas' : 'autoscaling.max'
  const cures = [
    ...stuckCures(rule),
    ...(remedies.replicas === null ? [] : [`lower ${least} to ${remedies.replicas}`]),
    raiseCure(shortGpus, rule),
    ...(remedies.maxUnavailable === null ? [] : [awayCure(remedies.maxUnavailable, rule)]),
  ]
  return `serving v${version} ${why}; ${roomSentence(rule, generations)}: it would wait for ever. To cure it, ${anyOf(cures)}`
}

const stuckCures = ({ view: { stuck }, pool }: Rule): string[] =>
  stuck === undefined ? [] : [`delete the Node whose pods do not end and keep ${amountText(stuck, pool)}`]

const raiseCure = (short: number, { poolName, pool }: Rule): string =>
  `raise pools.${poolName}.${mostKey(pool)} by ${Math.ceil(mostSaid(short, pool))}`

const anyOf = (cures: readonly string[]): string =>
  cures.length === 1 ? `${cures[0]}` : `${cures.slice(0, -1).join(', ')}, or ${cures.at(-1)}`

/**
 * GPUs that the way back takes of another pool than the rule's, where the baseline stands in one: all that it had comes back there, as far as there
 * is room beside what others have. Nothing where it stands in the rule's.
 */
export const backElsewhere = (
  input: { policy: Policy; world: World },
  rule: Rule,
  { base, replicas }: { base: GenerationView | undefined; replicas: number },
): Record<string, number> => {
  const there = base === undefined || base.pool === rule.poolName ? null : roomIn(input, rule, base.pool)
  if (base === undefined || there === null) return {}
  const room = Math.max(0, ceilingOf(there) - othersGpus(there.view))
  return { [base.pool]: Math.min(replicas * slotGpus(there, base.gpusPerReplica), room) }
}

/**
 * GPUs by pool: this peak, and in other pools what the lane has there now, or the way back takes. A pool that has left the policy has no
 * room that anybody could wait for: what stands there is only left.
 */
export const gpusByPool = (
  { pool, peak, back = {} }: { pool: string; peak: number; back?: Readonly<Record<string, number>> },
  generations: readonly GenerationView[],
  { pools }: Pick<Policy, 'pools'>,
): Record<string, number> => {
  const gpus: Record<string, number> = own(pools, pool) === undefined ? {} : { [pool]: peak }
  for (const view of generations)
    if (view.pool !== pool && view.replicas > 0 && own(pools, view.pool) !== undefined)
      gpus[view.pool] = (gpus[view.pool] ?? 0) + view.replicas * view.gpusPerReplica
  for (const [name, most] of Object.entries(back)) if (most > (gpus[name] ?? 0)) gpus[name] = most
  return gpus
}

const awayCure = (maxUnavailable: number, { service }: Rule): string =>
  `set maxUnavailable to ${maxUnavailable}${maxUnavailable > service.replicas ? ', which accepts an outage' : ''}`

const ceilingOf = ({ view: { ceiling }, pool: { gpusPerNode } }: Rule): number =>
  ceiling === null ? Number.POSITIVE_INFINITY : Math.floor(ceiling / gpusPerNode) * gpusPerNode

/** GPUs of a pool that others hold or use. */
const ofOthers = ({ heldByOthers, used, usedByLane }: PoolView): number => Math.max(heldByOthers, used - usedByLane)

/** The same with what the lane's own pods have that their nodes do not end: no way gets any of these. */
export const othersGpus = (view: PoolView): number => ofOthers(view) + (view.stuck ?? 0)

/** The rule with its pool as that is for who goes before others' pods that wait there; null: none do. */
export const aheadOf = (rule: Rule): Rule | null => {
  const { behind, ...view } = rule.view
  if (behind === undefined) return null
  const [used, heldByOthers] = [view.used - behind, view.heldByOthers - behind]
  return { ...rule, view: { ...view, used, heldByOthers, beyondHolds: view.beyondHolds - behind } }
}

/** The rule with its pool as that is once others have given back what they hold for a while; null: they hold nothing so. */
export const oncePassed = (rule: Rule): Rule | null => {
  const { passing, ...view } = rule.view
  if (passing === undefined) return null
  const others = Math.max(0, ofOthers(view) - passing)
  const used = Math.min(view.used, view.usedByLane + others)
  const nodes = view.nodes?.map(({ passing: ends = 0, ...node }) => ({ ...node, others: node.others - ends }))
  const passed = { ...view, heldByOthers: others, used, ...(nodes === undefined ? {} : { nodes }) }
  return { ...rule, view: passed, awaited: passing }
}

/** A value that was written there, never one that every object inherits. */
const own = <T>(record: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined
