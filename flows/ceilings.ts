import type { KubeObject } from '../core/kube.ts'
import { isLeftOver, isManaged, isOwnKnown } from '../core/lane/ceilings.ts'
import type { LaneDocument } from '../core/lane/document.ts'
import { newerIn } from '../core/lane/newer.ts'
import { poolRoom } from '../core/lane/room.ts'
import { laneName } from '../core/lane-kinds/kind.ts'
import { capOf, type RungRow } from '../core/money/rungs.ts'
import { whyCapped } from '../core/money/rungs-text.ts'
import type { SeenPools } from '../core/planning/pool-view.ts'
import type { Policy } from '../core/policy.ts'
import { keptAt, risesAfter } from '../core/pools/ceiling.ts'
import type { ContributionRow } from '../core/pools/contribution.ts'
import { limitOf } from '../core/pools/node-pool.ts'
import { rungKeys, rungsOf } from './ladder.ts'
import type { Ledger } from './ledger-port.ts'
import type { WorkPorts } from './ports.ts'
import { everyRow, valuesOf } from './rows.ts'

/** What goes on top of a pool's ceiling: asked only where the policy lets anything. */
export const contributionsOf = async (
  ledger: Pick<Ledger, 'list'>,
  pool: string,
  { leases }: Pick<Policy['pools'][string], 'leases'>,
): Promise<ContributionRow[]> =>
  leases === undefined ? [] : valuesOf(await everyRow(ledger, 'contribution', `${poolRoom(pool)}#`))

/** A pool's ceiling as it is computed now, and what is leased of it where its policy lets anything be. */
export interface CeilingNow {
  ceiling: number
  leases?: readonly ContributionRow[]
  /** When its hours next make it higher, where they do. */
  rises?: { at: number; gpus: number }
  /** Why a rung of the budget lets it go no higher; left out: none caps it. */
  capped?: string
}

/** Rungs that cap pools: nothing is asked where the ladder has none. */
export const capsOf = (ledger: Pick<Ledger, 'read'>, policy: Policy): Promise<RungRow[]> | RungRow[] =>
  rungKeys(policy, 'cap-pools').length === 0 ? [] : rungsOf(ledger, policy)

/** A pool in shadow keeps to its own ceiling, whatever its rung. */
export const cappedBy = (cap: ReturnType<typeof capOf>, { mode }: Policy['pools'][string], { budget }: Policy) =>
  cap === null || mode === 'shadow' ? {} : { capped: whyCapped(cap, budget.name) }

/** The same of every pool, by its name. */
export const ceilingsNow = async (
  ledger: Pick<Ledger, 'list' | 'read'>,
  { policy, now }: { policy: Policy; now: number },
): Promise<Map<string, CeilingNow>> => {
  const rungs = await capsOf(ledger, policy)
  const all = Object.entries(policy.pools).map(async ([pool, own]): Promise<[string, CeilingNow]> => {
    const cap = capOf(pool, policy, { rungs, now })
    const rule = { ...own, cap }
    const leases = await contributionsOf(ledger, pool, rule)
    const rises = risesAfter(rule, leases, now)
    const more = {
      ...(rule.leases === undefined ? {} : { leases }),
      ...(rises === null ? {} : { rises }),
      ...cappedBy(cap, rule, policy),
    }
    return [pool, { ceiling: keptAt(rule, leases, now), ...more }]
  })
  return new Map(await Promise.all(all))
}

/** A ceiling that could not be set is tried again after so long, where nothing else has changed. Milliseconds. */
const TRIED_AGAIN = 15 * 60_000

/** Whether what could not be set is to be tried again; true of what was. */
const isTried = ({ ceiling }: Pick<LaneDocument, 'ceiling'>, now: number): boolean =>
  ceiling?.why === undefined || now - (ceiling.at ?? 0) >= TRIED_AGAIN

/** Lanes of pools that the policy has no more, where something of it is left to do: nobody else would wake them. */
const poolsLeft = (docs: ReadonlyMap<string, LaneDocument>, { pools }: Policy, now: number): string[] =>
  [...docs.values()]
    .filter(({ lane }) => lane === poolRoom(laneName(lane)) && !Object.hasOwn(pools, laneName(lane)))
    .filter((doc) => newerIn(doc) === null && isLeftOver(doc) && isTried(doc, now))
    .map(({ lane }) => lane)

/**
 * Lanes of pools whose NodePool does not have the ceiling that is computed: nobody has looked yet, somebody has moved it, or the policy is
 * another one, or has the pool no more. Of a policy that moves none, and has moved none, the cluster is not asked.
 */
export const poolsAmiss = async (
  { ledger, clock }: Pick<WorkPorts, 'ledger' | 'clock'>,
  { policy, docs, seen }: { policy: Policy; docs: ReadonlyMap<string, LaneDocument>; seen(): Promise<SeenPools> },
): Promise<string[]> => {
  const [now, rungs] = [clock.now(), await capsOf(ledger, policy)]
  const pools = Object.entries(policy.pools).flatMap(([name, own]) => {
    const doc = docs.get(poolRoom(name))
    const rule = { ...own, cap: capOf(name, policy, { rungs, now }) }
    return (doc === undefined || newerIn(doc) === null) && isManaged(rule, doc) ? [{ name, doc }] : []
  })
  const left = poolsLeft(docs, policy, now)
  if (pools.length === 0) return left
  const [{ nodePools }, ceilings] = await Promise.all([seen(), ceilingsNow(ledger, { policy, now })])
  const amiss = pools.flatMap(({ name, doc }) => {
    const found = nodePools.find(({ metadata }) => metadata.name === name) as KubeObject<'NodePool'> | undefined
    const limit = found === undefined ? undefined : limitOf(found)
    const ceiling = doc?.ceiling
    if (ceiling === undefined) return [poolRoom(name)]
    const isAsKept = limit === ceilings.get(name)?.ceiling
    // What it could not set, it tries again; in shadow there is nothing to set but back to its own.
    const isBack = policy.pools[name]?.mode === 'shadow' && (found === undefined || isAsKept)
    if (ceiling.why !== undefined) return isTried({ ceiling }, now) && !isBack ? [poolRoom(name)] : []
    const isSo = isAsKept && isOwnKnown(ceiling, policy.pools[name])
    return isSo ? [] : [poolRoom(name)]
  })
  return [...amiss, ...left]
}
