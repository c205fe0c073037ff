import {
  type DaemonSet,
  type Image,
  imageOf,
  isPlugin,
  isShownBy,
  type Node,
  repelling,
} from '../../core/bootstrap/device-plugin.ts'
import { bootstrapManifests } from '../../core/bootstrap/manifests.ts'
import { knownClass } from '../../core/bootstrap/node-class-check.ts'
import type { NodePool } from '../../core/kube.ts'
import type { Policy } from '../../core/policy.ts'
import { isRecord } from '../../core/record.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import { manifestPath } from '../../effects/cluster/manifests.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

type Asking = Pick<Requests, 'send'>

/** A pool of the policy as it is in the cluster, or as it would be made; and what is known of its image. */
interface Pool {
  name: string
  object: NodePool
  image: Image
}

const CHECK = 'device plugin'
const WHERE = 'docs/deploy.md, “What offers the GPUs”'

/**
 * Whether something offers the GPUs of the policy's nodes to pods. Where nothing does, Karpenter starts a node that is never ready, never
 * taken back and billed. Of images of which nothing is known nothing is claimed.
 */
export const pluginFindings = async (requests: Asking, policy: Policy): Promise<Finding[]> => {
  const named = Object.keys(policy.pools).filter((name) => policy.pools[name]?.counts !== 'nodes')
  const pools = await Promise.all(named.map((name) => poolOf(requests, policy, name)))
  const bare = pools.filter(({ image }) => image === 'bare')
  if (bare.length === 0) return pools.length === 0 ? [] : [ofImages(pools)]
  const sets = await listed(requests, '/apis/apps/v1/daemonsets')
  if (typeof sets === 'string') return [{ check: CHECK, ok: false, detail: `${sets}: to look, you need the right to` }]
  const plugins = (sets as DaemonSet[]).filter(isPlugin)
  return plugins.length > 0 ? [ofPlugins(plugins, bare)] : ofNone(requests, bare)
}

const ofImages = (pools: readonly Pool[]): Finding => {
  const unknown = pools.filter(({ image }) => image === 'unknown')
  const detail =
    unknown.length === 0
      ? 'the images of all pools bring one'
      : `whether the images of ${namesOf(unknown)} bring one is not known here: see ${WHERE}`
  return { check: CHECK, ok: true, detail }
}

/** Of several that could be it one that may run there is enough. */
const ofPlugins = (plugins: readonly DaemonSet[], bare: readonly Pool[]): Finding => {
  const kept = bare.filter(({ object }) => plugins.every((plugin) => repelling(plugin, object).length > 0))
  const fit = plugins.find((plugin) => bare.every(({ object }) => repelling(plugin, object).length === 0))
  const { namespace, name } = (fit ?? plugins[0])?.metadata ?? {}
  const it = `DaemonSet ${name} in ${namespace}`
  if (kept.length === 0) return { check: CHECK, ok: true, detail: it }
  const taints = plugins.flatMap((plugin) => kept.flatMap(({ object }) => repelling(plugin, object)))
  return {
    check: CHECK,
    ok: false,
    detail: `${it} does not tolerate ${[...new Set(taints)].join(', ')} of nodes of ${namesOf(kept)}, and never runs there: give it that toleration`,
  }
}

/** Its operator makes its DaemonSet by itself, where it sees a GPU. */
const OPERATOR = '/apis/nvidia.com/v1/clusterpolicies'

const ofNone = async (requests: Asking, bare: readonly Pool[]): Promise<Finding[]> => {
  const operator = await listed(requests, OPERATOR)
  if (Array.isArray(operator) && operator.length > 0)
    return [{ check: CHECK, ok: true, detail: 'NVIDIA’s GPU operator brings it' }]
  const nodes = await listed(requests, '/api/v1/nodes')
  if (typeof nodes === 'string')
    return [{ check: CHECK, ok: false, detail: `${nodes}: to look, you need the right to` }]
  const without = bare.filter(({ name }) => !(nodes as Node[]).some((node) => isShownBy(node, name)))
  if (without.length === 0) return [{ check: CHECK, ok: true, detail: 'nodes offer their GPUs' }]
  return [
    {
      check: CHECK,
      ok: false,
      detail: `nothing would offer the GPUs of ${namesOf(without)}: their image has no device plugin, and the cluster none either. A node that Karpenter starts there is never ready, never taken back and billed: install NVIDIA’s, or its GPU operator (${WHERE})`,
    },
  ]
}

const namesOf = (pools: readonly Pool[]): string => pools.map(({ name }) => name).join(', ')

/** What is not there yet is what `bootstrap` would make. */
const poolOf = async (requests: Asking, policy: Policy, name: string): Promise<Pool> => {
  const made = bootstrapManifests(policy, [])
  const ownPool = made.find(({ kind, metadata }) => kind === 'NodePool' && metadata.name === name)
  const path = manifestPath({ apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name } })
  const object = ((await bodyOf(requests, path)) ?? ownPool ?? {}) as NodePool
  const nodeClass = object.spec?.template?.spec?.nodeClassRef
  if (nodeClass === undefined) return { name, object, image: 'unknown' }
  const known = knownClass(nodeClass)
  const ownClass = made.find(({ kind, metadata }) => kind === nodeClass.kind && metadata.name === nodeClass.name)
  const found =
    known === null
      ? null
      : await bodyOf(
          requests,
          manifestPath({ apiVersion: known.apiVersion, kind: nodeClass.kind, metadata: { name: nodeClass.name } }),
        )
  const spec = isRecord(found) ? found['spec'] : ownClass?.['spec']
  return { name, object, image: imageOf(nodeClass, spec) }
}

const bodyOf = async ({ send }: Asking, path: string): Promise<unknown> => {
  const { status, body } = await send({ method: 'GET', path })
  return status === 200 ? body : null
}

/** A string: why it could not be listed. */
const listed = async ({ send }: Asking, path: string): Promise<unknown[] | string> => {
  const { status, body } = await send({ method: 'GET', path })
  const items = isRecord(body) && Array.isArray(body['items']) ? body['items'] : []
  const kind = path.slice(path.lastIndexOf('/') + 1)
  return status === 200 ? items : `${kind} cannot be listed (${status})`
}
