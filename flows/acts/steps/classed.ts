import { type KubeObject, podSpecOf } from '../../../core/kube.ts'
import type { Task } from './handler.ts'

/** Why no pod of these would be made: the class that they name is not there. Null: it is, or they name none. */
export const classMissing = async (
  { ports: { cluster } }: Pick<Task, 'ports'>,
  objects: readonly KubeObject[],
): Promise<string | null> => {
  const names = new Set(objects.flatMap((object) => podSpecOf(object)?.priorityClassName ?? []))
  for (const name of names)
    if ((await cluster.get({ kind: 'PriorityClass', namespace: null, name })) === null)
      return `there is no PriorityClass ${name}, so that its pods would not be made: \`signalbox bootstrap --apply\` makes it`
  return null
}
