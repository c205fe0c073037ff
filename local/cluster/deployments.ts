import { digestOf } from '../../core/digest.ts'
import { type ObjectRef, refOf } from '../../core/kube.ts'
import { createPod, deletePod, type OwnerMemo } from './pods.ts'
import { noClass } from './priorities.ts'
import { adoptOrphans, HASH_LABEL } from './replica-sets.ts'
import { type Deployment, isLive, isReady, millisOf, type Pod, type Said, wireTime, withCondition } from './wire.ts'
import { type World, wake } from './world.ts'

interface Counts {
  updated: number
  replicas: number
  ready: number
  available: number
}

/** From a try to make a pod that was refused until the next. Milliseconds. */
const AGAIN = 15_000

/** What the server answers who would make a pod of the Deployment; null: it makes one. */
const whyNotMade = (world: World, deployment: Deployment): string | null => {
  const why = noClass(world, deployment.spec?.template.spec ?? { containers: [] })
  if (why === null) return null
  wake(world, refOf(deployment), world.store.now + AGAIN)
  return `pods "${deployment.metadata.name}-" is forbidden: ${why}`
}

/** What the controller remembers: when it last got further. */
interface Memo extends OwnerMemo {
  counts?: string
  since?: number
}

/**
 * The Deployment controller without ReplicaSets, but for those that somebody has left without theirs: `spec.replicas` pods of the present template. Pods of another template go
 * at once, whatever the strategy says; the new ones wait for the GPUs that the old ones still have.
 */
export const reconcileDeployment = (world: World, ref: ObjectRef): void => {
  const { store } = world
  const deployment = store.get({ ...ref, kind: 'Deployment' })
  if (deployment === null) return
  adoptOrphans(world, deployment)
  const hash = digestOf(deployment.spec?.template).slice(0, 10)
  const live = store.list('Pod', { owner: deployment.metadata.uid ?? '' }).filter(isLive)
  const [right, wrong] = [live.filter((pod) => hashOf(pod) === hash), live.filter((pod) => hashOf(pod) !== hash)]
  for (const pod of wrong) deletePod(world, pod)
  const wanted = deployment.spec?.replicas ?? 1
  for (const pod of [...right].sort(leastMissed).slice(0, Math.max(0, right.length - wanted))) deletePod(world, pod)
  const failure = right.length < wanted ? whyNotMade(world, deployment) : null
  for (let made = right.length; made < wanted && failure === null; made++)
    createPod(world, deployment, { base: `${deployment.metadata.name}-${hash}`, labels: { [HASH_LABEL]: hash } })
  const now = store.list('Pod', { owner: deployment.metadata.uid ?? '' }).filter(isLive)
  showStatus(world, deployment, { ...countsOf(world, deployment, now, hash), failure })
}

const hashOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[HASH_LABEL]

/** Who goes first when there are too many: without a node, then not ready, then the youngest. */
const leastMissed = (a: Pod, b: Pod): number =>
  rank(a) - rank(b) || (millisOf(b.metadata.creationTimestamp) ?? 0) - (millisOf(a.metadata.creationTimestamp) ?? 0)

const rank = (pod: Pod): number => (pod.spec?.nodeName === undefined ? 0 : isReady(pod) ? 2 : 1)

/** A pod is available when it has been ready for `minReadySeconds`. */
const countsOf = (world: World, deployment: Deployment, live: Pod[], hash: string): Counts => {
  const ready = live.filter(isReady)
  const times = ready.map((pod) => readySince(pod) + (deployment.spec?.minReadySeconds ?? 0) * 1000)
  const ahead = times.filter((at) => at > world.store.now)
  if (ahead.length > 0) wake(world, refOf(deployment), Math.min(...ahead))
  return {
    updated: live.filter((pod) => hashOf(pod) === hash).length,
    replicas: live.length,
    ready: ready.length,
    available: times.length - ahead.length,
  }
}

const readySince = ({ status }: Pod): number =>
  millisOf(status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime) ?? 0

const showStatus = (
  world: World,
  deployment: Deployment,
  { failure, ...counts }: Counts & { failure: string | null },
): void => {
  const { store } = world
  const wanted = deployment.spec?.replicas ?? 1
  const told = [availability(counts.available >= wanted), progress(world, deployment, counts), ...failed(failure)]
  const conditions = told.reduce(
    (list, said) =>
      withCondition(list, said, store.now).map((each) => ({ lastUpdateTime: wireTime(store.now), ...each })),
    (deployment.status?.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure' || failure !== null),
  )
  store.update<'Deployment'>({
    ...deployment,
    status: {
      observedGeneration: deployment.metadata.generation ?? 1,
      replicas: counts.replicas,
      updatedReplicas: counts.updated,
      readyReplicas: counts.ready,
      availableReplicas: counts.available,
      unavailableReplicas: Math.max(0, wanted - counts.available),
      conditions,
    },
  })
}

const failed = (message: string | null): Said[] =>
  message === null ? [] : [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }]

const availability = (available: boolean): Said =>
  available
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }

/** It stands still when nothing has changed for `progressDeadlineSeconds` while replicas are missing. */
const progress = (world: World, deployment: Deployment, counts: Counts): Said => {
  const { store, due } = world
  const { uid, name, generation } = deployment.metadata
  const wanted = deployment.spec?.replicas ?? 1
  const memo = due.memo<Memo>(uid) ?? {}
  const told = JSON.stringify({ ...counts, generation })
  const since = memo.counts === told ? (memo.since ?? store.now) : store.now
  due.remember(uid, { ...memo, counts: told, since } satisfies Memo)
  const subject = `Deployment "${name}"`
  if (counts.available >= wanted && counts.updated === counts.replicas)
    return {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `${subject} has successfully progressed.`,
    }
  const deadline = since + (deployment.spec?.progressDeadlineSeconds ?? 600) * 1000
  if (deadline <= store.now)
    return {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `${subject} has timed out progressing.`,
    }
  wake(world, refOf(deployment), deadline)
  return { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `${subject} is progressing.` }
}
