import { type ObjectRef, refOf } from '../../core/kube.ts'
import { deadlineOf, endingOf, groups, INDEX_ANNOTATION, indexOf, type JobMemo, ranges, tally } from './job-verdict.ts'
import { createPod, deletePod } from './pods.ts'
import { JOB_NAME_LABEL } from './program.ts'
import { isTrue, type Job, type Pod, type Said, wireTime, withCondition } from './wire.ts'
import { type World, wake } from './world.ts'

const SECOND = 1000
const BACK_OFF = 10 * SECOND
const LONGEST_BACK_OFF = 600 * SECOND

/** The Job controller: pods until enough have succeeded or too many failed, then its condition, then its TTL. */
export const reconcileJob = (world: World, ref: ObjectRef): void => {
  const job = world.store.get({ ...ref, kind: 'Job' })
  if (job === null) return
  const known = world.due.memo<JobMemo>(job.metadata.uid) ?? {}
  if (hasFinished(job)) expire(world, job, known)
  else pursue(world, job, known)
}

const pursue = (world: World, job: Job, known: JobMemo): void => {
  const { store, due } = world
  const pods = store.list('Pod', { owner: job.metadata.uid ?? '' })
  const suspended = job.spec?.suspend === true
  const { memo, fail } = tally(job, pods, known, store.now)
  if (suspended) delete memo.startedAt
  else memo.startedAt ??= store.now
  const ending = endingOf(job, memo, fail, store.now)
  if (ending !== null) memo.ending = ending
  if (ending !== null || suspended) dismiss(world, groups(pods).live, ending === null)
  else replenish(world, job, pods, memo)
  // What was just deleted or made counts already.
  const now = groups(store.list('Pod', { owner: job.metadata.uid ?? '' }))
  if (ending !== null && now.live.length + now.stopping.length === 0) memo.endedAt = store.now
  due.remember(job.metadata.uid, memo)
  showStatus(world, job, memo, now)
  const deadline = deadlineOf(memo, job.spec?.activeDeadlineSeconds)
  if (deadline !== null && deadline > store.now && ending === null) wake(world, refOf(job), deadline)
}

const dismiss = (world: World, pods: Pod[], sentAway: boolean): void => {
  for (const pod of pods) deletePod(world, pod, { sentAway })
}

const hasFinished = ({ status }: Job): boolean =>
  isTrue(status?.conditions, 'Complete') || isTrue(status?.conditions, 'Failed')

/** A finished Job goes when its time is over, and its pods with it. */
const expire = (world: World, job: Job, { endedAt = world.store.now }: JobMemo): void => {
  const seconds = job.spec?.ttlSecondsAfterFinished
  if (seconds === undefined) return
  const at = endedAt + seconds * SECOND
  if (at > world.store.now) wake(world, refOf(job), at)
  else removeJob(world, job)
}

/** Its pods follow in the background. */
export const removeJob = ({ store, due }: World, job: Job): void => {
  due.forget(job.metadata.uid)
  store.remove(job)
}

/** Makes the pods that are missing; after failures only once the back-off is over. */
const replenish = (world: World, job: Job, pods: Pod[], memo: JobMemo): void => {
  const { parallelism = 1, completions, podReplacementPolicy } = job.spec ?? {}
  const { live, stopping } = groups(pods)
  const active = podReplacementPolicy === 'Failed' ? [...live, ...stopping] : live
  const wanted = Math.min(parallelism, (completions ?? parallelism) - (memo.succeeded ?? 0))
  dismiss(world, live.slice(Math.max(0, wanted)), true)
  const missing = wanted - active.length
  if (missing <= 0) return
  if (backOffEnd(memo) > world.store.now) wake(world, refOf(job), backOffEnd(memo))
  else if (job.spec?.completionMode !== 'Indexed')
    for (let made = 0; made < missing; made++) createPod(world, job, { labels: {} })
  else for (const index of freeIndexes(job, active, memo).slice(0, missing)) createIndexed(world, job, index)
}

const backOffEnd = ({ failed = 0, failedAt }: JobMemo): number =>
  failedAt === undefined
    ? 0
    : failedAt + Math.min(LONGEST_BACK_OFF, BACK_OFF * 2 ** Math.min(20, Math.max(0, failed - 1)))

const freeIndexes = (job: Job, active: Pod[], { indexes = [] }: JobMemo): number[] => {
  const taken = new Set([...indexes, ...active.map(indexOf)])
  return Array.from({ length: job.spec?.completions ?? 0 }, (_, index) => index).filter((index) => !taken.has(index))
}

const createIndexed = (world: World, job: Job, index: number): void => {
  createPod(world, job, {
    base: `${job.metadata.name}-${index}`,
    hostname: `${job.metadata.name}-${index}`,
    labels: { [INDEX_ANNOTATION]: String(index) },
    annotations: { [INDEX_ANNOTATION]: String(index) },
    env: [{ name: 'JOB_COMPLETION_INDEX', value: String(index) }],
  })
}

const showStatus = (
  { store }: World,
  job: Job,
  memo: JobMemo,
  { live, stopping, ready }: ReturnType<typeof groups>,
): void => {
  const { succeeded = 0, failed = 0, startedAt, endedAt, indexes = [] } = memo
  const conditions = conditionsOf(job, memo).reduce(
    (list, said) => withCondition(list, said, store.now),
    job.status?.conditions ?? [],
  )
  store.update<'Job'>({
    ...job,
    status: {
      ...(startedAt === undefined ? {} : { startTime: wireTime(startedAt) }),
      ...(conditions.length === 0 ? {} : { conditions }),
      active: live.length,
      ready,
      terminating: stopping.length,
      ...(succeeded > 0 ? { succeeded } : {}),
      ...(failed > 0 ? { failed } : {}),
      ...(job.spec?.completionMode === 'Indexed' ? { completedIndexes: ranges(indexes) } : {}),
      ...(endedAt !== undefined && memo.ending?.type === 'Complete' ? { completionTime: wireTime(endedAt) } : {}),
    },
  })
}

/** The end is announced first, and becomes true when the last pod is gone. */
const conditionsOf = (job: Job, { ending, endedAt }: JobMemo): Said[] => {
  const was = job.status?.conditions
  const suspended = job.spec?.suspend === true
  const suspension: Said[] = suspended
    ? [{ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }]
    : isTrue(was, 'Suspended')
      ? [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }]
      : []
  if (ending === undefined) return suspension
  const { type, reason, message } = ending
  const target = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget'
  const types = endedAt === undefined ? [target] : [target, type]
  return types.map((each) => ({ type: each, status: 'True', reason, message }))
}

/** What the server adds to a Job when it is made: the selector, and the labels by which its pods are found. */
export const withJobIdentity = (job: Job): Job => {
  const { name, uid = '' } = job.metadata
  const template = job.spec?.template
  if (job.spec === undefined || template === undefined) return job
  const own = { 'batch.kubernetes.io/controller-uid': uid }
  const labels = {
    ...template.metadata?.labels,
    ...own,
    'controller-uid': uid,
    [JOB_NAME_LABEL]: name,
    'job-name': name,
  }
  return {
    ...job,
    spec: {
      ...job.spec,
      selector: { matchLabels: own },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}
