import type { V1Pod } from '@kubernetes/client-node'
import type { KubeObject } from '../../core/kube.ts'
import { type Around, NOTHING_AROUND } from '../../core/pods/around.ts'
import { isOverdue, overdueNote } from '../../core/pods/leaving.ts'
import { Unavailable, type WorkPorts } from '../ports.ts'

type Cluster = Pick<WorkPorts, 'cluster'>

/** What stands around these pods, as far as anything of it tells more of them than they do. */
export const aroundOf = async (ports: Cluster, pods: readonly V1Pod[], now: number): Promise<Around> => {
  const nodes = pods.some((pod) => isOverdue(pod, now)) ? await nodesOf(ports) : []
  return { ...NOTHING_AROUND, nodes }
}

/** What keeps the first of these pods whose end is long due, and what to do; null: there is none. */
export const keptNote = async (ports: Cluster, pods: readonly V1Pod[], now: number): Promise<string | null> => {
  const { nodes } = await aroundOf(ports, pods, now)
  return pods.map((pod) => overdueNote(pod, nodes, now)).find((note) => note !== null) ?? null
}

const nodesOf = ({ cluster }: Cluster): Promise<KubeObject<'Node'>[]> =>
  told(cluster.list('Node')) as Promise<KubeObject<'Node'>[]>

/** It is told where it can be read: no work waits for it, nor for a right that an earlier bootstrap did not give. */
const told = (reading: Promise<KubeObject[]>): Promise<KubeObject[]> =>
  reading.catch((error: unknown) => {
    if (error instanceof Unavailable) return []
    throw error
  })
