import { isLeaving, type KubeObject, keepersOf, type ObjectRef } from '../../core/kube.ts'
import { pauseAfter } from '../../core/lane/change.ts'
import type { LastLook, Left } from '../../core/lane/clearing.ts'
import type { Mark } from '../../core/lane/document.ts'
import type { View } from '../../core/lane/view.ts'
import { runOnceName } from '../../core/names.ts'
import type { LaunchJobStep } from '../../core/plan.ts'
import { hasEnded, isEnding, isOurs } from '../../core/steps/launch-job.ts'
import type { WorkPorts } from '../ports.ts'
import { keptNote } from './around.ts'
import { lastLook } from './last-look.ts'
import { type AlivePods, alivePodsOf } from './pods.ts'

/** What is not gone yet, null: nothing of it runs; and what was seen of what was under way. */
interface Cleared {
  left: Left | null
  looks: LastLook[]
}

/**
 * Deletes this run's unfinished Jobs by uid and sees them gone, pods included: only what is written down, in the namespace that
 * is written down. Each is looked at first: one that had finished has its result (law 7).
 */
export const clear = async (ports: WorkPorts, view: View): Promise<Cleared> => {
  const looks: LastLook[] = []
  const tries = view.doc.rest?.why === 'deleting' ? view.doc.rest.tries + 1 : 1
  for (const mark of view.doc.run?.steps ?? []) {
    const step = view.plan?.plan.steps.find(({ name }) => name === mark.name)
    if (step?.kind !== 'launch-job' || mark.way === 'back' || mark.by === null || mark.state === 'done') continue
    const { left, look } = await clearOne(ports, view, { mark, step, tries })
    if (look !== null) looks.push(look)
    if (left !== null) return { left: { ...left, until: view.now + pauseAfter(tries) }, looks }
  }
  return { left: null, looks }
}

/** Looks after which a Job that has failed is deleted as any other, since its end does not come: some ten minutes. */
const PATIENT_TRIES = 7

/**
 * Whether its pods are seen gone before anything goes back: those that have GPUs, which stay held until then, or write what is kept, beside which
 * no other may write. What asks a gate's questions has neither, and what it has judged against goes back at once (law 18), whatever its node does.
 */
const isWaitedFor = ({ pool, keeps }: LaunchJobStep): boolean => pool !== null || keeps

interface Clearing {
  mark: Mark
  step: LaunchJobStep
  tries: number
}

const clearOne = async (
  ports: WorkPorts,
  view: View,
  { mark, step, tries }: Clearing,
): Promise<{ left: Omit<Left, 'until'> | null; look: LastLook | null }> => {
  const { cluster } = ports
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
  if (isNotOurs && uid === null) return { left: null, look: null }
  const job = isNotOurs ? null : found
  const pods = await alivePodsOf({ cluster }, ref, uid ?? job?.metadata.uid ?? null)
  const look = await lastLook(ports, view, { mark, step, job, pods })
  const isOver = job !== null && hasEnded(job)
  const left =
    job === null ? stillThere(ref, pods, mark.name) : isOver ? null : await takeAway(ports, ref, { job, pods, tries })
  return { left: isWaitedFor(step) ? await saying(ports, left, { pods, now: view.now }) : null, look }
}

/** With what keeps its pods, and what to do. */
const saying = async (
  ports: WorkPorts,
  left: Omit<Left, 'until'> | null,
  { pods, now }: { pods: AlivePods; now: number },
): Promise<Omit<Left, 'until'> | null> => {
  const kept = left === null ? null : await keptNote(ports, pods.ending, now)
  return left === null || kept === null ? left : { ...left, note: `${left.note}; ${kept}` }
}

const takeAway = async (
  { cluster }: WorkPorts,
  ref: ObjectRef,
  { job, pods, tries }: { job: KubeObject<'Job'>; pods: AlivePods; tries: number },
): Promise<Omit<Left, 'until'>> => {
  // Kubernetes says so before its pods are gone, and keeps it as evidence: unless somebody has deleted it, or it takes too long.
  const stays = isEnding(job) && !isLeaving(job) && tries <= PATIENT_TRIES
  if (!stays && !isTakingPods(job)) await cluster.delete(ref, job.metadata.uid ?? '')
  const what = stays ? `Job ${ref.name} has failed, and its pods are still ending` : `Job ${ref.name} is being deleted`
  return whoHolds(what, job, pods)
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

const stillThere = (
  { name, namespace }: ObjectRef,
  { alive, left }: AlivePods,
  runs: string,
): Omit<Left, 'until'> | null => {
  if (alive === 0) return null
  return left === 0
    ? { note: `${alive} pods of Job ${name} are still ending`, runs }
    : {
        runs,
        note: `somebody has deleted Job ${name} without its pods, and ${left} of them run on by themselves: delete the pods of ${namespace} that are labelled job-name=${name}`,
      }
}
