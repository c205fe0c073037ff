import type { NamedClass } from '../../core/bootstrap/node-classes.ts'
import type { NodeClass } from '../../core/bootstrap/node-pools.ts'
import type { NodePool } from '../../core/kube.ts'
import type { Policy, PoolPolicy } from '../../core/policy.ts'
import { counted } from '../../core/text.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { compareNodeClass, type Difference, manifestPath } from '../../effects/cluster/manifests.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

type Asking = Pick<Requests, 'send'>

/**
 * What does not do for the policy's pools of the node classes that their NodePools name in the cluster, whoever made them. Of kinds of which
 * nothing is known nothing is said, nor of pools that are not there: those are told as that.
 */
export const nodeClassFindings = async (requests: Asking, policy: Policy): Promise<Finding[]> => {
  const compared: Difference[] = []
  for (const named of await classesThere(requests, policy)) {
    const one = await compareNodeClass(requests, named)
    if (one !== null) compared.push(one)
  }
  const wrong = compared.filter(({ state }) => state !== 'same').map(findingOf)
  if (wrong.length > 0 || compared.length === 0) return wrong
  return [
    {
      check: 'node classes',
      ok: true,
      detail: `what the NodePools name (${counted(compared.length, 'object')}) is as the pools need it`,
    },
  ]
}

const findingOf = ({ manifest, detail }: Difference): Finding => ({
  check: `${manifest.kind} ${manifest.metadata.name}`,
  ok: false,
  detail: detail.join('; '),
})

const classesThere = async (requests: Asking, { pools }: Policy): Promise<NamedClass[]> => {
  const found: { nodeClass: NodeClass; pool: [string, PoolPolicy] }[] = []
  for (const [name, pool] of Object.entries(pools)) {
    const path = manifestPath({ apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name } })
    const { status, body } = await requests.send({ method: 'GET', path })
    const nodeClass = status === 200 ? (body as NodePool).spec?.template?.spec?.nodeClassRef : undefined
    if (nodeClass !== undefined) found.push({ nodeClass, pool: [name, pool] })
  }
  const byClass = Map.groupBy(found, ({ nodeClass: { group, kind, name } }) => `${group}/${kind}/${name}`)
  return [...byClass.values()].map((same) => ({
    nodeClass: (same[0] as (typeof found)[number]).nodeClass,
    pools: same.map(({ pool }) => pool),
  }))
}
