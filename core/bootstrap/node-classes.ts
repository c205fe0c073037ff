import { label } from '../names.ts'
import { diskOf, typesOf } from '../policy/pools.ts'
import type { Policy, PoolPolicy } from '../policy.ts'
import { bottlerocketText } from './gpu-sharing.ts'
import { fabricOf, hasStore } from './hardware.ts'
import type { Manifest } from './manifest.ts'
import { EC2_NODE_CLASS, type NodeClass } from './node-pools.ts'

/** `nodes` of a policy, which says what all of them have in common. */
type Nodes = NonNullable<Policy['nodes']>

/** Whether `bootstrap` makes a pool's node class: the policy says how, and names none of the user's for it. */
const isMade = ({ nodes }: Policy, { nodeClass }: PoolPolicy): boolean => nodes !== undefined && nodeClass === undefined

/** The node class that a pool's NodePool names. One that is made is called as its pool; `given`: the one that was asked for, for all pools. */
export const nodeClassOf = (policy: Policy, name: string, given: NodeClass | null = null): NodeClass => {
  const pool = policy.pools[name]
  if (given !== null || pool === undefined) return given ?? EC2_NODE_CLASS
  return { ...EC2_NODE_CLASS, name: isMade(policy, pool) ? name : (pool.nodeClass ?? EC2_NODE_CLASS.name) }
}

/** EC2NodeClasses that `bootstrap` makes, in the order of the pools. */
export const nodeClassManifests = (policy: Policy): Manifest[] =>
  Object.entries(policy.pools).flatMap(([name, pool]) =>
    policy.nodes !== undefined && isMade(policy, pool) ? [nodeClassManifest(policy, policy.nodes, name)] : [],
  )

/** A node class of the user's with the pools that start nodes of it. */
export interface NamedClass {
  nodeClass: NodeClass
  pools: [name: string, pool: PoolPolicy][]
}

/** Node classes that are the user's, each once. */
export const namedClasses = (policy: Policy, given: NodeClass | null = null): NamedClass[] => {
  const pools = Object.entries(policy.pools).filter(([, pool]) => given !== null || !isMade(policy, pool))
  const byClass = Map.groupBy(pools, ([name]) => JSON.stringify(nodeClassOf(policy, name, given)))
  return [...byClass].map(([nodeClass, of]) => ({ nodeClass: JSON.parse(nodeClass) as NodeClass, pools: of }))
}

/**
 * The EC2NodeClass of one pool. Without an image of one day AWS would decide when all nodes are replaced; Karpenter's own disk of 20 GiB
 * holds no image of a trainer.
 */
const nodeClassManifest = (policy: Policy, nodes: Nodes, name: string): Manifest => {
  const pool = policy.pools[name] as PoolPolicy
  const types = typesOf(pool)
  const fabric = fabricOf(types)
  const found = { tags: { 'karpenter.sh/discovery': policy.cluster } }
  const term = (tags: Nodes['subnets']): object => (tags === undefined ? found : { tags: { ...tags } })
  return {
    apiVersion: `${EC2_NODE_CLASS.group}/v1`,
    kind: EC2_NODE_CLASS.kind,
    metadata: { name, labels: { [label('installation')]: policy.installation } },
    spec: {
      amiSelectorTerms: [{ alias: nodes.ami }],
      role: nodes.role,
      subnetSelectorTerms: [term(nodes.subnets)],
      securityGroupSelectorTerms: [term(nodes.securityGroups)],
      blockDeviceMappings: disksOf(nodes, pool),
      ...(hasStore(types) ? { instanceStorePolicy: 'RAID0' } : {}),
      ...(fabric === null ? {} : { networkInterfaces: fabric }),
      ...toldOf(nodes, pool),
      ...(pool.reservations === undefined ? {} : { capacityReservationSelectorTerms: pool.reservations.map(termOf) }),
    },
  }
}

/** What a node's own plugin is told, where its image brings one. */
const toldOf = ({ ami }: Nodes, pool: PoolPolicy): { userData?: string } => {
  const userData = ami.startsWith('bottlerocket@') ? bottlerocketText(pool) : null
  return userData === null ? {} : { userData }
}

/** As Karpenter selects a reservation. */
export const termOf = ({ id, tags, owner }: NonNullable<PoolPolicy['reservations']>[number]): object => ({
  ...(id === undefined ? {} : { id }),
  ...(tags === undefined ? {} : { tags: { ...tags } }),
  ...(owner === undefined ? {} : { ownerID: owner }),
})

/** The fastest that a gp3 volume is: images and weights are written to it before anything runs. */
const FAST = { iops: 16_000, throughput: 1_000 }

const disksOf = ({ ami }: Nodes, pool: PoolPolicy): object[] => {
  // Where nodes have disks of their own, images and pods are on those, and a fast volume would be paid for nothing.
  // Nor is there much to write before a program without GPUs runs.
  const speed = hasStore(typesOf(pool)) || pool.counts === 'nodes' ? {} : FAST
  const volume = (gibibytes: number, more: object = {}): object => ({
    volumeSize: `${gibibytes}Gi`,
    volumeType: 'gp3',
    encrypted: true,
    deleteOnTermination: true,
    ...more,
  })
  // Bottlerocket keeps itself on a small volume, and images and pods on another one.
  return ami.startsWith('bottlerocket@')
    ? [
        { deviceName: '/dev/xvda', ebs: volume(4) },
        { deviceName: '/dev/xvdb', ebs: volume(diskOf(pool), speed) },
      ]
    : [{ deviceName: '/dev/xvda', ebs: volume(diskOf(pool), speed) }]
}
