import type { Kind, KubeObject } from '../../core/kube.ts'
import type { Labels, Pod } from './wire.ts'

type Spec = NonNullable<Pod['spec']>

/**
 * A mutating webhook of somebody else's: what it adds to objects of these kinds as they are made and changed, and to the pods
 * that controllers make. Nobody owns what it adds.
 */
export interface Webhook {
  kinds: readonly Kind[]
  labels?: Labels
  annotations?: Labels
  /** To their pods. */
  tolerations?: NonNullable<Spec['tolerations']>
  /** Another container beside theirs. */
  sidecar?: Spec['containers'][number]
}

/** The object as the webhooks leave it. What is there already is not added again. */
export const mutated = <T extends KubeObject>(webhooks: readonly Webhook[], object: T): T => {
  const concerned = webhooks.filter(({ kinds }) => kinds.includes(object.kind))
  if (concerned.length === 0) return object
  const copy = structuredClone(object)
  for (const webhook of concerned) add(webhook, copy)
  return copy
}

const add = ({ labels, annotations, tolerations = [], sidecar }: Webhook, object: KubeObject): void => {
  const { metadata } = object
  if (labels !== undefined) metadata.labels = { ...metadata.labels, ...labels }
  if (annotations !== undefined) metadata.annotations = { ...metadata.annotations, ...annotations }
  const pod = podOf(object)
  if (pod === undefined) return
  const isNew = (one: object, those: readonly object[]): boolean =>
    !those.some((other) => JSON.stringify(other) === JSON.stringify(one))
  const more = tolerations.filter((one) => isNew(one, pod.tolerations ?? []))
  if (more.length > 0) pod.tolerations = [...(pod.tolerations ?? []), ...more]
  if (sidecar !== undefined && !pod.containers.some(({ name }) => name === sidecar.name))
    pod.containers = [...pod.containers, sidecar]
}

const podOf = (object: KubeObject): Spec | undefined => {
  if (object.kind === 'Pod') return (object as Pod).spec
  const { spec } = object as { spec?: { template?: { spec?: Spec } } }
  return object.kind === 'NodePool' ? undefined : spec?.template?.spec
}
