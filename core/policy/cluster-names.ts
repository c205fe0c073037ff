import type { Policy, PoolPolicy, ServicePolicy, StagePolicy } from '../policy.ts'
import { isRecord } from '../record.ts'
import { podAccounts } from '../workloads/accounts.ts'
import { patched } from '../workloads/pod-patch.ts'
import { servingClassName } from '../workloads/priority.ts'
import { NAMED_KINDS, type NamedKind } from './named-kinds.ts'
import type { PodPatch } from './pod.ts'
import { nameOfStage } from './stages.ts'

/** An object of the cluster that a policy names: without it pods are made that never start. */
export interface Named {
  kind: NamedKind
  /** Null: its kind has none. */
  namespace: string | null
  name: string
  /** Of its data, what must be in it. */
  keys: string[]
  /** Paths of the policy that name it. */
  by: string[]
}

/**
 * All objects of the cluster that a policy names, each once, in the order in which they are made: what `bootstrap` makes, the queues
 * of pools, and what pods are told to read, mount and be. What a pod calls optional may be missing.
 */
export const namedInCluster = (policy: Policy): Named[] => {
  const found = [...ofInstallation(policy), ...ofQueues(policy), ...ofPods(policy)]
  return [...Map.groupBy(found, ({ kind, namespace, name }) => JSON.stringify([kind, namespace, name])).values()].map(
    (same) => ({
      ...(same[0] as Named),
      keys: [...new Set(same.flatMap(({ keys }) => keys))],
      by: [...new Set(same.flatMap(({ by }) => by))],
    }),
  )
}

/** What `kubectl` or a person does to make it. */
export const howToMake = ({ kind, namespace, name, keys }: Named): string =>
  NAMED_KINDS[kind].make({ at: namespace === null ? '' : ` -n ${namespace}`, name, keys })

const named = (kind: NamedKind, namespace: string | null, name: string, by: string): Named => ({
  kind,
  namespace,
  name,
  keys: [],
  by: [by],
})

const ofInstallation = (policy: Policy): Named[] => [
  ...Object.entries(policy.namespaces).map(([use, name]) => named('Namespace', null, name, `namespaces.${use}`)),
  ...podAccounts(policy).map(({ of, namespace, name }) => named('ServiceAccount', namespace, name, `pods of ${of}`)),
  named('PriorityClass', null, servingClassName(policy), 'pods of serving'),
  ...Object.keys(policy.pools).map((name) => named('NodePool', null, name, `pools.${name}`)),
  ...Object.entries(policy.pools).flatMap(([name, pool]) => ofNodes(policy, name, pool)),
]

/** Which class is there where the policy says nothing of it, `bootstrap` is told. */
const ofNodes = ({ nodes }: Policy, name: string, { nodeClass }: PoolPolicy): Named[] => {
  if (nodeClass !== undefined) return [named('EC2NodeClass', null, nodeClass, `pools.${name}.nodeClass`)]
  return nodes === undefined ? [] : [named('EC2NodeClass', null, name, `pools.${name}`)]
}

/** A queue is looked for where the Jobs of the pool are made. */
const ofQueues = ({ pools, namespaces }: Policy): Named[] =>
  Object.entries(pools).flatMap(([name, { queue }]) =>
    queue === undefined ? [] : [named('LocalQueue', namespaces.training, queue, `pools.${name}.queue`)],
  )

const ofPods = ({ pipelines, services, namespaces }: Policy): Named[] => [
  ...Object.entries(pipelines).flatMap(([name, { stages }]) =>
    stages.flatMap((stage, index) =>
      ofPod(podOfStage(stage), namespaces.training, `pipelines.${name}.stages.${index}`),
    ),
  ),
  ...Object.entries(services).flatMap(([name, { pod = {} }]: [string, ServicePolicy]) =>
    ofPod(pod, namespaces.serving, `services.${name}`),
  ),
]

/** The part of a stage's pod that names objects, as its patch leaves it. */
const podOfStage = (stage: StagePolicy): PodPatch => {
  const env = Object.entries(stage.secrets).map(([name, { secret, key }]) => ({
    name,
    valueFrom: { secretKeyRef: { name: secret, key } },
  }))
  return patched({ containers: [{ name: nameOfStage(stage), env }] }, stage.pod) as PodPatch
}

const ofPod = (pod: PodPatch, namespace: string, by: string): Named[] =>
  referencesIn(pod).map(({ kind, name, keys }) => ({
    ...named(kind, NAMED_KINDS[kind].namespaced ? namespace : null, name, by),
    keys,
  }))

type Reference = Pick<Named, 'kind' | 'name' | 'keys'>

/** Fields of a pod that name objects: the kind, and which of their fields has the name; '': the value itself. */
const REFERENCES: readonly (readonly [at: string, kind: NamedKind, name: string])[] = [
  ['secretKeyRef', 'Secret', 'name'],
  ['secretRef', 'Secret', 'name'],
  ['nodePublishSecretRef', 'Secret', 'name'],
  ['imagePullSecrets', 'Secret', 'name'],
  // A volume's, and one of a projected volume.
  ['secret', 'Secret', 'secretName'],
  ['secret', 'Secret', 'name'],
  ['configMapKeyRef', 'ConfigMap', 'name'],
  ['configMapRef', 'ConfigMap', 'name'],
  ['configMap', 'ConfigMap', 'name'],
  ['persistentVolumeClaim', 'PersistentVolumeClaim', 'claimName'],
  ['storageClassName', 'StorageClass', ''],
  ['runtimeClassName', 'RuntimeClass', ''],
]

const referencesIn = (value: unknown): Reference[] => {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, one]) => [...referencesAt(key, one), ...referencesIn(one)])
}

const referencesAt = (key: string, value: unknown): Reference[] =>
  REFERENCES.filter(([at]) => at === key).flatMap(([, kind, field]) =>
    [value].flat().flatMap((one: unknown) => {
      const name = field === '' ? one : isRecord(one) && one['optional'] !== true ? one[field] : null
      return typeof name === 'string' && name !== '' ? [{ kind, name, keys: keysOf(one) }] : []
    }),
  )

/** Which of its keys are read: one, or those that become files; else all that there are. */
const keysOf = (value: unknown): string[] => {
  const { key, items } = isRecord(value) ? value : {}
  return [key, ...(Array.isArray(items) ? items.map((item) => (isRecord(item) ? item['key'] : null)) : [])].filter(
    (one) => typeof one === 'string',
  )
}
