import type { V1DaemonSet, V1Node, V1PodSpec } from '@kubernetes/client-node'
import { NODE_POOL, type NodePool } from '../kube.ts'
import { tolerates } from '../planning/sits-in.ts'
import { isOfGpus } from '../pools/counts.ts'
import { gpusIn } from '../quantity.ts'
import { isRecord } from '../record.ts'

/** What a plugin runs as, and where: as the server lists them. */
export type DaemonSet = V1DaemonSet
export type Node = V1Node

/** What is known of a pool's node image: whether it brings a device plugin, brings none, or nobody here knows. */
export type Image = 'brings' | 'bare' | 'unknown'

/**
 * Of a node class: EKS Auto Mode and Bottlerocket bring one, the images of Amazon Linux none, unless user data of somebody's own installs it.
 * What an image of somebody's own has nobody here knows.
 */
export const imageOf = ({ group, kind }: { group: string; kind: string }, spec: unknown): Image => {
  if (group === 'eks.amazonaws.com') return 'brings'
  if (kind !== 'EC2NodeClass' || !isRecord(spec)) return 'unknown'
  const { amiSelectorTerms, amiFamily, userData } = spec
  const aliases = (Array.isArray(amiSelectorTerms) ? amiSelectorTerms : []).map((term: unknown) =>
    isRecord(term) && typeof term['alias'] === 'string' ? term['alias'] : '',
  )
  if (amiFamily === 'Bottlerocket' || aliases.some((alias) => alias.startsWith('bottlerocket@'))) return 'brings'
  const isBare = aliases.length > 0 && aliases.every((alias) => /^al2(?:023)?@/.test(alias))
  return isBare && userData === undefined ? 'bare' : 'unknown'
}

/** What a device plugin tells its kubelet through. */
const SOCKETS = /^\/var\/lib\/kubelet\/device-plugins(?:\/|$)/

/** Plugins of other devices, by what their images and DaemonSets are called. */
const OTHERS = /efa|neuron|rocm|amdgpu|amd-gpu|intel|habana|gaudi|rdma|sriov|smarter|kubevirt|fuse|tpu|hugepage/i

/** Whether a DaemonSet may be what offers GPUs: it talks to kubelets as device plugins do, and is not known to be for another device. */
export const isPlugin = ({ metadata, spec }: DaemonSet): boolean => {
  const pod = spec?.template.spec
  const isOne = (pod?.volumes ?? []).some(({ hostPath }) => SOCKETS.test(hostPath?.path ?? ''))
  return isOne && ![metadata?.name ?? '', ...imagesOf(pod)].some((name) => OTHERS.test(name))
}

/** Without the registry, whose name says nothing of what an image is. */
const imagesOf = (pod: V1PodSpec | undefined): string[] =>
  (pod?.containers ?? []).map(({ image = '' }) => image.replace(/^[^/]*[.:][^/]*\//, ''))

/** Taints of a NodePool's nodes that the pods of this DaemonSet do not tolerate. */
export const repelling = ({ spec }: DaemonSet, { spec: pool }: NodePool): string[] =>
  (pool?.template?.spec?.taints ?? [])
    .filter((taint) => !tolerates(spec?.template.spec?.tolerations ?? [], taint))
    .map(({ key, value, effect }) => `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`)

/**
 * Whether a node shows that nodes of a pool would offer GPUs: one of the pool does, or one whose image does not bring its own plugin, which
 * must have it from something that is no DaemonSet.
 */
export const isShownBy = ({ metadata, status }: Node, pool: string): boolean => {
  if (Object.entries(status?.allocatable ?? {}).every(([key, amount]) => !isOfGpus(key) || gpusIn(amount) === 0))
    return false
  const { labels = {} } = metadata ?? {}
  const brings =
    labels['eks.amazonaws.com/compute-type'] === 'auto' || (status?.nodeInfo?.osImage ?? '').startsWith('Bottlerocket')
  return labels[NODE_POOL] === pool || !brings
}
