import { isLeaving, type KubeObject, type ObjectRef } from '../core/kube.ts'
import { isOfGroup, makerOf } from '../core/lane/waits.ts'
import { generationOf } from '../core/names.ts'
import type { GenerationView, Stray } from '../core/world.ts'
import type { WorkPorts } from './ports.ts'

type Pod = KubeObject<'Pod'>

/**
 * ReplicaSets that go on without their Deployment, with their pods: who deletes that alone (`--cascade=orphan`) leaves them, and
 * they make pods for ever. Each is asked for by its name, once its Deployment is not there: one that has an owner still goes by
 * itself.
 */
export const straysOf = async (
  cluster: WorkPorts['cluster'],
  pods: readonly Pod[],
  standing: readonly GenerationView[],
): Promise<Stray[]> => {
  const there = new Set(standing.map(({ ref }) => ref.name))
  const lost = pods.filter((pod) => isAlive(pod) && !isLeaving(pod) && !there.has(makerOf(pod)?.name ?? ''))
  const sets = Map.groupBy(lost, (pod) => ownerOf(pod)?.uid ?? '')
  const strays = await Promise.all([...sets.values()].map((mine) => strayOf(cluster, mine)))
  return strays.filter((stray) => stray !== null)
}

const strayOf = async (cluster: WorkPorts['cluster'], pods: readonly Pod[]): Promise<Stray | null> => {
  const [pod] = pods
  const owner = pod === undefined ? undefined : ownerOf(pod)
  if (pod === undefined || owner === undefined) return null
  const { namespace = null, labels = {} } = pod.metadata
  const ref: ObjectRef = { kind: 'ReplicaSet', namespace, name: owner.name }
  const found = await cluster.get(ref)
  if (found === null || found.metadata.uid !== owner.uid || isLeaving(found)) return null
  if (found.metadata.ownerReferences?.some(({ controller }) => controller === true)) return null
  return { ref, generation: generationOf(labels), pods: [...pods], made: found as KubeObject<'ReplicaSet'> }
}

const ownerOf = ({ metadata }: Pod) =>
  metadata.ownerReferences?.find(
    (owner) => owner.kind === 'ReplicaSet' && isOfGroup(owner, 'apps') && owner.controller === true,
  )

const isAlive = ({ status }: Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
