import { sha256Hex } from '../../core/digest.ts'
import type { KubeObject, ObjectRef } from '../../core/kube.ts'
import { type Node, type Said, wireTime, withCondition } from './wire.ts'
import type { World } from './world.ts'

/** From when EC2 is told to terminate a node until Karpenter has seen it gone: GPU nodes take so long, unbilled. Milliseconds. */
const SHUTTING_DOWN = 330_000

/** The instance of a node of this name. */
export const providerIdOf = (node: string): string =>
  `aws:///us-east-1a/i-0${sha256Hex(`instance ${node}`).slice(0, 16)}`

const refOf = (name: string): ObjectRef & { kind: 'NodeClaim' } => ({ kind: 'NodeClaim', namespace: null, name })

/** Karpenter has launched the instance of a node. */
export const launchClaim = ({ store }: World, { metadata, spec, status }: Node): void => {
  const { name, labels, ownerReferences } = metadata
  const launched = withCondition(undefined, { type: 'Launched', status: 'True', reason: 'Launched' }, store.now)
  const waits = (type: string): Said => ({
    type,
    status: 'False',
    reason: 'NodeNotFound',
    message: 'Node not registered',
  })
  store.insert<'NodeClaim'>({
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name, ...(labels ? { labels } : {}), ...(ownerReferences ? { ownerReferences } : {}) },
    status: {
      providerID: spec?.providerID ?? '',
      capacity: status?.capacity ?? {},
      conditions: ['Registered', 'Initialized'].reduce(
        (conditions, type) => withCondition(conditions, waits(type), store.now),
        launched,
      ) as never,
    },
  })
}

/** The node has come up. */
export const initializeClaim = (world: World, { metadata: { name } }: Node): void => {
  const claim = world.store.get(refOf(name))
  if (claim === null) return
  const conditions = ['Registered', 'Initialized'].reduce(
    (all, type) => said(world, all, type),
    claim.status?.conditions,
  )
  world.store.update<'NodeClaim'>({
    ...claim,
    status: { ...claim.status, nodeName: name, ...(conditions ? { conditions } : {}) },
  })
}

type Conditions = NonNullable<KubeObject<'NodeClaim'>['status']>['conditions']

const said = ({ store }: World, conditions: Conditions, type: string): Conditions =>
  withCondition(conditions as never, { type, status: 'True', reason: type }, store.now) as unknown as Conditions

/** EC2 has been told to terminate the instance: its claim stays until it is gone. */
export const terminateClaim = (world: World, { metadata: { name } }: Node): void => {
  const { store, due } = world
  const claim = store.get(refOf(name))
  if (claim === null) return
  const conditions = said(world, claim.status?.conditions, 'InstanceTerminating')
  store.update<'NodeClaim'>({
    ...claim,
    metadata: { ...claim.metadata, deletionTimestamp: wireTime(store.now) },
    status: { ...claim.status, ...(conditions ? { conditions } : {}) },
  })
  due.wake({ kind: 'NodeClaim', namespace: '', name, at: store.now + SHUTTING_DOWN })
}

/** The instance is gone. */
export const removeClaim = ({ store }: World, { name }: ObjectRef): void => {
  const claim = store.get(refOf(name))
  if (claim?.metadata.deletionTimestamp !== undefined) store.remove(claim)
}
