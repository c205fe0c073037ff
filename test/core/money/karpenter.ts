/**
 * A small Karpenter with its scheduler: which nodes run for pods that come and go, and for how long each is billed. Written from what
 * they do (whole nodes, none split or emptied for another, an empty one is taken away after a while), apart from the product's own
 * arithmetic.
 */
export interface PodLife {
  gpus: number
  /** Hours. */
  from: number
  until: number
}

export interface Cluster {
  gpusPerNode: number
  /** Nodes that may run at once. */
  most: number
  /** Hours from when a node is billed until a pod on it runs; and for which an empty one stays. */
  boot: number
  idle: number
  /** Where a pod goes that several nodes have room for: to the emptiest, as by the scheduler's own default, or to the fullest; `alone`: and what comes together and finds no room is spread over new nodes. */
  puts: 'emptiest' | 'fullest' | 'alone'
}

interface Node {
  from: number
  pods: PodLife[]
}

const busyUntil = ({ pods }: Node): number => Math.max(...pods.map(({ until }) => until))

/** The nodes of these pods, one after the other as they come; null: one of them finds no place. */
const nodesOf = (pods: readonly PodLife[], { gpusPerNode, most, boot, idle, puts }: Cluster): Node[] | null => {
  const nodes: Node[] = []
  for (const pod of [...pods].sort((a, b) => a.from - b.from)) {
    const there = nodes.filter((node) => busyUntil(node) + idle >= pod.from)
    const left = (node: Node): number =>
      gpusPerNode - node.pods.filter(({ until }) => until > pod.from).reduce((sum, { gpus }) => sum + gpus, 0)
    const fits = there
      .filter((node) => left(node) >= pod.gpus)
      .sort((a, b) => (puts === 'fullest' ? left(a) - left(b) : left(b) - left(a)))
    const mayStart = there.length < most
    // Karpenter spreads what waits together over nodes that it starts for it; the scheduler puts what finds room where there is some.
    const old = fits.filter(({ from, pods: on }) => puts !== 'alone' || from + boot < pod.from || on.length === 0)
    const wanted = mayStart ? old[0] : fits[0]
    if (wanted !== undefined) wanted.pods.push(pod)
    else if (mayStart) nodes.push({ from: pod.from - boot, pods: [pod] })
    else return null
  }
  return nodes
}

/** Node hours that these pods cost together; null: one of them would wait. */
export const nodeHours = (pods: readonly PodLife[], cluster: Cluster): number | null =>
  nodesOf(pods, cluster)?.reduce((sum, node) => sum + busyUntil(node) + cluster.idle - node.from, 0) ?? null

/** Nodes on which these pods are then. */
export const nodesAt = (pods: readonly PodLife[], at: number, cluster: Cluster): number =>
  (nodesOf(pods, cluster) ?? []).filter((node) => node.pods.some(({ from, until }) => from <= at && at < until)).length
