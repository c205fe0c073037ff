import { setTimeout as pause } from 'node:timers/promises'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import type { NodeClaim, NodePool } from '../../../core/kube.ts'
import { type Policy, parsePolicy } from '../../../core/policy.ts'
import type { Requests } from '../../../effects/cluster/requests.ts'
import { NODE_CLASS } from '../../../local/rig/contents.ts'
import { ownConfig } from '../real-town.ts'

/** The example under names of its own, with its pool for training said otherwise. */
export const policyWith = (installation: string, train: object, others: object = {}): Policy => {
  const own = ownConfig(installation, others) as { pools: Record<string, Record<string, unknown>> }
  const name = `${installation}-gpu-train`
  const { instanceType, ...rest } = own.pools[name] ?? {}
  const types = 'instanceTypes' in train ? {} : { instanceType }
  return parsePolicy({ ...own, pools: { ...own.pools, [name]: { ...rest, ...types, ...train } } })
}

/** A pool's NodePool, as the rig's Karpenter takes it. */
export const nodePoolOf = (policy: Policy, name: string): Manifest & { spec: NonNullable<NodePool['spec']> } => {
  const found = bootstrapManifests(policy, [], NODE_CLASS).find(
    ({ kind, metadata }) => kind === 'NodePool' && metadata.name === name,
  )
  if (found === undefined) throw new Error(`no NodePool ${name}`)
  return found as Manifest & { spec: NonNullable<NodePool['spec']> }
}

type Seen = NodeClaim & { metadata: { name: string } }

/** What Karpenter has of a pool: its nodes or its claims for them. */
const listed = async (admin: Requests, path: string, pool: string): Promise<Seen[]> => {
  const { body } = await admin.send({ method: 'GET', path, query: { labelSelector: `karpenter.sh/nodepool=${pool}` } })
  return (body as { items: Seen[] }).items
}
export const nodesOf = (admin: Requests, pool: string): Promise<Seen[]> => listed(admin, '/api/v1/nodes', pool)
export const claimsOf = (admin: Requests, pool: string): Promise<Seen[]> =>
  listed(admin, '/apis/karpenter.sh/v1/nodeclaims', pool)

/** Those claims once there are some and each has this condition. */
export const claimsThat = (admin: Requests, { pool, are }: { pool: string; are: string }): Promise<Seen[]> =>
  until(`nodes that are ${are}`, async () => {
    const claims = await claimsOf(admin, pool)
    const isSo = ({ status }: Seen): boolean =>
      status?.conditions?.some((one) => one.type === are && one.status === 'True') === true
    return claims.length > 0 && claims.every(isSo) && claims
  })

/** What is there once it is; fails after 90 s. */
export const until = async <T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> => {
  for (let waited = 0; waited < 180_000; waited += 100) {
    const seen = await look()
    if (seen) return seen
    await pause(100)
  }
  throw new Error(`${what}: it never came`)
}

/** A pod that wants all GPUs of one node of a pool; its name. */
export const wants = async (
  admin: Requests,
  { namespace, pool, gpus }: { namespace: string; pool: string; gpus: number },
): Promise<string> => {
  const resources = { limits: { 'nvidia.com/gpu': String(gpus) }, requests: { 'nvidia.com/gpu': String(gpus) } }
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'whole-', namespace, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } },
    spec: {
      nodeSelector: { 'karpenter.sh/nodepool': pool },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
      containers: [{ name: 'c', image: 'x', resources }],
    },
  }
  // Its account is made a moment after its namespace.
  return until('a pod', async () => {
    const answer = await admin.send({ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, body })
    return answer.status === 201 && (answer.body as Seen).metadata.name
  })
}
