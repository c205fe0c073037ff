/** Kinds of objects that a policy can name in a cluster. */
export type NamedKind =
  | 'Namespace'
  | 'ServiceAccount'
  | 'NodePool'
  | 'PriorityClass'
  | 'EC2NodeClass'
  | 'LocalQueue'
  | 'Secret'
  | 'ConfigMap'
  | 'PersistentVolumeClaim'
  | 'StorageClass'
  | 'RuntimeClass'

interface Wanted {
  /** ` -n NAMESPACE`, as commands take it; empty where the kind has none. */
  at: string
  name: string
  keys: readonly string[]
}

interface NamedResource {
  /** API group; empty: Kubernetes' first one. */
  group: string
  plural: string
  namespaced: boolean
  /** How to make one. */
  make(wanted: Wanted): string
}

const BOOTSTRAP = '`signalbox bootstrap --context NAME --apply` makes it'
const bootstrapped = (): string => BOOTSTRAP

/** Of data that nobody lists keys of, any will do. */
const fromFiles = (keys: readonly string[]): string =>
  (keys.length === 0 ? ['KEY'] : keys).map((key) => `--from-file=${key}=FILE`).join(' ')

/** Where each is asked for, and how it is made. Which version of a group there is, the cluster says. */
export const NAMED_KINDS: Readonly<Record<NamedKind, NamedResource>> = {
  Namespace: { group: '', plural: 'namespaces', namespaced: false, make: bootstrapped },
  ServiceAccount: { group: '', plural: 'serviceaccounts', namespaced: true, make: bootstrapped },
  NodePool: { group: 'karpenter.sh', plural: 'nodepools', namespaced: false, make: bootstrapped },
  PriorityClass: { group: 'scheduling.k8s.io', plural: 'priorityclasses', namespaced: false, make: bootstrapped },
  EC2NodeClass: {
    group: 'karpenter.k8s.aws',
    plural: 'ec2nodeclasses',
    namespaced: false,
    make: () => `${BOOTSTRAP} where the policy says \`nodes\` and the pool no \`nodeClass\`; else it is yours to make`,
  },
  LocalQueue: {
    group: 'kueue.x-k8s.io',
    plural: 'localqueues',
    namespaced: true,
    make: ({ at, name }) =>
      `\`kubectl kueue create localqueue ${name}${at} --clusterqueue=NAME\`, or leave out \`queue\` if Kueue does not own the pool`,
  },
  Secret: {
    group: '',
    plural: 'secrets',
    namespaced: true,
    make: ({ at, name, keys }) => `\`kubectl${at} create secret generic ${name} ${fromFiles(keys)}\``,
  },
  ConfigMap: {
    group: '',
    plural: 'configmaps',
    namespaced: true,
    make: ({ at, name, keys }) => `\`kubectl${at} create configmap ${name} ${fromFiles(keys)}\``,
  },
  PersistentVolumeClaim: {
    group: '',
    plural: 'persistentvolumeclaims',
    namespaced: true,
    make: ({ at, name }) => `\`kubectl${at} apply -f FILE\` with a PersistentVolumeClaim \`${name}\` in it`,
  },
  StorageClass: {
    group: 'storage.k8s.io',
    plural: 'storageclasses',
    namespaced: false,
    make: () => 'name one of `kubectl get storageclass`',
  },
  RuntimeClass: {
    group: 'node.k8s.io',
    plural: 'runtimeclasses',
    namespaced: false,
    make: () => 'install what brings it, or name one of `kubectl get runtimeclass`',
  },
}
