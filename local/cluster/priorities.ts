import { millisOf, type Pod } from './wire.ts'
import type { World } from './world.ts'

type Spec = NonNullable<Pod['spec']>

/** Why the server makes no pod of this template, in its words; null: it does. */
export const noClass = ({ store }: Pick<World, 'store'>, { priorityClassName = '' }: Spec): string | null =>
  priorityClassName === '' || store.get({ kind: 'PriorityClass', namespace: null, name: priorityClassName }) !== null
    ? null
    : `no PriorityClass with name ${priorityClassName} was found`

/** The pod with what the server's admission makes of the class that it names. */
export const withPriority = <P extends Pod>({ store }: Pick<World, 'store'>, pod: P): P => {
  const { priorityClassName: name = '' } = pod.spec ?? {}
  const found = name === '' ? null : store.get({ kind: 'PriorityClass', namespace: null, name })
  const { value = 0, preemptionPolicy = 'PreemptLowerPriority' } = found ?? {}
  return pod.spec === undefined ? pod : { ...pod, spec: { ...pod.spec, priority: value, preemptionPolicy } }
}

/** Whose turn it is of those that wait: of the highest priority first, then who has waited longest. Nobody's place is taken for it. */
export const firstInLine = (a: Pod, b: Pod): number =>
  (b.spec?.priority ?? 0) - (a.spec?.priority ?? 0) ||
  (millisOf(a.metadata.creationTimestamp) ?? 0) - (millisOf(b.metadata.creationTimestamp) ?? 0) ||
  (a.metadata.name < b.metadata.name ? -1 : 1)
