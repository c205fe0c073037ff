import { GPUS_PER_NODE_LABEL } from '../../core/bootstrap/node-pools.ts'
import type { KubeObject, NodePool } from '../../core/kube.ts'
import { countsIn, limitKey } from '../../core/pools/counts.ts'
import { providerIdOf } from './claims.ts'
import { INSTANCE_TYPE_LABEL, type Labels, type Node, POOL_LABEL } from './wire.ts'

/** The node that the pool would launch. */
export const nodeOf = ({ metadata, spec }: KubeObject<'NodePool'>, name: string): Node => {
  const template: NonNullable<NodePool['spec']>['template'] = spec?.template
  const required = Object.fromEntries(
    (template?.spec?.requirements ?? []).flatMap(({ key, operator, values }): [string, string][] =>
      operator === 'In' && values?.[0] !== undefined ? [[key, values[0]]] : [],
    ),
  )
  const gpus = template?.metadata?.labels?.[GPUS_PER_NODE_LABEL] ?? '0'
  // No device plugin offers any on a node without.
  const offers = limitKey(countsIn({ ...(spec && { spec }) }))
  const capacity: Labels = gpus === '0' ? {} : { [offers]: gpus }
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
    spec: { providerID: providerIdOf(name), taints: template?.spec?.taints ?? [] },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'the node is on its way' }],
    },
  }
}
