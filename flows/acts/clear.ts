import type { KubeObject, ObjectRef } from '../../core/kube.ts'
import { pauseAfter } from '../../core/lane/change.ts'
import type { Mark } from '../../core/lane/document.ts'
import type { Left } from '../../core/lane/stepping.ts'
import type { View } from '../../core/lane/view.ts'
import { runOnceName } from '../../core/names.ts'
import type { LaunchJobStep } from '../../core/plan.ts'
import { hasEnded, isEnding, isOurs } from '../../core/steps/launch-job.ts'
import type { WorkPorts } from '../ports.ts'
import { isAlive, podsOf } from './pods.ts'

/**
 * Deletes this run's unfinished Jobs by uid and sees them gone, pods included: only what is written down, in the namespace that
 * is written down. Answers what is not gone yet; null: nothing of it runs.
 */
export const clear = async (ports: WorkPorts, view: View): Promise<Left | null> => {
  const tries = view.doc.rest?.why === 'deleting' ? view.doc.rest.tries + 1 : 1
  for (const mark of view.doc.run?.steps ?? []) {
    const step = view.plan?.plan.steps.find(({ name }) => name === mark.name)
    if (step?.kind !== 'launch-job' || mark.way === 'back' || mark.by === null || mark.state === 'done') continue
    const left = await clearOne(ports, view, { mark, step })
    if (left !== null) return { ...left, until: view.now + pauseAfter(tries) }
  }
  return null
}

const clearOne = async (
  { cluster }: WorkPorts,
  view: View,
  { mark, step }: { mark: Mark; step: LaunchJobStep },
): Promise<Omit<Left, 'until'> | null> => {
  const run = view.doc.run as NonNullable<View['doc']['run']>
  const ref: ObjectRef = mark.made?.ref ?? {
    kind: 'Job',
    namespace: step.job.metadata.namespace ?? null,
    name: runOnceName(view.identity, run, mark.name),
  }
  const found = (await cluster.get(ref)) as KubeObject<'Job'> | null
  if (found === null) {
    const alive = await alivePodsOf(cluster, ref)
    return alive === 0 ? null : { note: `${alive} pods of Job ${ref.name} are still ending` }
  }
  const ours = mark.made === null ? isOurs(found, step.job) : found.metadata.uid === mark.made.uid
  if (!ours || hasEnded(found)) return null
  // Kubernetes says so before its pods are gone, and keeps it as evidence.
  if (isEnding(found)) return { note: `Job ${ref.name} has failed, and its pods are still ending` }
  const deleting = found.metadata.deletionTimestamp
  if (deleting === undefined || deleting === null) await cluster.delete(ref, found.metadata.uid ?? '')
  const held = found.metadata.finalizers?.filter((name) => name !== 'foregroundDeletion') ?? []
  if (held.length === 0) return { note: `Job ${ref.name} is being deleted` }
  // Somebody else's finalizer may stay for days: what nobody runs any more is not charged.
  return {
    note: `Job ${ref.name} is being deleted, and ${held.join(', ')} holds it: see who sets that finalizer`,
    stopped: (await alivePodsOf(cluster, ref)) === 0,
  }
}

const alivePodsOf = async (cluster: WorkPorts['cluster'], ref: ObjectRef): Promise<number> =>
  (await podsOf({ cluster }, ref, { fresh: true })).filter(isAlive).length
