import { setTimeout as pause } from 'node:timers/promises'
import { inject } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { openKubernetesCluster } from '../../../effects/cluster/kubernetes-cluster.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import { clusterContract } from '../../ports/cluster.contract.ts'

let count = 0

/** A NodePool as Karpenter's kwok provider takes it. */
const nodePool = (name: string, maxGpus: number | null): KubeObject<'NodePool'> => ({
  apiVersion: 'karpenter.sh/v1',
  kind: 'NodePool',
  metadata: { name },
  spec: {
    template: {
      spec: {
        nodeClassRef: NODE_CLASS,
        taints: [{ key: 'nvidia.com/gpu', value: 'true', effect: 'NoSchedule' }],
        expireAfter: 'Never',
        requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['p5.48xlarge'] }],
      },
    },
    ...(maxGpus === null ? {} : { limits: { 'nvidia.com/gpu': String(maxGpus) } }),
    disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '5s' },
  },
})

clusterContract('the real API server', async () => {
  const config = loadKubeconfig({ file: inject('kubeconfig') })
  const requests = await openRequests(config)
  const cluster = await openKubernetesCluster(config, { watched: ['Job', 'Deployment', 'Pod', 'Service'] })
  const namespace = `trial-${process.pid}-${++count}`
  const metadata = { name: namespace }
  await requests.send({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata },
  })
  return {
    cluster,
    namespace,
    nodePool,
    orphan: async (ref) => {
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan' }
      await requests.send({ method: 'DELETE', path: objectPath(ref), body })
    },
    settle: async (until) => {
      for (let waited = 0; waited < 180_000; waited += 50) {
        if (await until()) return
        await pause(50)
      }
      throw new Error('this never came to hold in 90 s')
    },
    breath: () => pause(3000),
    close: async () => {
      // Other files run beside it: their pools stay.
      const pools = (await cluster.list('NodePool')).filter(({ metadata }) => metadata.name.endsWith(namespace))
      for (const { metadata } of pools)
        await cluster.delete({ kind: 'NodePool', namespace: null, name: metadata.name }, metadata.uid ?? '')
      await requests.close()
      await cluster.close()
    },
  }
})
