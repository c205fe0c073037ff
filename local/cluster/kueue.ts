import { GPU, JOB_UID_LABEL, type KubeObject, QUEUE_LABEL } from '../../core/kube.ts'
import { gpusIn } from '../../core/quantity.ts'
import { nodeOf } from './node-of-pool.ts'
import { gpusOf, INSTANCE_TYPE_LABEL, isTrue, type Job, millisOf, POOL_LABEL } from './wire.ts'
import { type World, wakeKueue } from './world.ts'

/** A queue in which somebody waits is looked at again after this: a ceiling may have been raised. Milliseconds. */
const LOOKS = 60_000

type Workload = KubeObject<'Workload'>

/**
 * What stands for Kueue: makes a Workload of each Job in a queue, suspends Jobs of those that somebody has deactivated, or taken away, and lets others that are suspended go, the oldest first, as far as the NodePool's limit has room beside those that it
 * has let go already. One that does not fit keeps no smaller one behind it waiting, as is Kueue's default.
 */
export const admitJobs = (world: World): void => {
  const { store } = world
  const queued = store.list('Job').filter(isQueued).sort(oldestFirst)
  const jobs = queued.flatMap((job) => followed(world, job) ?? [])
  const taken = new Map<string, number>()
  const take = (job: Job): void => void taken.set(poolOf(job), (taken.get(poolOf(job)) ?? 0) + gpusOfJob(job))
  const waiting = jobs.filter(({ spec }) => spec?.suspend === true)
  for (const job of jobs) if (!waiting.includes(job)) take(job)
  for (const job of waiting) {
    const pool = store.get({ kind: 'NodePool', namespace: null, name: poolOf(job) })
    const most = pool?.spec?.limits?.[GPU]
    const limit = most === undefined ? Number.POSITIVE_INFINITY : gpusIn(most)
    if (pool === null || (taken.get(poolOf(job)) ?? 0) + gpusOfJob(job) > limit) {
      wakeKueue(world, LOOKS)
      continue
    }
    take(job)
    store.update<'Job'>(admitted(job, pool))
  }
}

/** The Job as its Workload says; null: that is not active, and it is let go no more. */
const followed = (world: World, job: Job): Job | null => {
  const { store } = world
  const [workload] = store.list('Workload', { owner: job.metadata.uid ?? '' })
  const isActive = workload?.spec?.active !== false
  if (workload === undefined) store.insert<'Workload'>(workloadOf(job))
  const now = workload === undefined || !isActive ? store.update<'Job'>(suspended(job)) : job
  return isActive ? now : null
}

const suspended = (job: Job): Job => {
  const copy = structuredClone(job)
  if (copy.spec !== undefined) copy.spec.suspend = true
  return copy
}

const workloadOf = ({ apiVersion, kind, metadata: { name, namespace, uid = '', labels } }: Job): Workload => ({
  apiVersion: 'kueue.x-k8s.io/v1beta2',
  kind: 'Workload',
  metadata: {
    name: `job-${name}-${uid.slice(0, 5)}`,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { [JOB_UID_LABEL]: uid },
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
  },
  spec: { active: true, queueName: labels?.[QUEUE_LABEL] ?? '' },
})

const isQueued = ({ metadata, status }: Job): boolean =>
  metadata.labels?.[QUEUE_LABEL] !== undefined &&
  !isTrue(status?.conditions, 'Complete') &&
  !isTrue(status?.conditions, 'Failed')

const oldestFirst = (a: Job, b: Job): number =>
  (millisOf(a.metadata.creationTimestamp) ?? 0) - (millisOf(b.metadata.creationTimestamp) ?? 0) ||
  (a.metadata.name < b.metadata.name ? -1 : 1)

const poolOf = ({ spec }: Job): string => spec?.template.spec?.nodeSelector?.[POOL_LABEL] ?? ''

const gpusOfJob = ({ spec }: Job): number => gpusOf(spec?.template.spec) * (spec?.parallelism ?? 1)

/** In one write it lifts the suspension and says where the pods may go: its flavor's node labels are a selector of theirs. */
const admitted = (job: Job, pool: KubeObject<'NodePool'>): Job => {
  const copy = structuredClone(job)
  const type = nodeOf(pool, '').metadata.labels?.[INSTANCE_TYPE_LABEL]
  if (copy.spec === undefined) return copy
  copy.spec.suspend = false
  const { spec } = copy.spec.template
  if (spec !== undefined && type !== undefined)
    spec.nodeSelector = { ...spec.nodeSelector, [INSTANCE_TYPE_LABEL]: type }
  return copy
}
