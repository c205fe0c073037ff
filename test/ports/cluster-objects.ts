import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { GPU, type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import type { Cluster } from '../../flows/ports.ts'

/** A cluster to try, with time hidden behind `settle`. */
export interface OpenedCluster {
  cluster: Cluster
  namespace: string
  /** Goes on until this holds; throws when it never does. */
  settle(until: () => Promise<boolean>): Promise<void>
  /** A few seconds go by, where time cannot be hidden. */
  breath?(): Promise<unknown>
  close(): Promise<void>
  /** Somebody deletes a Deployment alone, as `kubectl delete --cascade=orphan` does. */
  orphan(ref: ObjectRef): Promise<void>
  /** A NodePool as this cluster's Karpenter takes it, 8 GPUs a node; the simulation's own unless told. */
  nodePool?(name: string, maxGpus: number | null): KubeObject<'NodePool'>
}

export const IMAGE = `registry.example/image@sha256:${'a'.repeat(64)}`

/** Makers of objects in one namespace. */
export const objectsIn = (namespace: string) => ({
  job: (name: string, spec: object = {}, pod: object = {}): KubeObject<'Job'> => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      backoffLimit: 0,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: IMAGE }], ...pod } },
      ...spec,
    },
  }),
  deployment: (name: string, spec: object = {}, pod: object = {}): KubeObject<'Deployment'> => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: IMAGE }], ...pod } },
      ...spec,
    },
  }),
  service: (name: string, labels: Record<string, string> = {}): KubeObject<'Service'> => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
  }),
  config: (name: string, data: Record<string, string>): KubeObject<'ConfigMap'> => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data,
  }),
  gpuPod: (pool: string, gpus: number) => ({
    nodeSelector: { 'karpenter.sh/nodepool': pool },
    tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
    containers: [{ name: 'main', image: IMAGE, resources: { limits: { [GPU]: String(gpus) } } }],
  }),
})

/** What the promises are tried with: objects to make, and calls that must succeed. */
export interface Trial {
  opened: OpenedCluster
  make: ReturnType<typeof objectsIn>
  created<T extends KubeObject>(object: T): Promise<T>
  applied<T extends KubeObject>(object: T, manager: Parameters<Cluster['apply']>[1]): Promise<T>
  read<T extends KubeObject>(object: T): Promise<T>
  /** What the manager `signalbox-scale` applies. */
  replicas(name: string, count: number): KubeObject<'Deployment'>
  pool(name: string, maxGpus: number | null): KubeObject<'NodePool'>
  /** Of this trial alone: NodePools have no namespace, and nodes of an earlier trial may be on their way out. */
  poolName: string
}

export const trialOf = (opened: OpenedCluster): Trial => {
  const { cluster, namespace } = opened
  return {
    opened,
    make: objectsIn(namespace),
    created: async (object) => {
      const answer = await cluster.create(object)
      if (answer.kind !== 'created') throw new Error(JSON.stringify(answer))
      return answer.object as typeof object
    },
    applied: async (object, manager) => {
      const answer = await cluster.apply(object, manager)
      if (answer.kind !== 'applied') throw new Error(JSON.stringify(answer))
      return answer.object as typeof object
    },
    read: async (object) => (await cluster.get(refOf(object))) as typeof object,
    replicas: (name, count) =>
      ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace },
        spec: { replicas: count },
      }) as KubeObject<'Deployment'>,
    pool: opened.nodePool ?? simulatedPool,
    poolName: `gpu-${namespace}`,
  }
}

const simulatedPool = (name: string, maxGpus: number | null): KubeObject<'NodePool'> =>
  nodePoolObject({ name, instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'], maxGpus })
