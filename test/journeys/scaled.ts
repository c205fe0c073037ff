import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import example from '../example.ts'
import { MODEL } from './scenes.ts'
import type { Town } from './town.ts'

const { replicas: _, ...rule } = example.services![MODEL]!

/** The example's service, scaled between one replica and three by the requests that it has, five a replica. */
export const scaled = (more: object = {}, service: object = {}) => ({
  ...example,
  keda: { prometheus: 'http://prometheus-operated.monitoring.svc:9090' },
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
  services: {
    [MODEL]: { ...rule, autoscaling: { min: 1, max: 3, on: { requests: 5 } }, ...service },
  },
  ...more,
})

/** How many there are of each generation that has some. */
export const scaledOf = async ({ house }: Town): Promise<Record<string, number>> => {
  const all = (await house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  const counts = all.map(({ metadata, spec }) => [metadata.name.replace(/^.*-(g\d+)$/, '$1'), spec?.replicas ?? 1])
  return Object.fromEntries(counts.filter(([, count]) => count !== 0))
}

/** Between how many each generation is scaled. */
export const rangesOf = async ({ house }: Town): Promise<Record<string, [number, number]>> => {
  const all = (await house.cluster.list('ScaledObject', { fresh: true })) as KubeObject<'ScaledObject'>[]
  return Object.fromEntries(
    all.map(({ metadata, spec }) => [
      metadata.name.replace(/^.*-(g\d+)$/, '$1'),
      [spec?.minReplicaCount ?? 0, spec?.maxReplicaCount ?? 0],
    ]),
  )
}

/** Somebody changes the first object of a kind by hand. */
export const edited = async (
  { house }: Town,
  kind: 'Deployment' | 'ScaledObject',
  change: (live: { spec?: unknown; metadata: KubeObject['metadata'] }) => void,
): Promise<void> => {
  const [live] = await house.cluster.list(kind, { fresh: true })
  await (house.cluster as SimulatedCluster).edit(refOf(live as KubeObject), 'kubectl-edit', (object) => {
    change(object)
    return object
  })
}
