import { createdAt, isLeaving, type KubeObject, type ObjectRef, refOf } from '../../../core/kube.ts'
import type { Mark } from '../../../core/lane/document.ts'
import type { Made } from '../../../core/lane/made.ts'
import type { Away, Stepped, Waiting } from '../../../core/lane/stepping.ts'
import type { View } from '../../../core/lane/view.ts'
import { hasToken, laneLabels } from '../../../core/names.ts'
import { isForgotten } from '../../../core/orphans.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { lastDied } from '../../../core/pods/died.ts'
import type { ResultRow } from '../../../core/rows.ts'
import {
  CLOCKS,
  hangsOnResult,
  hasEnded,
  hasFailed,
  isSameWork,
  nextLaunchJob,
  type SeenJob,
  withToken,
} from '../../../core/steps/launch-job.ts'
import { withInputs } from '../../../core/workloads/inputs.ts'
import { type Beside, pinsOf } from '../../pins.ts'
import type { WorkPorts } from '../../ports.ts'
import { everyRow, valuesOf } from '../../rows.ts'
import { troubleOf } from '../../sides.ts'
import { aroundOf } from '../around.ts'
import { alivePodsOf, lastLines, podsOf } from '../pods.ts'
import { queuedSeen, workloadSeen } from '../workload.ts'
import { gpuWork, withWork } from './gpus-idle.ts'
import type { Handler, Task } from './handler.ts'
import { nodeWithinOf, withDeadline } from './job-deadline.ts'
import { knownOf, madeOf } from './job-known.ts'
import { mayMeet, meetAgain, meetOrEnd, withApart } from './meeting-place.ts'
import { type ReadFolder, type ReadResult, readAhead, readResult, withMessage } from './read-result.ts'
import { resultOfStep } from './results.ts'

/** Law 4, run-once: created by name; a name that is there is success only for the same content; its uid is written down. */
export const launchJob: Handler<LaunchJobStep> = {
  side: 'cluster',
  begin: async (task) => {
    const { ports, view, step, mark } = task
    if (mark.made !== null) return { kind: 'begun', made: mark.made, note: `Job ${mark.made.ref.name}` }
    const job = withToken(withInputs(step.job, await inputsOf(task)), view.secret)
    const before = await forgottenOne(task, job)
    if (before !== null) return begunAs(task, before, { note: `Job ${before.metadata.name}, made before a restore` })
    const alone = await mayMeet(ports, view, job)
    if (alone !== null) return alone
    const created = await ports.cluster.create(job)
    if (created.kind === 'denied') {
      // An earlier request may have made it, and its answer was lost: what it takes up may be why this one is refused.
      const there = await ports.cluster.get(refOf(step.job))
      if (there !== null && isTaken(task, there, job)) return begunAs(task, there)
      return {
        kind: 'failed',
        reason: 'denied',
        note: `the cluster refused the Job (${created.status}): ${created.message}`,
      }
    }
    if (created.kind === 'exists' && !isTaken(task, created.object, job)) return nameTaken(task, created.object)
    const seen = created.kind === 'created' ? justMade(step, created.object, view.now) : undefined
    return begunAs(task, created.object, { seen })
  },

  see: async (task) => {
    const { ports, view, step, mark } = task
    if (mark.made === null) return { kind: 'failed', reason: 'deleted', note: 'it never began' }
    const { ref, uid } = mark.made
    const reads = readAhead(ports, mark)
    const [found, pods, worked] = await Promise.all([ports.cluster.get(ref), podsOf(ports, ref, uid), gpuWork(task)])
    const there = found !== null && found.metadata.uid === uid ? (found as KubeObject<'Job'>) : null
    const job = there === null || (await isAsGoodAsGone(ports, ref, there)) ? null : there
    const result = isResultNeeded(job) ? await resultOf(ports, mark.made, { pods, reads }) : null
    if (result !== null && 'trouble' in result) return result
    const fresh = there === null ? (mark.markedAt ?? 0) + view.handover : 0
    const goesOn = job !== null && !hasEnded(job)
    const [around, workload, queued, alone = null] = goesOn
      ? await Promise.all([
          aroundOf(ports, { pods, now: view.now, job }),
          workloadSeen(ports, job, mark),
          queuedSeen(ports, job),
          meetAgain(ports, view, job),
        ])
      : []
    const seen = nextLaunchJob(step, {
      name: ref.name,
      job,
      pods,
      logs: job === null ? [] : await lastLines(ports, lastDied(pods, job)),
      result,
      now: view.now,
      freshUntil: view.now < fresh ? fresh : null,
      before: knownOf(mark, mark.made, there),
      lost: mark.lost,
      died: mark.died,
      around,
      workload,
      queued,
      ...inForce(view, step),
    })
    const stepped = withApart(seen, alone, view.now)
    return withPins(ports, await withDeadline(task, withWork(stepped, worked), { job, pods }), result?.beside ?? null)
  },
}

