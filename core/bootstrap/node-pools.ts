import { type Budget, CAPACITY_TYPE, GPU, type KubeObject } from '../kube.ts'
import { EMPTY_MINUTES } from '../money/nodes.ts'
import { label } from '../names.ts'
import { typesOf } from '../policy/pools.ts'
import type { PoolPolicy } from '../policy.ts'
import { limitKey, WHOLE_NODE } from '../pools/counts.ts'
import { sharingLabels } from './gpu-sharing.ts'

const INSTANCE_TYPE_LABEL = 'node.kubernetes.io/instance-type'

/** The node class that a pool launches with: AMI, subnets, role. */
export interface NodeClass {
  group: string
  kind: string
  name: string
}

/** Karpenter's on AWS; the cluster's owner makes it. */
export const EC2_NODE_CLASS: NodeClass = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'gpu' }

/**
 * On a NodePool's template: GPUs of one of its nodes, or slices of them. Karpenter knows them by the instance type; the simulation has no
 * price list and asks for them here.
 */
export const GPUS_PER_NODE_LABEL = label('gpus-per-node')

/** What a NodePool is made from: the policy's pool, its ceiling in what is counted of it, null for none. */
type Pool = Pick<
  PoolPolicy,
  'instanceType' | 'instanceTypes' | 'gpusPerNode' | 'capacityTypes' | 'counts' | 'sharing'
> & {
  name: string
  maxGpus: number | null
  /** Whether all that runs there may move from node to node, one after the other. Left out: no. */
  mayMove?: boolean
}

/**
 * How many nodes Karpenter may replace at once because they drift, and how many empty ones it may take away: all, since its own
 * budget of a tenth empties them one at a time. Where something may not move, none is replaced, and each goes once it is empty: nothing
 * else keeps it there, since of a node with a grace period Karpenter lets no disruption budget, no annotation and no ceiling stop a drift.
 */
const budgetsOf = ({ mayMove = false }: Pool): Budget[] => [
  { nodes: mayMove ? '1' : '0', reasons: ['Drifted', 'Underutilized'] },
  { nodes: '100%', reasons: ['Empty'] },
]

/** Longest time that a node which is to go waits for its pods, whatever holds them there: without one it waits, and costs, for ever. */
const TERMINATION_GRACE = '48h'

/** What nodes are labelled with: of those that share their GPUs, too, by what they are told how. */
const labelsOf = (pool: Pool): Record<string, string> => ({
  [GPUS_PER_NODE_LABEL]: pool.counts === 'nodes' ? '0' : String(pool.gpusPerNode),
  ...sharingLabels(pool),
})

/**
 * A NodePool as `bootstrap` makes it, with its own ceiling. It says how its nodes are bought: a NodePool that does not may get spot ones,
 * which are taken back in the midst of a run and cost something else than the plan said.
 */
export const nodePoolObject = (pool: Pool, nodeClass: NodeClass = EC2_NODE_CLASS): KubeObject<'NodePool'> => ({
  apiVersion: 'karpenter.sh/v1',
  kind: 'NodePool',
  metadata: { name: pool.name },
  spec: {
    template: {
      metadata: { labels: labelsOf(pool) },
      spec: {
        nodeClassRef: { ...nodeClass },
        taints: [{ key: pool.counts === 'nodes' ? WHOLE_NODE : GPU, value: 'true', effect: 'NoSchedule' }],
        expireAfter: 'Never',
        terminationGracePeriod: TERMINATION_GRACE,
        requirements: [
          { key: INSTANCE_TYPE_LABEL, operator: 'In', values: typesOf(pool) },
          { key: CAPACITY_TYPE, operator: 'In', values: [...pool.capacityTypes] },
        ],
      },
    },
    ...(pool.maxGpus === null ? {} : { limits: { [limitKey(pool)]: String(pool.maxGpus) } }),
    disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: `${EMPTY_MINUTES}m`, budgets: budgetsOf(pool) },
  },
})
