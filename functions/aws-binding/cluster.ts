import { eksConfig } from '../../effects/cluster/eks.ts'
import { openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import type { Cluster } from '../../flows/ports.ts'
import { logger } from './lambda.ts'
import { FAR } from './patience.ts'
import type { Settings } from './settings.ts'

export const clusterOf = async ({ cluster, region }: Settings): Promise<Cluster> =>
  openKubernetesCluster(await eksConfig({ ...cluster, region }), {
    ...FAR,
    onError: (what, error) => logger.warn(what, { problem: String(error) }),
  })
