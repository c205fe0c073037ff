import { isLeaving, type KubeObject, keepersOf, type ObjectRef } from '../../core/kube.ts'
import { pauseAfter } from '../../core/lane/change.ts'
import type { Mark } from '../../core/lane/document.ts'
import type { Left } from '../../core/lane/ending.ts'
import type { View } from '../../core/lane/view.ts'
import { runOnceName } from '../../core/names.ts'
import type { LaunchJobStep } from '../../core/plan.ts'
import { hasEnded, isEnding, isOurs } from '../../core/steps/launch-job.ts'
import type { WorkPorts } from '../ports.ts'
import { type AlivePods, alivePodsOf } from './pods.ts'

/**
 * Deletes this run's unfinished Jobs by uid and sees them gone, pods included: only what is written down, in the namespace that
 * is written down. Answers what is not gone yet; null: nothing of it runs.
 */
export const clear = async (ports: WorkPorts, view: View): Promise<Left | null> => {
  const tries = view.doc.rest?.why === 'deleting' ? view.doc.rest.tries + 1 : 1
  for (const mark of view.doc.run?.steps ?? []) {
    const step = view.plan?.plan.steps.find(({ name }) => name === mark.name)
    if (step?.kind !== 'launch-job' || mark.way === 'back' || mark.by === null || mark.state === 'done') continue
    const left = await clearOne(ports, view, { mark, step, tries })
    if (left !== null) return { ...left, until: view.now + pauseAfter(tries) }
  }
  return null
}

/** Looks after which a Job that has failed is deleted as any other, since its end does not come: some ten minutes. */
const PATIENT_TRIES = 7

interface Clearing {
  mark: Mark
  step: LaunchJobStep
  tries: number
}

const clearOne = async (
  { cluster }: WorkPorts,
  view: View,
  { mark, step, tries }: Clearing,
): Promise<Omit<Left, 'until'> | null> => {
  const run = view.doc.run as NonNullable<View['doc']['run']>
  const ref: ObjectRef = mark.made?.ref ?? {
    kind: 'Job',
    namespace: step.job.metadata.namespace ?? null,
    name: runOnceName(view.identity, run, mark.name),
  }
  const found = (await cluster.get(ref)) as KubeObject<'Job'> | null
  const uid = mark.made?.uid ?? null
  const isNotOurs =
    found !== null && (uid === null ? !isOurs(found, step.job, view.secret) : found.metadata.uid !== uid)
  // Made again by somebody: its name tells of pods no more, and who never saw its own has none to tell from theirs.
  if (isNotOurs && uid === null) return null
  const pods = () => alivePodsOf({ cluster }, ref, uid ?? found?.metadata.uid ?? null)
  if (found === null || isNotOurs) return stillThere(ref, await pods())
  if (hasEnded(found)) return null
  // Kubernetes says so before its pods are gone, and keeps it as evidence: unless somebody has deleted it, or it takes too long.
  const stays = isEnding(found) && !isLeaving(found) && tries <= PATIENT_TRIES
  if (!stays && !isTakingPods(found)) await cluster.delete(ref, found.metadata.uid ?? '')
  const what = stays ? `Job ${ref.name} has failed, and its pods are still ending` : `Job ${ref.name} is being deleted`
  return whoHolds(what, found, await pods())
}

/**
 * Somebody else's finalizer may stay for days, on the Job or on a pod of it. What makes no pod any more and has none at work is
 * stopped: nobody is charged for it.
 */
const whoHolds = (what: string, job: KubeObject<'Job'>, { alive, keepers }: AlivePods): Omit<Left, 'until'> => {
  const held = [
    ...keepersOf(job).map((name) => `${name} holds it`),
    ...keepers.map((name) => `${name} holds its pods`),
  ].join(' and ')
  return {
    note: held === '' ? what : `${what}, and ${held}: see who sets that finalizer`,
    stopped: alive === 0 && (isLeaving(job) || isEnding(job)),
  }
}

/** Whether its deletion ends its pods first. Somebody else's may wait for a finalizer, and they run on meanwhile. */
const isTakingPods = (job: KubeObject<'Job'>): boolean =>
  isLeaving(job) && job.metadata.finalizers?.includes('foregroundDeletion') === true

const stillThere = ({ name, namespace }: ObjectRef, { alive, left }: AlivePods): Omit<Left, 'until'> | null => {
  if (alive === 0) return null
  return left === 0
    ? { note: `${alive} pods of Job ${name} are still ending` }
    : {
        note: `somebody has deleted Job ${name} without its pods, and ${left} of them run on by themselves: delete the pods of ${namespace} that are labelled job-name=${name}`,
      }
}
