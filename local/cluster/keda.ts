import { type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import { updateFields } from './managed-fields.ts'
import { memoOf } from './pods.ts'
import type { Load } from './simulation.ts'
import type { Deployment } from './wire.ts'
import { type World, wake } from './world.ts'

type ScaledObject = KubeObject<'ScaledObject'>

/** How often it looks. Milliseconds. */
const LOOKS = 15_000
const MINUTE = 60_000

/** By this name Kubernetes' own autoscaler writes, which scales for KEDA. */
const MANAGER = 'kube-controller-manager'

/** What it remembers of one: what was last known of who asks, since when fewer would do, and when one came. */
interface Memo {
  since: number
  load?: Load
  calmSince?: number | undefined
  roseAt?: number
  /** When somebody asked last under this one. */
  activeAt?: number
}

/**
 * What stands for KEDA and for the autoscaler that it makes: as many replicas as share the requests there are, as the `load` of what serves says, within the range,
 * one more or fewer at a time. Of what it is scaled by only one number is played, whatever asks for it.
 */
export const reconcileScaled = (world: World, ref: ObjectRef): void => {
  const { store, due } = world
  const scaled = store.get({ ...ref, kind: 'ScaledObject' })
  if (scaled === null) return
  const isPaused = scaled.metadata.annotations?.['autoscaling.keda.sh/paused'] === 'true'
  store.update<'ScaledObject'>({ ...scaled, status: { conditions: conditionsOf(isPaused) } })
  if (isPaused) return
  if (store.list('HorizontalPodAutoscaler', { owner: scaled.metadata.uid ?? '' }).length === 0)
    store.insert<'HorizontalPodAutoscaler'>(autoscalerOf(scaled))
  wake(world, refOf(scaled), store.now + LOOKS)
  const name = scaled.spec?.scaleTargetRef.name ?? ''
  const deployment = store.get({ kind: 'Deployment', namespace: ref.namespace, name })
  if (deployment === null) return
  const known = due.memo<Memo>(scaled.metadata.uid) ?? { since: store.now }
  const loaded = { ...known, ...loadOf(world, deployment) }
  const asks = waitingAt(loaded.load, (store.now - loaded.since) / MINUTE)
  const memo = asks > 0 ? { ...loaded, activeAt: store.now } : loaded
  const at = { memo, has: deployment.spec?.replicas ?? 1, now: store.now, asks }
  const { has } = at
  const { to, ...next } = isIdle(scaled, at) ? { to: 0, calmSince: undefined } : nextOf(scaled, at)
  due.remember(scaled.metadata.uid, { ...memo, ...next } satisfies Memo)
  if (to !== has) scaleTo(world, deployment, to)
}

/** What its pods were started with says who asks; without any it is as it was. */
const loadOf = (world: World, { metadata: { uid = '' } }: Deployment): Pick<Memo, 'load'> => {
  const loads = world.store.list('Pod', { owner: uid }).map((pod) => memoOf(world, pod).program?.load)
  const load = loads.find((one) => one !== undefined)
  return load === undefined ? {} : { load }
}

const conditionsOf = (isPaused: boolean): NonNullable<NonNullable<ScaledObject['status']>['conditions']> => [
  { type: 'Ready', status: 'True', reason: 'ScaledObjectReady' },
  {
    type: 'Paused',
    status: isPaused ? 'True' : 'False',
    reason: isPaused ? 'ScaledObjectPaused' : 'ScaledObjectUnpaused',
  },
]

interface At {
  memo: Memo
  has: number
  now: number
  /** Requests there are. */
  asks: number
}

/** Whether KEDA itself takes it to none, from however many: nobody has asked for so long, or nobody ever has since it was made. */
const isIdle = ({ spec }: ScaledObject, { memo: { since, activeAt }, has, now, asks }: At): boolean => {
  if ((spec?.minReplicaCount ?? 0) > 0 || asks > 0 || has === 0) return false
  const seconds = activeAt === undefined ? (spec?.initialCooldownPeriod ?? 0) : (spec?.cooldownPeriod ?? 300)
  return now >= (activeAt ?? since) + seconds * 1000
}

const nextOf = (
  { spec }: ScaledObject,
  { memo, has, now, asks }: At,
): { to: number; calmSince?: number | undefined; roseAt?: number } => {
  const { minReplicaCount: min = 0, maxReplicaCount: max = 1, triggers = [], cooldownPeriod: calm = 300 } = spec ?? {}
  const each = Number(triggers[0]?.metadata['threshold'] ?? 1)
  const least = has > 0 || asks > 0 ? Math.max(1, min) : min
  const wanted = Math.min(max, Math.max(least, Math.ceil(asks / each)))
  const behavior = spec?.advanced?.horizontalPodAutoscalerConfig?.behavior as Behavior | undefined
  const pause = (behavior?.scaleUp?.policies?.[0]?.periodSeconds ?? 60) * 1000
  if (has < min || has > max) return { to: Math.min(max, Math.max(min, has)), calmSince: undefined }
  if (wanted > has) {
    const may = has === 0 || now - (memo.roseAt ?? Number.NEGATIVE_INFINITY) >= pause
    return may ? { to: has + 1, calmSince: undefined, roseAt: now } : { to: has, calmSince: undefined }
  }
  if (wanted === has) return { to: has, calmSince: undefined }
  const calmSince = memo.calmSince ?? now
  return { to: now - calmSince >= calm * 1000 ? has - 1 : has, calmSince }
}

interface Behavior {
  scaleUp?: { policies?: { periodSeconds?: number }[] }
}

/** The requests there are so many minutes after it was made: as the last entry before that says. */
const waitingAt = (load: Load | undefined, minutes: number): number =>
  (load ?? []).findLast(([from]) => from <= minutes)?.[1] ?? 0

const scaleTo = ({ store }: World, live: Deployment, replicas: number): void => {
  const object = structuredClone(live)
  if (object.spec === undefined) return
  object.spec.replicas = replicas
  store.update<'Deployment'>(object, updateFields(live, object, store.ownersOf(refOf(live)), MANAGER))
}

const autoscalerOf = ({ apiVersion, kind, metadata, spec }: ScaledObject): KubeObject<'HorizontalPodAutoscaler'> => {
  const { name, namespace, uid = '', labels } = metadata
  const target = spec?.scaleTargetRef.name ?? ''
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name: `keda-hpa-${name}`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      minReplicas: Math.max(1, spec?.minReplicaCount ?? 0),
      maxReplicas: spec?.maxReplicaCount ?? 1,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    },
  }
}
