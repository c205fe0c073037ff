import type { KubeObject } from '../../core/kube.ts'
import { gpusOf, hasEnded, POOL_LABEL, type Pod } from './wire.ts'

/** Where an object stands, to be found by: `waiting:<pool>`, `waiting`, `on:<node>` and `ended:<node>` for pods, a node's pool. */
export const placeIn = (object: KubeObject): string => {
  if (object.kind === 'Node') return object.metadata.labels?.[POOL_LABEL] ?? ''
  if (object.kind !== 'Pod') return ''
  const pod = object as Pod
  if (hasEnded(pod)) return `ended:${pod.spec?.nodeName ?? ''}`
  if (pod.spec?.nodeName !== undefined) return `on:${pod.spec.nodeName}`
  const pool = poolAsked(pod)
  return pool === null ? 'waiting' : `waiting:${pool}`
}

/** The pool whose node a pod waits for: `*` for any, null when it needs none. */
export const poolAsked = ({ spec }: Pod): string | null =>
  spec?.nodeSelector?.[POOL_LABEL] ?? (gpusOf(spec) > 0 ? '*' : null)