/** It is there, and that is written down: its pods are paid from now on, and bound. Not of a gang whose pods would not find each other. */
const begunAs = async (
  { ports, view, step }: Task<LaunchJobStep>,
  job: KubeObject,
  { note = `Job ${job.metadata.name}`, seen }: { note?: string; seen?: Waiting | undefined } = {},
): Promise<Stepped> => {
  const alone = await meetOrEnd(ports, view, job as KubeObject<'Job'>)
  if (alone !== null && alone.kind !== 'apart') return alone
  const begun = { kind: 'begun', made: madeOf(step, job) } as const
  return alone === null ? { ...begun, note, seen } : { ...begun, note: `${note}; ${alone.note}` }
}

/** Of a Job at work nobody needs it, nor of one that has failed: where it cannot be read, its bound and its failure hold all the same. */
const isResultNeeded = (job: KubeObject<'Job'> | null): boolean => job === null || (hasEnded(job) && hangsOnResult(job))

/** What the policy in force says of its wait, and of what a node costs that has come for nothing. */
const inForce = (view: View, { pool }: LaunchJobStep): Pick<SeenJob, 'nodeWithin' | 'price'> => ({
  nodeWithin: nodeWithinOf(view),
  price: view.policy.pools[pool ?? '']?.price ?? null,
})

/**
 * Where the ledger was restored, the Job that it made for this very step and has forgotten, whichever run it was named after: what was
 * paid for is kept (law 7). A gate is judged anew.
 */
const forgottenOne = async (
  { ports, view, step, mark }: Task<LaunchJobStep>,
  job: KubeObject<'Job'>,
): Promise<KubeObject<'Job'> | null> => {
  if (view.generationFrom === 0 || !step.keeps || isAnew(view, mark)) return null
  const { namespace = '' } = job.metadata
  const labels = laneLabels(view.identity, view.doc.lane)
  const jobs = (await ports.cluster.list('Job', { namespace, labels, fresh: true })) as KubeObject<'Job'>[]
  const newest = jobs
    .filter((one) => isSameWork(one, job, view.secret) && !isLeaving(one) && !hasFailed(one))
    .toSorted((a, b) => createdAt(a) - createdAt(b))
    .at(-1)
  if (newest === undefined) return null
  const { secret, doc, generationFrom } = view
  const pasts = valuesOf(await everyRow(ports.ledger, 'past', `${doc.lane}#`))
  // What a run since then has made use of is remembered.
  if (pasts.some(({ run }) => run.steps.some(({ made }) => made?.uid === newest.metadata.uid))) return null
  return isForgotten(newest, { secret, doc, past: null, generationFrom }) ? newest : null
}

/**
 * Whether the Job of this name is what would be made: a repeated POST has succeeded then. One of before a restore, which may have been
 * made for another try, is made use of only where its result may be kept.
 */
