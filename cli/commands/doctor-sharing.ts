import { isShared, overlayManifests, PLUGIN_CONFIGS, sharers } from '../../core/bootstrap/gpu-sharing.ts'
import { type KubeObject, NODE_POOL } from '../../core/kube.ts'
import type { Policy } from '../../core/policy.ts'
import { amountText, isOfGpus, limitKey } from '../../core/pools/counts.ts'
import { isRecord } from '../../core/record.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { manifestPath } from '../../effects/cluster/manifests.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

type Asking = Pick<Requests, 'send'>

const CHECK = 'shared GPUs'
const WHERE = 'docs/gpu-sharing.md'

/** Whether Karpenter knows what nodes of pools that share their GPUs offer, and whether those that are up offer that. Of a policy that shares none nothing. */
export const sharingFindings = async (requests: Asking, policy: Policy): Promise<Finding[]> => {
  const pools = sharers(policy)
  if (pools.length === 0) return []
  const wrong = [
    ...(await Promise.all(overlayManifests(policy).map((overlay) => whyUnread(requests, overlay)))),
    ...(await Promise.all(pools.map((pool) => whyOtherwise(requests, pool)))),
  ].flatMap((detail) => (detail === null ? [] : [{ check: CHECK, ok: false, detail }]))
  const names = pools.map(([name, pool]) => `${name} (${amountText(pool.gpusPerNode, pool)} a node)`)
  return wrong.length > 0 ? wrong : [{ check: CHECK, ok: true, detail: names.join(', ') }]
}

/** Why Karpenter does not reckon with the slices of a pool: its NodeOverlay is not there, nobody reads it, or it is not taken. */
const whyUnread = async (
  { send }: Asking,
  overlay: ReturnType<typeof overlayManifests>[number],
): Promise<string | null> => {
  const { name } = overlay.metadata
  const { status, body } = await send({ method: 'GET', path: manifestPath(overlay) })
  const none = `no node is started for slices of ${name}`
  if (status === 404)
    return `${none}: its NodeOverlay is not there; \`npx signalbox bootstrap --apply\` makes it, with Karpenter 1.7 or later`
  if (status !== 200) return `its NodeOverlay cannot be read (${status}): to look, you need the right to`
  const conditions = isRecord(body) && isRecord(body['status']) ? body['status']['conditions'] : undefined
  const ready = (Array.isArray(conditions) ? conditions : []).find((one) => isRecord(one) && one['type'] === 'Ready')
  if (ready === undefined)
    return `${none}: Karpenter does not read its NodeOverlay; install it with \`FEATURE_GATES=NodeOverlay=true\` (${WHERE})`
  return ready.status === 'True'
    ? null
    : `${none}: Karpenter does not take its NodeOverlay: ${ready.message ?? ready.reason}`
}

/** Which nodes of a pool that are up offer something else than the policy says. */
const whyOtherwise = async (
  { send }: Asking,
  [name, pool]: ReturnType<typeof sharers>[number],
): Promise<string | null> => {
  const query = { labelSelector: `${NODE_POOL}=${name}` }
  const { status, body } = await send({ method: 'GET', path: '/api/v1/nodes', query })
  if (status !== 200) return `nodes cannot be listed (${status}): to look, you need the right to`
  const nodes = (isRecord(body) && Array.isArray(body['items']) ? body['items'] : []) as KubeObject<'Node'>[]
  const others = nodes.filter((node) => !isShared(node, pool))
  const [first] = others
  if (first === undefined) return null
  const offered = Object.entries(first.status?.allocatable ?? {}).filter(([key]) => isOfGpus(key))
  const has = offered.map(([key, amount]) => `${amount} of ${key}`).join(', ') || 'no GPUs'
  return `${others.length} of ${nodes.length} nodes of ${name} offer something else: ${first.metadata.name} has ${has}, where the policy says ${pool.gpusPerNode} of ${limitKey(pool)}; look whether the device plugin reads ${PLUGIN_CONFIGS} (${WHERE})`
}
