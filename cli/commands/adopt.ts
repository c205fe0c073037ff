import { openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import { claim, NotOurs } from '../../flows/claim.ts'
import { ourNamespaces } from '../../flows/namespaces.ts'
import { unique } from '../../functions/unique.ts'
import { Explained, type Output, show } from '../output.ts'
import { withInstallation } from './in-aws.ts'
import { namedCluster, type OnCluster } from './kubeconfig.ts'

export interface AdoptFlags extends OnCluster {
  aws: string
  config: string
}

/**
 * A person's word that the ledger of what is deployed takes the place of whichever acts in its namespaces: it was restored, or
 * the other is gone for good. It goes on above the greatest fence that stands there.
 */
export const adopt = async (flags: AdoptFlags, output: Output): Promise<void> => {
  const config = namedCluster(flags)
  await withInstallation(flags, async (ports) => {
    const namespaces = ourNamespaces(await ports.policies.load())
    const cluster = await openKubernetesCluster(config, { tries: 2 })
    try {
      const claiming = { home: await ports.home(), mint: unique, adopt: true }
      const { ledger, home } = await claim({ ...ports, cluster }, claiming).catch(explained)
      show(output, { ledger, home, namespaces }, `${ledger} in ${home} acts in ${namespaces.join(' and ')} now`)
    } finally {
      await cluster.close()
    }
  })
}

const explained = (error: unknown): never => {
  throw error instanceof NotOurs ? new Explained(error.message) : error
}
