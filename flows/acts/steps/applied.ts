import type { FieldManager, KubeObject } from '../../../core/kube.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import { label } from '../../../core/names.ts'
import type { Applied } from '../../ports.ts'
import type { Task } from './handler.ts'

/**
 * Names under which people change a field once, and nobody sets it again: kubectl's own, and k9s. And what of ours has made it, which
 * leaves a ceiling to its own manager from then on.
 */
const BY_HAND = /^(?:kubectl(?:-.+)?|k9s)$/
const GIVES_WAY: Partial<Record<FieldManager, RegExp>> = {
  'signalbox-scale': BY_HAND,
  'signalbox-ceiling': /^(?:kubectl(?:-.+)?|k9s|signalbox-\w+)$/,
}

/** What people may change of these ends no pod: what stands beside a Deployment is set right, whoever of them has set it. */
const BESIDE: ReadonlySet<KubeObject['kind']> = new Set(['Service', 'PodDisruptionBudget', 'ScaledObject'])

/** Who sets replicas for KEDA, and owns them from then on: nobody sets them any more where a way has taken its autoscaler away. */
const SCALERS = /^(?:kube-controller-manager|keda|keda-operator)$/

const givesWay = (kind: KubeObject['kind'], manager: FieldManager, other: string): boolean =>
  (BESIDE.has(kind) ? BY_HAND : GIVES_WAY[manager])?.test(other) === true

/**
 * Server-side apply with the fence of its field manager, whose number only grows (law 4). What a person has set by hand of replicas or of a ceiling is set
 * as it is to be: who reads managed fields would else wait for that person for ever. What a program sets, it would set again.
 */
export const apply = async (
  { ports, mark }: { ports: Pick<Task['ports'], 'cluster'>; mark: Pick<Task['mark'], 'fence'> },
  object: KubeObject,
  manager: FieldManager,
  isScaled = false,
): Promise<Applied> => {
  const fence = label(`fence-${manager.slice('signalbox-'.length)}`)
  const annotations = { ...object.metadata.annotations, [fence]: String(mark.fence) }
  const fenced = { ...object, metadata: { ...object.metadata, annotations } } as KubeObject
  const answer = await ports.cluster.apply(fenced, manager)
  if (answer.kind !== 'conflict') return answer
  return givesWay(object.kind, manager, answer.manager) || (isScaled && SCALERS.test(answer.manager))
    ? ports.cluster.apply(fenced, manager, 'forced')
    : answer
}

/** The same; null where it was taken, else how the step has failed. */
export const applied = async (task: Task, object: KubeObject, manager: FieldManager): Promise<Stepped | null> =>
  refusalOf(
    object,
    await apply(task, object, manager, manager === 'signalbox-scale' && task.view.policy.keda !== undefined),
  )

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
