import { GPU, type KubeObject, type NodePool } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import { INSTANCE_TYPE_LABEL, type Labels, type Node, POOL_LABEL } from './wire.ts'

/**
 * On a NodePool's template: GPUs of one of its nodes. Karpenter knows them by the instance type; the simulation has no
 * price list and asks for them here.
 */
export const GPUS_PER_NODE_LABEL = label('gpus-per-node')

/** A NodePool as `signalbox-ceiling` applies it: the ceiling is whole GPUs, null for none. */
export const nodePoolObject = (pool: {
  name: string
  instanceType: string
  gpusPerNode: number
  maxGpus: number | null
}): KubeObject<'NodePool'> => ({
  apiVersion: 'karpenter.sh/v1',
  kind: 'NodePool',
  metadata: { name: pool.name },
  spec: {
    template: {
      metadata: { labels: { [GPUS_PER_NODE_LABEL]: String(pool.gpusPerNode) } },
      spec: {
        nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'gpu' },
        taints: [{ key: GPU, value: 'true', effect: 'NoSchedule' }],
        expireAfter: 'Never',
        requirements: [{ key: INSTANCE_TYPE_LABEL, operator: 'In', values: [pool.instanceType] }],
      },
    },
    ...(pool.maxGpus === null ? {} : { limits: { [GPU]: String(pool.maxGpus) } }),
    disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '10m' },
  },
})

/** The node that the pool would launch. */
export const nodeOf = ({ metadata, spec }: KubeObject<'NodePool'>, name: string): Node => {
  const template: NonNullable<NodePool['spec']>['template'] = spec?.template
  const required = Object.fromEntries(
    (template?.spec?.requirements ?? []).flatMap(({ key, operator, values }): [string, string][] =>
      operator === 'In' && values?.[0] !== undefined ? [[key, values[0]]] : [],
    ),
  )
  const gpus = template?.metadata?.labels?.[GPUS_PER_NODE_LABEL] ?? '0'
  const annotated: Labels = metadata.annotations?.[INSTANCE_TYPE_LABEL]
    ? { [INSTANCE_TYPE_LABEL]: metadata.annotations[INSTANCE_TYPE_LABEL] }
    : {}
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { ...template?.metadata?.labels, ...required, ...annotated, [POOL_LABEL]: metadata.name },
    },
    spec: { taints: template?.spec?.taints ?? [] },
    status: {
      capacity: { [GPU]: gpus },
      allocatable: { [GPU]: gpus },
      conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'the node is on its way' }],
    },
  }
}