const isTaken = (
  { view, step, mark, key }: Task<LaunchJobStep>,
  there: KubeObject,
  wanted: KubeObject<'Job'>,
): boolean => {
  if (!isSameWork(there as KubeObject<'Job'>, wanted, view.secret)) return false
  const isOlder = key.generation <= view.generationFrom && createdAt(there) < (mark.markedAt ?? 0) - CLOCKS
  return !isOlder || (step.keeps && !isAnew(view, mark))
}

/** Whether a person wants it done once more. */
const isAnew = ({ doc }: View, { name }: Mark): boolean => doc.redo?.includes(name) === true

/**
 * The name is taken. What this ledger has made and forgotten, and what has ended, makes room for what is wanted now (law 4); its
 * result stays where it wrote it.
 */
const nameTaken = async ({ ports, view, key }: Task<LaunchJobStep>, there: KubeObject): Promise<Stepped> => {
  const { name, uid = '' } = there.metadata
  const forgotten = hasToken(there, view.secret) && key.generation <= view.generationFrom
  if (forgotten && hasEnded(there as KubeObject<'Job'>)) {
    await ports.cluster.delete(refOf(there), uid)
    const note = `Job ${name} of before a restore is being deleted`
    return { kind: 'wait', note, until: view.now + view.handover, running: false, why: 'deleting' }
  }
  const whose = forgotten
    ? 'this ledger made it for something else and has forgotten it: say retry'
    : 'it is not one that was made here: see who made it, delete it, then say retry'
  return { kind: 'failed', reason: 'name-taken', note: `a Job named ${name} is there, and ${whose}` }
}

/** The results that it reads, as they were read here. */
const inputsOf = async (task: Task<LaunchJobStep>): Promise<ResultRow[]> => {
  const rows = await Promise.all(task.step.reads.map((name) => resultOfStep(task, name)))
  return rows.filter((row) => row !== null)
}

/** What was made is what it is when its result is read: whoever changes it afterwards has made something else. */
export const withPins = async (
  { objects }: Pick<WorkPorts, 'objects'>,
  stepped: Stepped,
  beside: Beside | null,
): Promise<Stepped> => {
  if (stepped.kind !== 'done' || stepped.read === undefined || stepped.values === null) return stepped
  return { ...stepped, read: { ...stepped.read, pins: await pinsOf(objects, stepped.values, beside) } }
}

/** One that somebody has deleted makes no pod any more: with its last one it is over, whatever still keeps its object. */
const isAsGoodAsGone = async (ports: WorkPorts, ref: ObjectRef, job: KubeObject<'Job'>): Promise<boolean> =>
  isLeaving(job) && !hasEnded(job) && (await alivePodsOf(ports, ref, job.metadata.uid ?? '')).alive === 0

/** The answer to our POST is a look at the Job: nobody has made a pod of it yet, and nothing has written its result. */
const justMade = (step: LaunchJobStep, object: KubeObject, now: number): Waiting | undefined => {
  const job = object as KubeObject<'Job'>
  const seen = nextLaunchJob(step, { name: job.metadata.name, job, pods: [], logs: [], result: null, now })
  return seen.kind === 'wait' ? seen : undefined
}

/**
 * A list of pods may be a moment old: before it is said that there is no result, they are asked for as they are now. What they say themselves
 * is kept where nobody says whether there is more.
 */
const resultOf = async (
  ports: WorkPorts,
  made: Made,
  seen: { pods: KubeObject<'Pod'>[]; reads: ReadFolder },
): Promise<ReadResult | Away | null> => {
  try {
    return (
      (await readResult(ports, made, seen)) ??
      (await readResult(ports, made, { pods: await podsOf(ports, made.ref, made.uid, true) }))
    )
  } catch (error) {
    const [trouble, known] = [troubleOf(error), withMessage(made, seen.pods)]
    if (trouble === null || trouble.kind === 'refused' || known === made) throw error
    return { kind: 'away', trouble, made: known }
  }
}
