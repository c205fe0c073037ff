import { type KubeObject, type ObjectRef, refOf } from '../../../core/kube.ts'
import { laneName, runOnceName } from '../../../core/names.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import { identityOf } from '../../../core/planning/plan-for.ts'
import type { RunRow, StepRow } from '../../../core/rows.ts'
import { isOurs, nextLaunchJob, RESULT_LIMIT, resultLocation } from '../../../core/steps/launch-job.ts'
import { type Ports, TooLarge } from '../../ports.ts'
import type { Begun, Handler, Task } from './handler.ts'

/** Kubernetes' own label of a Job's pods. */
const JOB_NAME = 'batch.kubernetes.io/job-name'
/** Seconds until a deletion is looked at again. */
const DELETION = 5
const LOG_LINES = 20

/** Law 4, run-once: look at what earlier attempts left, then create by name; the uid is stored and never made twice. */
export const launchJob: Handler<LaunchJobStep> = {
  begin: async (task) => {
    if (task.row.object !== null) return { kind: 'begun', object: task.row.object }
    const earlier = await settleEarlier(task)
    if (earlier !== null) return earlier
    const { ports } = task.carrier
    const created = await ports.cluster.create(task.step.job)
    if (created.kind === 'denied')
      return {
        kind: 'failed',
        reason: 'denied',
        note: `the cluster refused the Job (${created.status}): ${created.message}`,
      }
    if (created.kind === 'exists' && !isOurs(created.object, task.step.job))
      return {
        kind: 'failed',
        reason: 'name-taken',
        note: `a Job named ${task.step.job.metadata.name} is there and is not this one`,
      }
    return { kind: 'begun', object: tracked(task.step, created.object) }
  },

  see: async ({ carrier: { ports }, step, row }) => {
    if (row.object === null) return { kind: 'failed', reason: 'deleted', note: 'it never began' }
    const { ref, uid } = row.object
    const found = await ports.cluster.get(ref)
    const job = found !== null && found.metadata.uid === uid ? (found as KubeObject<'Job'>) : null
    const pods = job === null ? [] : await podsOf(ports, ref)
    const logs = await lastLogs(ports, pods)
    return nextLaunchJob(step, { name: ref.name, job, pods, logs, result: await readResult(ports, row.object.result) })
  },
}

const tracked = (step: LaunchJobStep, object: KubeObject): NonNullable<StepRow['object']> => ({
  ref: refOf(object),
  uid: object.metadata.uid ?? '',
  result: resultLocation(step, object.metadata.name),
})

/**
 * What earlier attempts of the lane left unfinished: the same is adopted, anything else is deleted by uid and seen gone,
 * pods included. No LIST of the cluster for Jobs: the ledger knows the names.
 */
const settleEarlier = async (task: Task<LaunchJobStep>): Promise<Begun | null> => {
  const { carrier, policy } = task
  const prefix = `${laneName(identityOf(policy), carrier.run.lane)}-g`
  const runs = await carrier.ports.ledger.list('run', { prefix, reverse: true, limit: 100 })
  for (const { value: earlier } of runs) {
    if (earlier.id === carrier.id) continue
    for (const left of earlier.steps.filter(mayHaveLeft)) {
      const settled = await settleOne(task, earlier, left)
      if (settled !== null) return settled
    }
  }
  return null
}

const mayHaveLeft = ({ kind, state }: StepRow): boolean =>
  kind === 'launch-job' && (state === 'running' || state === 'failed')

const settleOne = async (
  { carrier: { ports }, step, policy }: Task<LaunchJobStep>,
  earlier: RunRow,
  left: StepRow,
): Promise<Begun | null> => {
  const ref = left.object?.ref ?? { ...refOf(step.job), name: runOnceName(identityOf(policy), earlier, left.name) }
  const found = await ports.cluster.get(ref)
  if (found === null) return (await podsOf(ports, ref)).some(isAlive) ? { wait: DELETION } : null
  if (hasEnded(found as KubeObject<'Job'>)) return null
  if (left.name === step.name && isOurs(found, step.job)) return { kind: 'begun', object: tracked(step, found) }
  await ports.cluster.delete(ref, found.metadata.uid ?? '')
  return { wait: DELETION }
}

/** Whether a Job has ended, well or badly. */
export const hasEnded = (job: KubeObject<'Job'>): boolean =>
  job.status?.conditions?.some(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed')) ??
  false

const isAlive = ({ status }: KubeObject<'Pod'>): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

const podsOf = async (
  { cluster }: Pick<Ports, 'cluster'>,
  { namespace, name }: ObjectRef,
): Promise<KubeObject<'Pod'>[]> =>
  (await cluster.list('Pod', {
    ...(namespace === null ? {} : { namespace }),
    labels: { [JOB_NAME]: name },
  })) as KubeObject<'Pod'>[]

const lastLogs = async ({ cluster }: Pick<Ports, 'cluster'>, pods: KubeObject<'Pod'>[]): Promise<string[]> => {
  const failed = pods.find(({ status }) => status?.phase === 'Failed')
  if (failed?.metadata?.name === undefined) return []
  return cluster.logs(
    { kind: 'Pod', namespace: failed.metadata.namespace ?? null, name: failed.metadata.name },
    LOG_LINES,
  )
}

const readResult = async (
  { objects }: Pick<Ports, 'objects'>,
  at: { bucket: string; key: string },
): Promise<Uint8Array | null> => {
  try {
    return (await objects.read(at.bucket, at.key, RESULT_LIMIT))?.bytes ?? null
  } catch (error) {
    // One byte too many is enough for the parser to say why.
    if (error instanceof TooLarge) return new Uint8Array(RESULT_LIMIT + 1)
    throw error
  }
}
