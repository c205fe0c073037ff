import { isLeaving, type KubeObject, refOf } from '../../../core/kube.ts'
import type { Away, Stepped } from '../../../core/lane/stepping.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { isOfKeda, scaledIn } from '../../generations.ts'
import type { Task } from './handler.ts'
import { MINUTE } from './waiting-first.ts'

/**
 * What still scales the lane though replicas are to be moved, in words; null: nothing does, or the step leaves replicas as they are. KEDA has a
 * finalizer on what it scales by, and the autoscaler that it has made goes after that: until both are gone one of them may still scale.
 */
export const scalingStill = async (task: Task<RollOutModelStep>): Promise<Scaling | null> => {
  const { step, view } = task
  if (step.scaled !== undefined || view.policy.keda === undefined) return null
  const [scaled, autoscalers] = await Promise.all([scaledIn(task.ports, view), autoscalersOf(task)])
  const names = [...scaled, ...autoscalers].map(({ kind, metadata: { name } }) => `${kind} ${name}`)
  if (names.length === 0) return null
  const note = `${names.join(' and ')} would scale what is moved: it is taken away first`
  return { note, scales: scaled.some((one) => !isLeaving(one)) ? 'again' : 'leaving' }
}

/** What still scales the lane. */
interface Scaling {
  note: string
  /** Whether KEDA has yet to let go of it; `again`: it is there again, or was not taken away. */
  scales: 'leaving' | 'again'
}

/** Takes away what KEDA scales the lane by, where the step moves replicas. */
export const takeScaling = async (task: Task<RollOutModelStep>): Promise<void> => {
  const { ports, step, view } = task
  if (step.scaled !== undefined) return
  for (const one of await scaledIn(ports, view)) await ports.cluster.delete(refOf(one), one.metadata.uid ?? '')
}

/** So long KEDA may take to let go while it runs; after that nobody does who would. Milliseconds. */
const LETS_GO = 5 * MINUTE

/**
 * What has become of what still scales the lane: it is taken away again where it is there again; and that KEDA does not let go of it is no failure of what
 * waits for that (law 6). Null: it has time yet, or the way leads back, which waits no longer than for anything; or nothing scales it.
 */
export const seeScaling = (
  { ports, mark }: Pick<Task, 'ports' | 'mark'>,
  { note = '', scales }: Partial<Scaling>,
  waited: number,
): Stepped | Away | null => {
  if (scales === 'again' && ports.clock.now() >= (mark.markedAt ?? 0) + MINUTE) return { kind: 'free', again: note }
  if (scales === undefined || mark.way === 'back' || waited <= LETS_GO) return null
  const said = `${note}. See whether its operator runs`
  return { kind: 'away', trouble: { kind: 'unavailable', side: 'keda', said, retryAfter: 0 } }
}

const autoscalersOf = async ({ ports, view }: Task): Promise<KubeObject[]> => {
  const { policy, doc } = view
  const where = { namespace: policy.namespaces.serving, fresh: true }
  const all = (await ports.cluster.list('HorizontalPodAutoscaler', where)) as KubeObject<'HorizontalPodAutoscaler'>[]
  return all.filter((one) => isOfKeda(one) && one.spec?.scaleTargetRef.name.startsWith(`${doc.name}-g`) === true)
}
