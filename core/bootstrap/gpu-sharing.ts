import { GPU, type KubeObject, NODE_POOL } from '../kube.ts'
import { label } from '../names.ts'
import type { Sharing } from '../policy/sharing.ts'
import type { Policy, PoolPolicy } from '../policy.ts'
import { isOfSlices, limitKey, SLICE_LABEL } from '../pools/counts.ts'
import { numberIn } from '../quantity.ts'
import type { Manifest } from './manifest.ts'

/** By which label of a node NVIDIA's device plugin takes one of its configurations, and GPU operator's MIG manager one of its own. */
const [PLUGIN_CONFIG, MIG_CONFIG] = ['nvidia.com/device-plugin.config', 'nvidia.com/mig.config']

/** The ConfigMap with the plugin's configurations. */
export const PLUGIN_CONFIGS = 'signalbox-gpu-sharing'

/** Which configuration nodes take that are of no pool which shares its GPUs; by this name the plugin finds it, too. */
const WHOLE = 'default'

/** Where the device plugin is installed, unless told otherwise: as its own page has it. */
export const PLUGIN_NAMESPACE = 'nvidia-device-plugin'

/** What a policy says of a pool that shares its GPUs. */
type Sharer = Pick<PoolPolicy, 'counts' | 'sharing'>

/** Labels of nodes by which they are told how their GPUs are shared, and what they offer then; none of others. */
export const sharingLabels = ({ counts, sharing }: Sharer): Record<string, string> =>
  sharing === undefined || counts === undefined
    ? {}
    : {
        [SLICE_LABEL]: counts.replace(/^nvidia\.com\//, ''),
        [PLUGIN_CONFIG]: configOf(sharing),
        ...(sharing.by === 'mig' ? { [MIG_CONFIG]: `all-${sharing.profile}` } : {}),
      }

/** Pools of one way share a configuration. */
const configOf = ({ by, replicas }: Sharing): string => (by === 'mig' ? 'mig' : `time-slicing-${replicas}`)

/** Pools of the policy that share their GPUs, by name. */
export const sharers = ({ pools }: Pick<Policy, 'pools'>): [name: string, pool: PoolPolicy][] =>
  Object.entries(pools).filter(([, pool]) => isOfSlices(pool))

/**
 * What a node of a pool offers that Karpenter cannot know before it is there: so many slices, and no whole GPU. Without it no node is started for a slice; and one
 * would be for whoever waits for a whole GPU, and never have any.
 */
export const overlayManifests = (policy: Pick<Policy, 'pools' | 'installation'>): Manifest[] =>
  sharers(policy).map(([name, pool]) => ({
    apiVersion: 'karpenter.sh/v1alpha1',
    kind: 'NodeOverlay',
    metadata: { name, labels: { [label('installation')]: policy.installation } },
    spec: {
      requirements: [{ key: NODE_POOL, operator: 'In', values: [name] }],
      capacity: { [limitKey(pool)]: String(pool.gpusPerNode), [GPU]: '0' },
      // Of two of one weight that say the same Karpenter takes neither.
      weight: 100,
    },
  }))

/** Whether a node offers what the policy says of its pool; one that is not ready yet may come to. */
export const isShared = ({ status }: KubeObject<'Node'>, pool: PoolPolicy): boolean => {
  const isReady = (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')
  return !isReady || numberIn(status?.allocatable?.[limitKey(pool)] ?? 0) === pool.gpusPerNode
}

/** What has to be so in the cluster for pools that share their GPUs, and nobody here sees to; none where none does. */
export const sharingTexts = (policy: Pick<Policy, 'pools' | 'nodes'>): string[] => {
  const names = sharers(policy).map(([name]) => name)
  if (names.length === 0) return []
  const byImage = policy.nodes?.ami.startsWith('bottlerocket@') === true
  const plugin = byImage
    ? 'its image’s own device plugin is told how by the node class'
    : `NVIDIA’s device plugin reads how from the ConfigMap ${PLUGIN_CONFIGS} once it is installed with \`config.name=${PLUGIN_CONFIGS}\`, and \`--with sharing\` makes that`
  return [
    `${names.join(', ')} share GPUs: Karpenter starts nodes for slices only with \`FEATURE_GATES=NodeOverlay=true\`; ${plugin} (docs/gpu-sharing.md)`,
  ]
}

/** The device plugin's configurations, each by the name that nodes are labelled with: nothing where no pool shares its GPUs. */
export const pluginManifests = (policy: Pick<Policy, 'pools' | 'installation'>, namespace: string): Manifest[] => {
  const named = sharers(policy).flatMap(([, { sharing }]): [string, string][] =>
    sharing === undefined ? [] : [[configOf(sharing), configText(sharing)]],
  )
  if (named.length === 0) return []
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: PLUGIN_CONFIGS, namespace, labels: { [label('installation')]: policy.installation } },
      data: Object.fromEntries([[WHOLE, configText(null)], ...named.sort(([a], [b]) => (a < b ? -1 : 1))]),
    },
  ]
}

/**
 * A configuration as the plugin reads it. What is had in turn is renamed, so that no pod that wants a whole GPU gets a turn; and who asks for two turns is refused, since they
 * would be no more than one.
 */
const configText = (sharing: Sharing | null): string => {
  const head = ['version: v1', 'flags:', `  migStrategy: ${sharing?.by === 'mig' ? 'mixed' : 'none'}`]
  if (sharing?.by !== 'time-slicing') return lines(head)
  return lines([
    ...head,
    'sharing:',
    '  timeSlicing:',
    '    renameByDefault: true',
    '    failRequestsGreaterThanOne: true',
    '    resources:',
    `      - name: ${GPU}`,
    `        replicas: ${sharing.replicas}`,
  ])
}

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`

/** What Bottlerocket, which brings its own plugin, is told by its user data; null: it shares nothing. */
export const bottlerocketText = ({ sharing }: Pick<PoolPolicy, 'sharing'>): string | null =>
  sharing?.by === 'time-slicing'
    ? lines([
        '[settings.kubelet-device-plugins.nvidia]',
        'device-sharing-strategy = "time-slicing"',
        '[settings.kubelet-device-plugins.nvidia.time-slicing]',
        `replicas = ${sharing.replicas}`,
        'rename-by-default = true',
        'fail-requests-greater-than-one = true',
      ])
    : null
