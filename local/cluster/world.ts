import type { DatabaseSync } from 'node:sqlite'
import { type Kind, type KubeObject, type ObjectRef, QUEUE_LABEL, refOf } from '../../core/kube.ts'
import { Due } from './due.ts'
import { poolAsked } from './places.ts'
import { Store } from './store.ts'
import { mutated, type Webhook } from './webhooks.ts'
import { hasEnded, POOL_LABEL, type Pod, placeOf } from './wire.ts'

/** How long things take. Milliseconds. */
export interface Pace {
  /** From a node's launch until pods run on it. */
  provision: number
  /** An empty node of a pool that does not say goes after this. */
  consolidate: number
}

/** What controllers act on: the objects, and who is looked at when. `store.now` is the time that is being lived through. */
export interface World {
  store: Store
  due: Due
  pace: Pace
  /** What others' webhooks make of an object that is made or changed. */
  admitted<T extends KubeObject>(object: T): T
}

/** Opens the world in a database: another one may have died on it at any moment before. */
export const openWorld = (
  database: DatabaseSync,
  { seed, pace, webhooks = [] }: { seed: number; pace: Pace; webhooks?: readonly Webhook[] },
): World => {
  const admitted = <T extends KubeObject>(object: T): T => mutated(webhooks, object)
  const world = { store: new Store(database, seed), due: new Due(database), pace, admitted }
  world.store.onWrite = (object, gone) => wakeAround(world, object, gone)
  return world
}

/** Looks at an object at this time, now unless told. */
export const wake = ({ due, store }: World, ref: ObjectRef, at = store.now): void =>
  due.wake({ kind: ref.kind, ...placeOf(ref), at: Math.max(at, store.now) })

/** Kueue looks at its queues after so long. Milliseconds. */
export const wakeKueue = ({ due, store }: World, after: number): void =>
  due.wake({ kind: 'Queue', namespace: '', name: '', at: store.now + after })

/** From something new in a queue until Kueue has looked at it: at Jobs that name one, what it lends to them, and at no others. Milliseconds. */
const ADMITS = 2_000

const CONTROLLED: ReadonlySet<Kind> = new Set(['Job', 'Deployment', 'ReplicaSet', 'ScaledObject', 'NodePool'])

/** Whoever a write concerns is looked at next. */
const wakeAround = (world: World, object: KubeObject, gone: boolean): void => {
  const { kind, metadata } = object
  if (kind === 'Pod') wakeAroundPod(world, object as Pod, gone)
  if (kind === 'Node') wakePool(world, metadata.labels?.[POOL_LABEL])
  if (kind === 'Workload' || (kind === 'Job' && metadata.labels?.[QUEUE_LABEL] !== undefined)) wakeKueue(world, ADMITS)
  if (!CONTROLLED.has(kind)) return
  wake(world, { kind, namespace: metadata.namespace ?? null, name: metadata.name })
  if (gone) world.due.wake({ kind: 'Gone', namespace: '', name: metadata.uid ?? '', at: world.store.now })
}

/** Wakes a pod at the first of these times that lies ahead. */
export const wakeAt = (world: World, pod: Pod, times: (number | null)[]): void => {
  const ahead = times.filter((at) => at !== null && at > world.store.now) as number[]
  if (ahead.length > 0) wake(world, refOf(pod), Math.min(...ahead))
}

const wakeAroundPod = (world: World, pod: Pod, gone: boolean): void => {
  const { namespace = null, name, ownerReferences = [] } = pod.metadata
  if (!gone) wake(world, { kind: 'Pod', namespace, name })
  for (const owner of ownerReferences) wake(world, { kind: owner.kind as Kind, namespace, name: owner.name })
  const asked = poolAsked(pod)
  if (asked === null) return
  const { nodeName } = pod.spec ?? {}
  if (nodeName === undefined && asked === '*') wakeAllPools(world)
  else if (nodeName === undefined) wakePool(world, asked)
  else if (gone || hasEnded(pod)) wakePool(world, poolOf(world, nodeName))
}

const poolOf = ({ store }: World, nodeName: string): string | undefined =>
  store.get({ kind: 'Node', namespace: null, name: nodeName })?.metadata.labels?.[POOL_LABEL]

const wakePool = (world: World, pool: string | undefined): void => {
  if (pool !== undefined) wake(world, { kind: 'NodePool', namespace: null, name: pool })
}

const wakeAllPools = (world: World): void => {
  for (const { metadata } of world.store.list('NodePool')) wakePool(world, metadata.name)
}
