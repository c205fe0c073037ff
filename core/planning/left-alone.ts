import type { V1Pod } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import { NODE_POOL } from '../kube.ts'
import type { Baseline } from '../lane/document.ts'
import { generationName, type Identity } from '../names.ts'
import type { Planned } from '../plan.ts'
import { DIGEST_ANNOTATION } from '../workloads/object-digest.ts'
import type { GenerationView, Stray, World } from '../world.ts'
import { gpusOf } from './pod-gpus.ts'

/**
 * What was judged last and runs on though somebody has deleted its Deployment alone: its ReplicaSet stands for it, and takes no orders of
 * ours until the Deployment is made again, with as many replicas as that has.
 */

/** Generation that was judged last; null: none was. */
const standsOf = (baseline: Baseline | null): number | null =>
  baseline === null ? null : (baseline.stands ?? baseline.generation)

/** The world, what was judged last and goes on without its Deployment being among what stands. */
export const withLeftAlone = (
  world: World,
  { identity, baseline }: { identity: Identity; baseline: Baseline | null },
): World => {
  const { generations, strays = [] } = world
  const stands = standsOf(baseline)
  const mine = strays.filter(({ generation }) => generation === stands)
  const [stray] = mine
  if (mine.length !== 1 || stray?.made === undefined || generations.some(({ generation }) => generation === stands))
    return world
  const view = viewOf({ ...stray, made: stray.made }, generationName(identity, stray.generation))
  return { ...world, generations: [...generations, view].sort((a, b) => a.generation - b.generation) }
}

const viewOf = (
  { ref, generation, pods, made }: Stray & Required<Pick<Stray, 'made'>>,
  name: string,
): GenerationView => {
  const { spec, metadata } = made
  const { namespace, labels, annotations = {} } = metadata
  const pod = spec?.template?.spec
  return {
    ref: { kind: 'Deployment', namespace: ref.namespace, name },
    uid: '',
    generation,
    replicas: spec?.replicas ?? 1,
    ready: pods.filter(isReadyPod).length,
    gpusPerReplica: gpusOf(pod?.containers),
    pool: pod?.nodeSelector?.[NODE_POOL] ?? '',
    digest: annotations[DIGEST_ANNOTATION] ?? '',
    ownedBy: null,
    scaledBy: null,
    alone: ref,
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(labels && { labels }), annotations },
      spec: { template: spec?.template },
    } as KubeObject<'Deployment'>,
  }
}

/** Whether a pod answers who asks it. */
export const isReadyPod = ({ status }: V1Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true

/** What stands of a generation as its Deployment would have it: where that is gone, what its ReplicaSet makes pods from. */
export const asLeft = ({ alone, object }: GenerationView, deployment: KubeObject<'Deployment'>): KubeObject =>
  alone === undefined
    ? object
    : ({ ...deployment, spec: { ...deployment.spec, template: object.spec?.template } } as KubeObject)

/** Its Deployment made again, with the replicas that its ReplicaSet has: with any other number pods that answer would go. */
export const madeAgain = (deployment: KubeObject, { replicas }: GenerationView): KubeObject =>
  ({ ...deployment, spec: { ...(deployment as KubeObject<'Deployment'>).spec, replicas } }) as KubeObject

/** The same without them, once they are set by who sets replicas; none of what says nothing of them. */
export const withoutReplicas = (object: KubeObject): KubeObject[] => {
  if (!isTaking([object])) return []
  const { replicas: _, ...spec } = (object as KubeObject<'Deployment'>).spec ?? {}
  return [{ ...object, spec } as KubeObject]
}

/**
 * What goes on without its Deployment and is in the way of what was planned: all but what that takes back. What was judged last is taken
 * back as it stands, or not at all: a rollout that makes its Deployment anew leads requests away from it and ends its pods.
 */
export const straysLeft = (
  { strays = [] }: Pick<World, 'strays'>,
  { planned, rises, baseline }: { planned: Planned; rises: number; baseline: Baseline | null },
): Stray[] => {
  const stands = standsOf(baseline)
  const moves = planned.kind === 'plan' ? planned.plan.steps.filter(({ kind }) => kind === 'roll-out-model') : []
  const again = moves.flatMap((step) => (step.kind === 'roll-out-model' && isTaking(step.objects) ? step.replicas : []))
  return strays.filter(({ generation }) =>
    generation === stands ? !again.some((target) => target.generation === generation) : generation !== rises,
  )
}

const isTaking = (objects: readonly KubeObject[]): boolean =>
  objects.some((one) => one.kind === 'Deployment' && (one as KubeObject<'Deployment'>).spec?.replicas !== undefined)
