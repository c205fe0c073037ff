import { GPU } from '../../core/kube.ts'
import { kindsOf } from '../../core/planning/pod-gpus.ts'
import { isOfGpus } from '../../core/pools/counts.ts'
import { isReady, type Node, type Pod } from './wire.ts'

/** What kube-scheduler says of the nodes that are there. */
export const schedulerSays = (pod: Pod, rooms: readonly { node: Node; pods: readonly Pod[] }[]): string => {
  const reasons = new Map<string, number>()
  for (const { node, pods } of rooms) {
    const apart = keepApart(pod, pods) ? "node(s) didn't match pod anti-affinity rules" : null
    const why = whyNot(pod, node) ?? apart ?? (isReady(node) ? `Insufficient ${GPU}` : 'node(s) were not ready')
    reasons.set(why, (reasons.get(why) ?? 0) + 1)
  }
  const told = [...reasons].map(([why, count]) => `${count} ${why}`).join(', ')
  return `0/${rooms.length} nodes are available: ${told || 'no nodes available to schedule pods'}.`
}

/** Whether the pod, or one that has the node, wants nobody like the other beside it. Only what is on one node is looked at. */
export const keepApart = (pod: Pod, others: readonly Pod[]): boolean =>
  others.some((other) => wantsAway(pod, other) || wantsAway(other, pod))

const wantsAway = ({ spec, metadata: { namespace } }: Pod, { metadata: other }: Pod): boolean =>
  (spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(
    ({ topologyKey, labelSelector }) =>
      topologyKey === 'kubernetes.io/hostname' &&
      namespace === other.namespace &&
      Object.entries(labelSelector?.matchLabels ?? {}).every(([key, value]) => other.labels?.[key] === value) &&
      (labelSelector?.matchExpressions ?? []).every((one) => meets(other.labels?.[one.key], one)),
  )

/** Why the pod may not run on the node, whatever room there is. */
export const whyNot = (pod: Pod, { metadata, spec, status }: Node): string | null => {
  const labels = metadata.labels ?? {}
  const isAsked = Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)
  if (!isAsked || !isRequired(pod, { 'kubernetes.io/hostname': metadata.name ?? '', ...labels }))
    return "node(s) didn't match Pod's node affinity/selector"
  const taint = (spec?.taints ?? []).find((each) => each.effect !== 'PreferNoSchedule' && !tolerates(pod, each))
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
  const offers = Object.keys(status?.allocatable ?? {}).filter(isOfGpus)
  const other = [...kindsOf(pod)].find((kind) => offers.length > 0 && !offers.includes(kind))
  return other === undefined ? null : `Insufficient ${other}`
}

/** One of its terms, and of that all. */
const isRequired = ({ spec }: Pod, labels: Record<string, string>): boolean => {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return (
    required === undefined ||
    required.nodeSelectorTerms.some(({ matchExpressions = [] }) =>
      matchExpressions.every((one) => meets(labels[one.key], one)),
    )
  )
}

const meets = (
  value: string | undefined,
  { operator, values = [] }: { operator: string; values?: string[] },
): boolean => {
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  const isNamed = value !== undefined && values.includes(value)
  return operator === 'NotIn' ? !isNamed : isNamed
}

/** Whether it is kept from every node until somebody takes its gates away. */
export const isGated = ({ spec }: Pod): boolean => (spec?.schedulingGates ?? []).length > 0

const tolerates = ({ spec }: Pod, taint: { key: string; value?: string; effect: string }): boolean =>
  (spec?.tolerations ?? []).some(
    ({ key, operator = 'Equal', value, effect }) =>
      (key === undefined || key === '' || key === taint.key) &&
      (operator === 'Exists' || (value ?? '') === (taint.value ?? '')) &&
      (effect === undefined || effect === '' || effect === taint.effect),
  )
