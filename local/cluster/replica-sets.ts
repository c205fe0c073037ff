import type { ObjectRef } from '../../core/kube.ts'
import { createPod, deletePod } from './pods.ts'
import { type Deployment, isLive, KINDS, type Pod, type ReplicaSet } from './wire.ts'
import type { World } from './world.ts'

/** By which the pods of one template are told from another's. */
export const HASH_LABEL = 'pod-template-hash'

type Owner = NonNullable<Pod['metadata']['ownerReferences']>[number]

/**
 * Somebody deletes a Deployment alone (`kubectl delete --cascade=orphan`): its ReplicaSets, which this world has from then on,
 * go on without an owner and make their pods anew.
 */
export const orphan = (world: World, ref: ObjectRef): void => {
  const { store, due } = world
  const deployment = store.get({ ...ref, kind: 'Deployment' })
  if (deployment === null) return
  const { namespace = 'default', name, uid = '' } = deployment.metadata
  const pods = Map.groupBy(store.list('Pod', { owner: uid }), ({ metadata }) => metadata.labels?.[HASH_LABEL] ?? '')
  for (const [hash, mine] of pods) {
    const labels = { ...deployment.spec?.selector.matchLabels, [HASH_LABEL]: hash }
    const template = structuredClone(deployment.spec?.template)
    const replicaSet = store.insert<'ReplicaSet'>({
      apiVersion: KINDS.ReplicaSet.apiVersion,
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: { ...template?.metadata?.labels, ...labels },
        // As the controller copies those of its Deployment.
        annotations: { ...deployment.metadata.annotations },
      },
      spec: {
        replicas: mine.filter(isLive).length,
        selector: { matchLabels: labels },
        template: {
          ...template,
          metadata: { ...template?.metadata, labels: { ...template?.metadata?.labels, ...labels } },
        },
      },
    })
    for (const pod of mine) giveTo(world, pod, replicaSet)
  }
  due.forget(uid)
  store.remove(deployment)
}

/** A Deployment that selects what an earlier one has left takes it back. */
export const adoptOrphans = (world: World, deployment: Deployment): void => {
  const { store } = world
  const { namespace = 'default' } = deployment.metadata
  const labels = deployment.spec?.selector.matchLabels
  if (labels === undefined) return
  for (const replicaSet of store.list('ReplicaSet', { namespace, labels })) {
    for (const pod of store.list('Pod', { owner: replicaSet.metadata.uid ?? '' })) giveTo(world, pod, deployment)
    store.remove(replicaSet)
  }
}

const giveTo = ({ store }: World, pod: Pod, { kind, metadata: { name, uid = '' } }: ReplicaSet | Deployment): void => {
  const { apiVersion } = KINDS[kind]
  const owner: Owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
  store.update<'Pod'>({ ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } })
}

/** As many pods as it asks for. */
export const reconcileReplicaSet = (world: World, ref: ObjectRef): void => {
  const replicaSet = world.store.get({ ...ref, kind: 'ReplicaSet' })
  if (replicaSet === null) return
  const live = world.store.list('Pod', { owner: replicaSet.metadata.uid ?? '' }).filter(isLive)
  const wanted = replicaSet.spec?.replicas ?? 1
  for (const pod of live.slice(wanted)) deletePod(world, pod)
  for (let made = live.length; made < wanted; made++) createPod(world, replicaSet, { labels: {} })
}
