import { openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import { openRequests } from '../../effects/cluster/requests.ts'
import type { Clock } from '../../flows/ports.ts'
import { playContainers } from '../rig/containers.ts'
import type { LocalCluster } from './local-cluster.ts'
import type { SimulatedOptions } from './simulated-cluster.ts'

export interface RealClusterOptions {
  config: Parameters<typeof openKubernetesCluster>[0]
  clock: Clock
  objects: SimulatedOptions['objects']
  installation: string
  namespaces: readonly string[]
  /** As `RequestsOptions` says. */
  headers?: Record<string, string>
  /** Real milliseconds of one minute that a container on a kwok node lives. */
  minute: number
  onError: (what: string, error: unknown) => void
}

/** A cluster of a kubeconfig, for the house on this machine. Containers on kwok's nodes are played. */
export const openRealCluster = async ({ config, headers = {}, ...rest }: RealClusterOptions): Promise<LocalCluster> => {
  const cluster = await openKubernetesCluster(config, { headers, onError: rest.onError })
  const requests = await openRequests(config)
  // Containers have no rights of the doors: what plays them asks for itself.
  const played = await openKubernetesCluster(config, { watched: ['Pod'], onError: rest.onError })
  const playing = await playContainers({ cluster: played, requests, ...rest })
  return {
    ...cluster,
    advance: async () => null,
    close: async () => {
      playing.stop()
      await requests.close()
      await played.close()
      await cluster.close()
    },
  }
}
