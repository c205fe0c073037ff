import { lastDied } from '../../../core/job-state.ts'
import { isLeaving, type KubeObject, type ObjectRef, refOf } from '../../../core/kube.ts'
import type { Made } from '../../../core/lane/document.ts'
import type { Waiting } from '../../../core/lane/stepping.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { hasEnded, isOurs, nextLaunchJob, RESULT_LIMIT, resultLocation } from '../../../core/steps/launch-job.ts'
import { type ObjectHead, TooLarge, type WorkPorts } from '../../ports.ts'
import { alivePodsOf, podsOf } from '../pods.ts'
import type { Handler } from './handler.ts'

const LOG_LINES = 20

/** Law 4, run-once: created by name; a name that is there is success only for the same content; its uid is written down. */
export const launchJob: Handler<LaunchJobStep> = {
  side: 'cluster',
  begin: async ({ ports, view, step, mark }) => {
    if (mark.made !== null) return { kind: 'begun', made: mark.made, note: `Job ${mark.made.ref.name}` }
    const created = await ports.cluster.create(step.job)
    if (created.kind === 'denied') {
      // An earlier request may have made it, and its answer was lost: what it takes up may be why this one is refused.
      const there = await ports.cluster.get(refOf(step.job))
      if (there !== null && isOurs(there, step.job))
        return { kind: 'begun', made: madeOf(step, there), note: `Job ${there.metadata.name}` }
      return {
        kind: 'failed',
        reason: 'denied',
        note: `the cluster refused the Job (${created.status}): ${created.message}`,
      }
    }
    if (created.kind === 'exists' && !isOurs(created.object, step.job))
      return {
        kind: 'failed',
        reason: 'name-taken',
        note: `a Job named ${step.job.metadata.name} is there and is not this one`,
      }
    const made = madeOf(step, created.object)
    const seen = created.kind === 'created' ? justMade(step, created.object, view.now) : undefined
    return { kind: 'begun', made, note: `Job ${made.ref.name}`, seen }
  },

  see: async ({ ports, view, step, mark }) => {
    if (mark.made === null) return { kind: 'failed', reason: 'deleted', note: 'it never began' }
    const { ref, uid, result: at } = mark.made
    const [found, pods, asked] = await Promise.all([
      ports.cluster.get(ref),
      podsOf(ports, ref, uid),
      asking(readResult(ports, at)),
    ])
    const there = found !== null && found.metadata.uid === uid ? (found as KubeObject<'Job'>) : null
    const job = there === null || (await isAsGoodAsGone(ports, ref, there)) ? null : there
    // Of a Job at work nobody needs the result: where that cannot be read, its bound still holds.
    const read = job === null || hasEnded(job) ? asked() : null
    const fresh = there === null ? (mark.markedAt ?? 0) + view.handover : 0
    return nextLaunchJob(step, {
      name: ref.name,
      job,
      pods: job === null ? [] : pods,
      logs: job === null ? [] : await lastLogs(ports, pods),
      result: read?.bytes ?? null,
      etag: read?.etag ?? null,
      now: view.now,
      freshUntil: view.now < fresh ? fresh : null,
    })
  },
}

/** One that somebody has deleted makes no pod any more: with its last one it is over, whatever still keeps its object. */
const isAsGoodAsGone = async (ports: WorkPorts, ref: ObjectRef, job: KubeObject<'Job'>): Promise<boolean> =>
  isLeaving(job) && !hasEnded(job) && (await alivePodsOf(ports, ref, job.metadata.uid ?? '')).alive === 0

/** The answer to our POST is a look at the Job: nobody has made a pod of it yet, and nothing has written its result. */
const justMade = (step: LaunchJobStep, object: KubeObject, now: number): Waiting | undefined => {
  const job = object as KubeObject<'Job'>
  const seen = nextLaunchJob(step, { name: job.metadata.name, job, pods: [], logs: [], result: null, etag: null, now })
  return seen.kind === 'wait' ? seen : undefined
}

/** What was answered, or its error, for whoever needs it. */
const asking = <T>(answer: Promise<T>): Promise<() => T> =>
  answer.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error
    },
  )

const madeOf = (step: LaunchJobStep, object: KubeObject): Made => ({
  ref: refOf(object),
  uid: object.metadata.uid ?? '',
  result: resultLocation(step, object.metadata.name),
})

const lastLogs = async ({ cluster }: Pick<WorkPorts, 'cluster'>, pods: KubeObject<'Pod'>[]): Promise<string[]> => {
  const failed = lastDied(pods) as KubeObject<'Pod'> | undefined
  if (failed === undefined) return []
  const { namespace = null, name } = failed.metadata
  return cluster.logs({ kind: 'Pod', namespace, name }, LOG_LINES)
}

const readResult = async (
  { objects }: Pick<WorkPorts, 'objects'>,
  at: Made['result'],
): Promise<{ bytes: Uint8Array; etag: ObjectHead['etag'] | null } | null> => {
  try {
    const read = await objects.read(at.bucket, at.key, RESULT_LIMIT)
    return read === null ? null : { bytes: read.bytes, etag: read.head.etag }
  } catch (error) {
    // One byte too many is enough for the parser to say why.
    if (error instanceof TooLarge) return { bytes: new Uint8Array(RESULT_LIMIT + 1), etag: null }
    throw error
  }
}
