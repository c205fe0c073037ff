import { type KubeObject, NODE_POOL } from '../core/kube.ts'
import { endOf } from '../core/money/evidence.ts'
import type { InstanceRow } from '../core/money/instance.ts'
import { type KnownPools, lookedFor } from '../core/money/known-pools.ts'
import { hasGpus, type Look } from '../core/money/observed.ts'
import { label } from '../core/names.ts'
import { isOurs } from '../core/planning/ours.ts'
import { gpusOfPod } from '../core/planning/pod-gpus.ts'
import type { Policy } from '../core/policy.ts'
import { ourNamespaces } from './namespaces.ts'
import type { WorkPorts } from './ports.ts'

type LookPorts = Pick<WorkPorts, 'cluster'>

/** Others' pods are listed with all of the cluster's: so often is enough to tell them from what is idle. Milliseconds. */
const OTHERS_EVERY = 10 * 60_000

/** What is known before the cluster is asked. */
export interface Before {
  policy: Policy
  /** Id of the ledger that looks. */
  ledger: string
  /** Instances as they are written down. */
  rows: readonly InstanceRow[]
  /** Pools as the last look left them. */
  pools: KnownPools
  /** The last look that saw others' pods, too; null: none did. */
  others: number | null
  now: number
}

/**
 * The nodes of our pools, of those that have left the policy a while ago, and of those that something of ours is in; where there are any, pods
 * of ours, or, every ten minutes, of everybody. As they are now: what is missing is concluded from (law 2).
 */
export const lookAround = async (
  ports: LookPorts,
  { policy, ledger, rows, pools, others: before, now }: Before,
): Promise<Look & { there: ReadonlySet<string> }> => {
  const named = new Set([...lookedFor(pools, policy, now), ...poolsOf(rows)])
  const [known, ours] = await Promise.all([nodesIn(ports, [...named]), podsOfOurs(ports, policy)])
  const there = new Set(ours.flatMap((pod) => (isOurs(pod, policy, ledger) ? poolOfPod(pod) : [])))
  const more = await nodesIn(
    ports,
    [...there].filter((pool) => !named.has(pool)),
  )
  const found = { claims: [...known.claims, ...more.claims], nodes: [...known.nodes, ...more.nodes], there }
  if (found.claims.length === 0 && found.nodes.length === 0) return { ...found, pods: [], others: false }
  const others = before === null || now - before >= OTHERS_EVERY
  return { ...found, pods: others ? await ports.cluster.list('Pod', { fresh: true, keep: hasGpus }) : ours, others }
}

/** Pools that instances are in which are billed still. */
export const poolsOf = (rows: readonly InstanceRow[]): string[] =>
  rows.flatMap((row) => (endOf(row) === null ? Object.values(row.stretches).map(({ pool }) => pool) : []))

const nodesIn = async ({ cluster }: LookPorts, pools: readonly string[]): Promise<Pick<Look, 'claims' | 'nodes'>> => {
  const inPools = async (kind: 'NodeClaim' | 'Node'): Promise<KubeObject[]> =>
    (await Promise.all(pools.map((pool) => cluster.list(kind, { labels: { [NODE_POOL]: pool }, fresh: true })))).flat()
  const [claims, nodes] = await Promise.all([inPools('NodeClaim'), inPools('Node')])
  return { claims, nodes }
}

/** Those that wait for their node, too: it is started in the pool that they ask for. */
const podsOfOurs = async ({ cluster }: LookPorts, policy: Policy): Promise<KubeObject[]> => {
  const labels = { [label('installation')]: policy.installation }
  const lists = ourNamespaces(policy).map((namespace) =>
    cluster.list('Pod', { namespace, labels, fresh: true, keep: takesGpus }),
  )
  return (await Promise.all(lists)).flat()
}

const takesGpus = (object: KubeObject): boolean => gpusOfPod(object as KubeObject<'Pod'>) > 0

/** None of what has ended: its node counts by itself. */
const poolOfPod = (object: KubeObject): string[] => {
  const { spec, status } = object as KubeObject<'Pod'>
  const pool = spec?.nodeSelector?.[NODE_POOL]
  return pool === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed' ? [] : [pool]
}
