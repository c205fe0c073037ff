import type { FieldManager, KubeObject } from '../../../core/kube.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import { label } from '../../../core/names.ts'
import type { Applied } from '../../ports.ts'
import type { Task } from './handler.ts'

/** Server-side apply with the fence of its field manager, whose number only grows (law 4). */
export const apply = (
  { ports, mark }: Pick<Task, 'ports' | 'mark'>,
  object: KubeObject,
  manager: FieldManager,
): Promise<Applied> => {
  const fence = label(`fence-${manager.slice('signalbox-'.length)}`)
  const annotations = { ...object.metadata.annotations, [fence]: String(mark.fence) }
  return ports.cluster.apply({ ...object, metadata: { ...object.metadata, annotations } } as KubeObject, manager)
}

/** The same; null where it was taken, else how the step has failed. */
export const applied = async (task: Task, object: KubeObject, manager: FieldManager): Promise<Stepped | null> =>
  refusalOf(object, await apply(task, object, manager))

/** How a step has failed whose object was not taken; null: it was. */
export const refusalOf = ({ kind, metadata: { name } }: KubeObject, answer: Applied): Stepped | null => {
  switch (answer.kind) {
    case 'applied':
      return null
    case 'conflict':
      return {
        kind: 'failed',
        reason: 'conflict',
        note: `${answer.manager} also sets ${answer.fields.join(', ')} of ${kind} ${name}: let one of them go`,
      }
    case 'denied':
      return {
        kind: 'failed',
        reason: 'denied',
        note: `the cluster refused ${kind} ${name} (${answer.status}): ${answer.message}`,
      }
  }
}
