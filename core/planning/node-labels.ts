import { CAPACITY_TYPE, INSTANCE_TYPE, type KubeObject, NODE_POOL, type NodePool } from '../kube.ts'
import { GPU_NAME_OF } from '../money/gpu-types.ts'
import { ownGpus } from '../policy/counted.ts'
import { typesOf } from '../policy/pools.ts'
import type { PoolPolicy } from '../policy.ts'

/** What a node has of a label: one of these values, none of an empty list; `any`: nobody knows. */
export type Has = readonly string[] | 'any'

type Template = NonNullable<NonNullable<NodePool['spec']>['template']>
type Requirement = NonNullable<NonNullable<Template['spec']>['requirements']>[number]

/**
 * What a node that Karpenter starts for a pool has of a label. It starts none for a pod that asks for a label which the NodePool does not say and
 * nobody else puts on nodes; so such a pod never sits there. What cannot be read of a NodePool may be anything.
 */
export const labelsOfNew = (
  pool: string,
  rule: PoolPolicy | undefined,
  found: NodePool | undefined,
): ((key: string) => Has) => {
  const { metadata, spec } = found?.spec?.template ?? {}
  const known = new Map<string, Has>(Object.entries(metadata?.labels ?? {}).map(([key, value]) => [key, [value]]))
  for (const requirement of spec?.requirements ?? [])
    known.set(requirement.key, both(known.get(requirement.key), hasBy(requirement)))
  // What the policy says is what the NodePool says next.
  const types = either(known.get(INSTANCE_TYPE), rule === undefined ? [] : typesOf(rule))
  known.set(INSTANCE_TYPE, types)
  known.set(CAPACITY_TYPE, either(known.get(CAPACITY_TYPE), rule?.capacityTypes ?? 'any'))
  known.set(NODE_POOL, [pool])
  const elsewhere: Has = found === undefined ? 'any' : []
  return (key) =>
    known.get(key) ?? ofType(key, types, rule) ?? WELL_KNOWN.get(key) ?? (isPutOn(key) ? 'any' : elsewhere)
}

const hasBy = ({ operator, values = [] }: Requirement): Has => {
  if (operator === 'In') return values
  return operator === 'DoesNotExist' ? [] : 'any'
}

const both = (a: Has = 'any', b: Has): Has => {
  if (a === 'any') return b
  return b === 'any' ? a : a.filter((value) => b.includes(value))
}

const either = (a: Has = [], b: Has): Has => (a === 'any' || b === 'any' ? 'any' : [...new Set([...a, ...b])])

/** Labels that Karpenter gives by the instance type, as far as its name and the pool say. */
const OF_TYPE = 'karpenter.k8s.aws/instance-'

const ofType = (key: string, types: Has, rule: PoolPolicy | undefined): Has | null => {
  if (!key.startsWith(OF_TYPE)) return null
  if (types === 'any' || types.length === 0) return 'any'
  const values = types.map((type) => partOf(key.slice(OF_TYPE.length), type, rule))
  return values.every((value) => value !== undefined) ? values : 'any'
}

const partOf = (what: string, type: string, rule: PoolPolicy | undefined): string | undefined => {
  const [family = '', size] = type.split('.')
  const [, category, generation] = /^([a-z]+)(\d+)/.exec(family) ?? []
  const parts: Record<string, string | undefined> = {
    family,
    size,
    category,
    generation,
    'gpu-name': GPU_NAME_OF[family],
    'gpu-manufacturer': GPU_NAME_OF[family] === undefined ? undefined : 'nvidia',
    'gpu-count': rule === undefined || rule.counts === 'nodes' ? undefined : String(ownGpus(rule)),
  }
  return parts[what]
}

/** A node that is not there yet has a name that nobody can know. */
const UNNAMED = 'a node that is not there yet'

const NONE: Has = []

/** EKS gives these to nodes of its own groups, and Karpenter's are of none. */
const WELL_KNOWN: ReadonlyMap<string, Has> = new Map<string, Has>([
  ['kubernetes.io/hostname', [UNNAMED]],
  ['kubernetes.io/os', ['linux']],
  ['eks.amazonaws.com/nodegroup', NONE],
  ['eks.amazonaws.com/nodegroup-image', NONE],
  ['eks.amazonaws.com/capacityType', NONE],
  ['eks.amazonaws.com/sourceLaunchTemplateId', NONE],
  ['eks.amazonaws.com/sourceLaunchTemplateVersion', NONE],
])

/** Whose labels kubelets, Karpenter, the cloud and agents on nodes put on them, beside what a NodePool says: of these anything may be. */
const PUT_ON = ['kubernetes.io', 'k8s.io', 'karpenter.sh', 'k8s.aws', 'amazonaws.com', 'nvidia.com', 'amd.com']

/** Of these an agent on a node says what hardware it found: the same on each of one type. */
const OF_HARDWARE = /^(.+\.)?(nvidia\.com|amd\.com|feature\.node\.kubernetes\.io)\//

/** The same, where nodes of the pool are up: agents say of a new one what they say of those. Where there are several types, of any of them. */
export const asOnThose =
  (fresh: (key: string) => Has, nodes: readonly KubeObject[], types: Has) =>
  (key: string): Has => {
    const has = fresh(key)
    const up = (nodes as KubeObject<'Node'>[]).filter(isUp)
    if (has !== 'any' || types.length !== 1 || up.length === 0 || !OF_HARDWARE.test(key)) return has
    return up.flatMap(({ metadata }) => metadata.labels?.[key] ?? [])
  }

const isUp = ({ status }: KubeObject<'Node'>): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false

const isPutOn = (key: string): boolean => {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : null
  return domain !== null && PUT_ON.some((one) => domain === one || domain.endsWith(`.${one}`))
}
