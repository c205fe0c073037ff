import type { V1Affinity, V1NodeSelectorRequirement, V1Pod, V1Toleration } from '@kubernetes/client-node'
import { INSTANCE_TYPE, type KubeObject, NODE_POOL, type NodePool } from '../kube.ts'
import type { Policy } from '../policy.ts'
import { isOfGpus, limitKey } from '../pools/counts.ts'
import { numberIn } from '../quantity.ts'
import { asOnThose, type Has, labelsOfNew } from './node-labels.ts'
import { gpusOfPod, hasNode, kindsOf } from './pod-gpus.ts'

/** What is known of a pool's nodes: of those that are there, and of those that Karpenter would start. */
export interface Places {
  pool: string
  /** The pool of every node, '' where it is of none; where a pod sits on one that nobody has seen, nobody knows. */
  poolOf: ReadonlyMap<string, string>
  nodes: readonly KubeObject[]
  /** What a node that is not there yet has of a label. */
  fresh(key: string): Has
  taints: readonly { key: string; value?: string; effect: string }[]
  gpusPerNode: number
  /** Whether it is its nodes that are counted: no GPU is asked for there. */
  ofNodes: boolean
  /** What its nodes offer: GPUs, or slices of them. */
  offers: string
}

/** The nodes of a pool as its rule, its NodePool and the cluster say. */
export const placesOf = (
  { nodes, nodePools }: { nodes: readonly KubeObject[]; nodePools: readonly KubeObject[] },
  pool: string,
  policy: Policy,
): Places => {
  const found = nodePools.find(({ metadata }) => metadata.name === pool) as NodePool | undefined
  const rule = policy.pools[pool]
  const own = nodes.filter(({ metadata }) => metadata.labels?.[NODE_POOL] === pool)
  const fresh = labelsOfNew(pool, rule, found)
  return {
    pool,
    poolOf: new Map(nodes.map(({ metadata }) => [metadata.name, metadata.labels?.[NODE_POOL] ?? ''])),
    nodes: own,
    fresh: asOnThose(fresh, own, fresh(INSTANCE_TYPE)),
    taints: found?.spec?.template?.spec?.taints ?? [],
    gpusPerNode: rule?.gpusPerNode ?? Number.POSITIVE_INFINITY,
    ofNodes: rule?.counts === 'nodes',
    offers: limitKey(rule),
  }
}

/**
 * Where a pod's GPUs are: on its node; before it has one, on each pool of which a node lets it in: by its selector, its required affinity and
 * its tolerations. What nobody knows of a node lets it in.
 */
export const sitsIn = (pod: V1Pod, { pool, poolOf, nodes, fresh, taints, ofNodes, offers }: Places): boolean => {
  const { spec } = pod
  if (hasNode(pod) !== ofNodes) return false
  const node = spec?.nodeName === undefined ? undefined : poolOf.get(spec.nodeName)
  if (node !== undefined && node !== '') return node === pool
  // On a node of nobody's pool it takes none of a pool, whatever it would tolerate; one of the pool may have lost its label.
  if (node === '') return spec?.nodeSelector?.[NODE_POOL] === pool
  // What waits for whole GPUs never comes to slices, nor the other way.
  if (!ofNodes && !kindsOf(pod).has(offers)) return false
  const isLetIn = taints.every((taint) => tolerates(spec?.tolerations ?? [], taint))
  return isLetIn && [fresh, ...nodes.map((one) => labelsOn(one, fresh))].some((has) => isWanted(spec, has))
}

/**
 * Whether another's pod takes GPUs of the pool, or may: one that waits takes none while a gate keeps it from every node (Kueue's do), nor
 * where it is larger than a node. A size that cannot be read is full (law 10).
 */
export const mayTake = (pod: V1Pod, places: Places): boolean => {
  const { spec } = pod
  if (!sitsIn(pod, places)) return false
  if (spec?.nodeName !== undefined) return true
  return (spec?.schedulingGates ?? []).length === 0 && (gpusOfPod(pod) <= places.gpusPerNode || !isReadable(pod))
}

const isReadable = ({ spec }: V1Pod): boolean =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].every(
    ({ resources: { limits = {}, requests = {} } = {} }) =>
      Object.entries({ ...requests, ...limits }).every(([key, amount]) => !isOfGpus(key) || numberIn(amount) !== null),
  )

const HOSTNAME = 'kubernetes.io/hostname'

/** What a node that is there does not say yet is what the pool's nodes have. */
const labelsOn =
  ({ metadata: { name, labels = {} } }: KubeObject, fresh: Places['fresh']) =>
  (key: string): Has => {
    const value = labels[key] ?? (key === HOSTNAME ? name : undefined)
    return value === undefined ? fresh(key) : [value]
  }

const isWanted = (spec: V1Pod['spec'], has: (key: string) => Has): boolean => {
  const selector = Object.entries(spec?.nodeSelector ?? {})
  return (
    selector.every(([key, value]) => meets(has(key), { key, operator: 'In', values: [value] })) &&
    byAffinity(spec?.affinity, has)
  )
}

/** Its required affinity: one of its terms, and of that all. A term that asks for nothing lets it go nowhere. */
const byAffinity = (affinity: V1Affinity | undefined, has: (key: string) => Has): boolean => {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  return (
    terms.length === 0 ||
    terms.some(({ matchExpressions = [], matchFields = [] }) => {
      // The only field that nodes are selected by is their name.
      const named = matchFields.map((field) => ({ ...field, key: HOSTNAME }))
      const all = [...matchExpressions, ...named]
      return all.length > 0 && all.every((expression) => meets(has(expression.key), expression))
    })
  )
}

/** Whether one of the values that a label may have meets this. */
const meets = (has: Has, { operator, values = [] }: V1NodeSelectorRequirement): boolean => {
  if (has === 'any') return true
  const than = Number(values[0])
  switch (operator) {
    case 'In':
      return has.some((one) => values.includes(one))
    case 'NotIn':
      return has.length === 0 || has.some((one) => !values.includes(one))
    case 'Exists':
      return has.length > 0
    case 'DoesNotExist':
      return has.length === 0
    case 'Gt':
      return has.some((one) => Number(one) > than)
    case 'Lt':
      return has.some((one) => Number(one) < than)
    default:
      return true
  }
}

/** Whether a pod with these tolerations may be where this taint is. */
export const tolerates = (
  tolerations: readonly V1Toleration[],
  taint: { key: string; value?: string; effect: string },
): boolean =>
  taint.effect === 'PreferNoSchedule' ||
  tolerations.some(({ key, operator, value, effect }) => {
    if (effect !== undefined && effect !== '' && effect !== taint.effect) return false
    if (operator === 'Exists') return key === undefined || key === '' || key === taint.key
    return key === taint.key && (value ?? '') === (taint.value ?? '')
  })
