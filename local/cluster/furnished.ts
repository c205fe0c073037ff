import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import { rightsIn } from '../../core/bootstrap/rights.ts'
import type { Policy } from '../../core/policy.ts'
import { missingRights } from '../../effects/cluster/access.ts'
import type { openKubernetesCluster } from '../../effects/cluster/kubernetes-cluster.ts'
import { manifestPath } from '../../effects/cluster/manifests.ts'
import { openRequests, type Requests } from '../../effects/cluster/requests.ts'
import { clusterDoors } from '../doors.ts'
import { ownFile } from '../own-folder.ts'

/** The cluster is not ready for Signalbox; the message says what is missing and what to do. */
export class NotFurnished extends Error {
  override name = 'NotFurnished'
}

/** Kinds without which nothing of ours can run; admission policies make it safe and are applied by the same command. */
const NEEDED = ['Namespace', 'ConfigMap', 'ServiceAccount', 'PriorityClass', 'NodePool']

/** Rejects with `NotFurnished` unless the cluster answers, grants what the doors do, and has what they work on. */
export const expectFurnished = async (
  config: Parameters<typeof openKubernetesCluster>[0],
  policy: Policy,
): Promise<void> => {
  const requests = await openRequests(config, { tries: 2 })
  try {
    await reached(requests)
    const rights = clusterDoors.flatMap(({ kubernetes }) => rightsIn(policy, kubernetes))
    const missing = await missingRights(requests, rights, [...new Set(Object.values(policy.namespaces))])
    if (missing.length > 0)
      throw new NotFurnished(
        `rights are missing on the cluster: ${missing.join('; ')}. \`signalbox bootstrap\` prints roles that grant them`,
      )
    const absent = await absentOf(requests, policy)
    if (absent.length > 0)
      throw new NotFurnished(
        `the cluster lacks ${absent.join(', ')}: \`signalbox bootstrap --context NAME --diff\` shows it, \`--apply\` makes it`,
      )
  } finally {
    await requests.close()
  }
}

/** In a data folder: the address of the cluster that its ledger tells of. */
const CLUSTER_FILE = 'cluster'
const SIMULATED = 'the simulated cluster'

/** What a ledger remembers is true of one cluster: throws `NotFurnished` when the folder was used on another (null: the simulated one). */
export const expectSameCluster = (dataDir: string, server: string | null): void => {
  const file = join(dataDir, CLUSTER_FILE)
  const now = server ?? SIMULATED
  const before = existsSync(file)
    ? readFileSync(file, 'utf8')
    : existsSync(join(dataDir, 'ledger.db'))
      ? SIMULATED
      : now
  if (before !== now)
    throw new NotFurnished(`the folder ${dataDir} tells of ${before}, not of ${now}: name another one with --data`)
  writeFileSync(ownFile(file), now)
}

const reached = async (requests: Requests): Promise<void> => {
  const answer = await requests.send({ method: 'GET', path: '/apis/karpenter.sh/v1' }).catch((error: unknown) => {
    throw new NotFurnished(`the cluster does not answer: ${error instanceof Error ? error.message : String(error)}`)
  })
  if (answer.status === 401) throw new NotFurnished('the cluster does not know who asks: renew the credentials')
  if (answer.status === 404)
    throw new NotFurnished('the cluster has no NodePools: install Karpenter 1.x, or at least its CRDs, and start again')
}

const absentOf = async (requests: Requests, policy: Policy): Promise<string[]> => {
  const needed = bootstrapManifests(policy, []).filter(({ kind }) => NEEDED.includes(kind))
  const statuses = await Promise.all(
    needed.map((manifest) => requests.send({ method: 'GET', path: manifestPath(manifest) })),
  )
  return needed
    .filter((_, index) => statuses[index]?.status === 404)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
}
