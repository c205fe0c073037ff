import type { Identity } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { Manifest } from './manifest.ts'

/** What a door may do in the cluster: nothing is granted that no door names. */
export interface KubernetesRight {
  group: string
  /** Plural, as in a path; a subresource after a slash. */
  resource: string
  /** `use` is known to our admission alone: to start pods in the name of what the marker names. */
  verbs: readonly ('get' | 'list' | 'watch' | 'create' | 'patch' | 'delete' | 'use')[]
  /** Only objects of these names. */
  names?: readonly string[]
  /** Only objects that are called as pools of the policy are. */
  of?: 'pools'
  /** Only in the training namespace, and only where Kueue lends a pool of the policy's. */
  lent?: true
  /** Only in the serving namespace, and only where the policy has KEDA. */
  scaled?: true
  /** Only in these of Signalbox's namespaces. */
  namespaces?: readonly string[]
  /** In every namespace, or of a kind without namespaces; only in Signalbox's namespaces when left out. */
  everywhere?: true
}

/** The same with the names that the policy gives: a right of its pools is none where it has none, nor one of what Kueue lends where it lends nothing. */
export const rightsIn = (
  { pools, namespaces, keda }: Pick<Policy, 'pools' | 'namespaces' | 'keda'>,
  rights: readonly KubernetesRight[],
): readonly KubernetesRight[] => {
  const names = Object.keys(pools)
  const isLending = Object.values(pools).some(({ queue }) => queue !== undefined)
  return rights.flatMap(({ of, lent, scaled, ...right }) => {
    if (scaled) return keda === undefined ? [] : [{ ...right, namespaces: [namespaces.serving] }]
    if (lent) return isLending ? [{ ...right, namespaces: [namespaces.training] }] : []
    if (of === undefined) return [right]
    return names.length === 0 ? [] : [{ ...right, names }]
  })
}

/** The Kubernetes group that a door's IAM role is mapped to by its access entry. */
export const groupOf = ({ installation }: Pick<Identity, 'installation'>, door: string): string =>
  `signalbox:${installation}:${door}`

/** The IAM role of a door, or of pods. IAM knows no regions: without its own one a second region's role would have the first one's name. */
export const roleName = (installation: string, of: string, region: string): string => `${installation}-${of}-${region}`

/** RBAC for one door, or for others' groups: what is done everywhere in a cluster role, the rest in a role of each namespace. */
export const rolesOf = (
  identity: Pick<Identity, 'installation'>,
  {
    name,
    kubernetes,
    groups = [groupOf(identity, name)],
  }: { name: string; kubernetes: readonly KubernetesRight[]; groups?: readonly string[] },
  namespaces: readonly string[],
): Manifest[] => {
  const called = `signalbox-${identity.installation}-${name}`
  const subjects = groups.map((group) => ({ apiGroup: RBAC, kind: 'Group', name: group }))
  const pair = (prefix: '' | 'Cluster', rights: KubernetesRight[], namespace?: string): Manifest[] => {
    if (rights.length === 0) return []
    const metadata = { name: called, ...(namespace === undefined ? {} : { namespace }) }
    const roleRef = { apiGroup: RBAC, kind: `${prefix}Role`, name: called }
    return [
      { apiVersion: `${RBAC}/v1`, kind: `${prefix}Role`, metadata, rules: rights.map(ruleOf) },
      { apiVersion: `${RBAC}/v1`, kind: `${prefix}RoleBinding`, metadata, subjects, roleRef },
    ]
  }
  const [wide, narrow] = [
    kubernetes.filter(({ everywhere }) => everywhere),
    kubernetes.filter((one) => !one.everywhere),
  ]
  const within = (namespace: string): KubernetesRight[] => narrow.filter((right) => isWithin(right, namespace))
  return [...pair('Cluster', wide), ...namespaces.flatMap((one) => pair('', within(one), one))]
}

/** Whether a right holds in that one of Signalbox's namespaces. */
export const isWithin = ({ namespaces }: Pick<KubernetesRight, 'namespaces'>, namespace: string): boolean =>
  namespaces?.includes(namespace) !== false

const RBAC = 'rbac.authorization.k8s.io'

const ruleOf = ({ group, resource, verbs, names }: KubernetesRight): object => ({
  apiGroups: [group],
  resources: [resource],
  ...(names === undefined ? {} : { resourceNames: [...names] }),
  verbs: [...verbs],
})
