import type { V1PodSpec } from '@kubernetes/client-node'
import { label } from '../names.ts'
import { WHOLE_NODE } from '../pools/counts.ts'

/** What a pod tolerates that has a node without GPUs. */
export const ON_WHOLE_NODE = { key: WHOLE_NODE, operator: 'Exists', effect: 'NoSchedule' }

/**
 * The pod of a stage without GPUs with what keeps every other stage off its node: so a pod is a node, whatever of it either asks for, and whatever type
 * it is of. After what the policy patches, whose terms stand beside it.
 */
export const aloneOnNode = (spec: V1PodSpec): V1PodSpec => {
  const term = {
    labelSelector: { matchExpressions: [{ key: label('lane'), operator: 'Exists' }] },
    topologyKey: 'kubernetes.io/hostname',
  }
  const { podAntiAffinity = {}, ...others } = spec.affinity ?? {}
  const { requiredDuringSchedulingIgnoredDuringExecution: required = [] } = podAntiAffinity
  const apart = { ...podAntiAffinity, requiredDuringSchedulingIgnoredDuringExecution: [...required, term] }
  return { ...spec, affinity: { ...others, podAntiAffinity: apart } }
}
