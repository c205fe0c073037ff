import { type KubeObject, refOf } from '../../../core/kube.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { isOfKeda, scaledIn } from '../../generations.ts'
import type { Task } from './handler.ts'

/**
 * What still scales the lane though replicas are to be moved, in words; null: nothing does, or the step leaves replicas as they are. KEDA has a
 * finalizer on what it scales by, and the autoscaler that it has made goes after that: until both are gone one of them may still scale.
 */
export const scalingStill = async (task: Task<RollOutModelStep>): Promise<string | null> => {
  const { step, view } = task
  if (step.scaled !== undefined || view.policy.keda === undefined) return null
  const [scaled, autoscalers] = await Promise.all([scaledIn(task.ports, view), autoscalersOf(task)])
  const names = [...scaled, ...autoscalers].map(({ kind, metadata: { name } }) => `${kind} ${name}`)
  return names.length === 0 ? null : `${names.join(' and ')} would scale what is moved: it is taken away first`
}

/** Takes away what KEDA scales the lane by, where the step moves replicas. */
export const takeScaling = async (task: Task<RollOutModelStep>): Promise<void> => {
  const { ports, step, view } = task
  if (step.scaled !== undefined) return
  for (const one of await scaledIn(ports, view)) await ports.cluster.delete(refOf(one), one.metadata.uid ?? '')
}

const autoscalersOf = async ({ ports, view }: Task): Promise<KubeObject[]> => {
  const { policy, doc } = view
  const where = { namespace: policy.namespaces.serving, fresh: true }
  const all = (await ports.cluster.list('HorizontalPodAutoscaler', where)) as KubeObject<'HorizontalPodAutoscaler'>[]
  return all.filter((one) => isOfKeda(one) && one.spec?.scaleTargetRef.name.startsWith(`${doc.name}-g`) === true)
}
