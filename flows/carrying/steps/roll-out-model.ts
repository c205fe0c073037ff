import type { FieldManager, KubeObject } from '../../../core/kube.ts'
import { label, laneLabels } from '../../../core/names.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { identityOf } from '../../../core/planning/plan-for.ts'
import { nextRollOut } from '../../../core/steps/roll-out-model.ts'
import { scaleObject } from '../../../core/workloads/vllm.ts'
import { generationsOf } from '../../observe.ts'
import type { Begun, Handler, Task } from './handler.ts'

/** A replica may take three times its bad case, plus a node's way, before the move has failed. Milliseconds. */
const patienceOf = ({ policy, run }: Task): number => {
  const model = policy.models[run.lane.slice('serve/'.length)]
  return 3 * (model?.loadMinutes.p95 ?? 30) * 60_000 + 20 * 60_000
}

/** Law 4, standing: server-side apply, one field manager per concern, each with its own fence. */
export const rollOutModel: Handler<RollOutModelStep> = {
  begin: async (task) => {
    const { step, policy, carrier } = task
    for (const object of step.objects) {
      const failed = await apply(task, object, 'signalbox-workload')
      if (failed !== null) return failed
    }
    const standing = await generationsOf(carrier.ports, policy, carrier.run.lane)
    for (const { ref, replicas, generation } of step.replicas) {
      const made = step.objects.some(({ metadata }) => metadata.name === ref.name)
      const known = made || standing.some((view) => view.generation === generation)
      if (!known && replicas === 0) continue
      const failed = await apply(task, scaleObject(ref, replicas), 'signalbox-scale')
      if (failed !== null) return failed
    }
    return { kind: 'begun' }
  },

  see: async (task) => {
    const { step, row, policy, carrier } = task
    const { ports, run } = carrier
    const where = { namespace: policy.namespaces.serving, labels: laneLabels(identityOf(policy), run.lane) }
    const pods = (await ports.cluster.list('Pod', where)) as KubeObject<'Pod'>[]
    const now = ports.clock.now()
    const generations = await generationsOf(ports, policy, run.lane)
    return nextRollOut(step, { generations, pods, now, startedAt: row.startedAt ?? now, patience: patienceOf(task) })
  },
}

const apply = async (
  { carrier: { ports, run } }: Task,
  object: KubeObject,
  manager: FieldManager,
): Promise<Begun | null> => {
  const fence = `${String(run.generation).padStart(6, '0')}.${String(run.attempt).padStart(3, '0')}`
  const annotations = { ...object.metadata.annotations, [label(`fence-${manager.slice('signalbox-'.length)}`)]: fence }
  const applied = await ports.cluster.apply(
    { ...object, metadata: { ...object.metadata, annotations } } as KubeObject,
    manager,
  )
  if (applied.kind === 'applied') return null
  if (applied.kind === 'conflict')
    return {
      kind: 'failed',
      reason: 'conflict',
      note: `${applied.manager} also sets ${applied.fields.join(', ')} of ${object.kind} ${object.metadata.name}: let one of them go`,
    }
  return {
    kind: 'failed',
    reason: 'denied',
    note: `the cluster refused ${object.kind} ${object.metadata.name} (${applied.status}): ${applied.message}`,
  }
}
