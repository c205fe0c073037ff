import { gitOpsOf } from '../core/gitops.ts'
import { isLeaving, type KubeObject, NODE_POOL, refOf } from '../core/kube.ts'
import type { View } from '../core/lane/view.ts'
import { generationName, generationOf, laneLabels } from '../core/names.ts'
import { gpusOf } from '../core/planning/pod-gpus.ts'
import { DIGEST_ANNOTATION } from '../core/workloads/object-digest.ts'
import { readinessOf } from '../core/workloads/readiness.ts'
import { editsOf } from '../core/workloads/same-content.ts'
import { whyUnscaled } from '../core/workloads/scaling-state.ts'
import type { GenerationView } from '../core/world.ts'
import { generationIn, type Known, withKnown } from './known-standing.ts'
import { NotAllowed, type Ports } from './ports.ts'

/** What serves in the whole namespace. */
export interface Standing {
  services: KubeObject[]
  deployments: KubeObject[]
  scalers: KubeObject[]
  /** KEDA's; left out: the policy has no KEDA. */
  scaled?: KubeObject[]
  /** Null: nobody may read them. */
  budgets: KubeObject[] | null
}

/** Whose Deployments are looked at. */
export interface Whose {
  policy: View['policy']
  identity: View['identity']
  doc: Known
}

/**
 * The Deployments of a lane, the lowest generation first, each with who scales it beside us. As they are now: what is not among
 * them has nothing to walk back.
 */
export const generationsOf = async (
  { cluster }: Pick<Ports, 'cluster'>,
  { policy, identity, doc }: Whose,
  all?: Standing,
): Promise<GenerationView[]> => {
  const namespace = policy.namespaces.serving
  const labels = laneLabels(identity, doc.lane)
  const listed =
    all?.deployments.filter((object) => hasLabels(object, labels)) ??
    cluster.list('Deployment', { namespace, labels, fresh: true })
  const [found, scalers, scaled] = await Promise.all([
    withKnown({ cluster }, { identity, doc, namespace }, listed),
    all?.scalers ?? cluster.list('HorizontalPodAutoscaler', { namespace }),
    scaledIn({ cluster }, { policy, identity, doc }, all),
  ])
  const autoscalers = scalers as KubeObject<'HorizontalPodAutoscaler'>[]
  const targets = new Map(
    autoscalers
      .filter((one) => setsReplicas(one) && !(policy.keda !== undefined && isOfKeda(one)))
      .map(({ spec, metadata }) => [spec?.scaleTargetRef.name, metadata.name]),
  )
  return (
    found
      .map((object) => viewOf(object as KubeObject<'Deployment'>))
      .map((view) => ({
        ...view,
        ...upToOf(view, { scaled, autoscalers }),
        scaledBy: targets.get(view.ref.name) ?? null,
      }))
      // What is not named as we name a generation is none, whatever its labels say.
      .filter(({ generation, ref }) => generation > 0 && ref.name === generationName(identity, generation))
      .sort((a, b) => a.generation - b.generation)
  )
}

/** ScaledObjects of a lane, called as its Deployments are, as they are now; none where the policy has no KEDA. */
export const scaledIn = async (
  { cluster }: Pick<Ports, 'cluster'>,
  { policy, identity, doc }: Whose,
  all?: Standing,
): Promise<KubeObject<'ScaledObject'>[]> => {
  if (policy.keda === undefined) return []
  const labels = laneLabels(identity, doc.lane)
  const namespace = policy.namespaces.serving
  const listed =
    all?.scaled ?? (await cluster.list('ScaledObject', { namespace, labels, fresh: true }).catch(withRight))
  return (listed as KubeObject<'ScaledObject'>[]).filter(
    (one) =>
      hasLabels(one, labels) && one.metadata.name === generationName(identity, generationOf(one.metadata.labels ?? {})),
  )
}

/** The policy may have `keda` before the doors have the right that it needs: whoever reads what is away reads what gives that. */
const withRight = (error: unknown): never => {
  if (error instanceof NotAllowed)
    error.message +=
      ', which `keda` of the policy needs: `signalbox bootstrap --apply` gives doors the right on ScaledObjects'
  throw error
}

const upToOf = (
  { ref }: GenerationView,
  {
    scaled,
    autoscalers,
  }: {
    scaled: readonly KubeObject<'ScaledObject'>[]
    autoscalers: readonly KubeObject<'HorizontalPodAutoscaler'>[]
  },
): Pick<GenerationView, 'upTo' | 'mayRest' | 'unscaled'> => {
  const found = scaled.find(({ metadata }) => metadata.name === ref.name)
  const upTo = found?.spec?.maxReplicaCount
  if (found === undefined || isLeaving(found) || upTo === undefined) return {}
  const made = autoscalers.find((one) => isOfKeda(one) && one.spec?.scaleTargetRef.name === ref.name)
  const why = whyUnscaled(found, made)
  const mayRest = found.spec?.minReplicaCount === 0
  return { upTo, ...(mayRest && { mayRest }), ...(why === null ? {} : { unscaled: why }) }
}

/** The autoscaler that KEDA makes of a ScaledObject which is called as what it scales. */
export const isOfKeda = ({ spec, metadata }: KubeObject<'HorizontalPodAutoscaler'>): boolean =>
  metadata.ownerReferences?.some(
    ({ kind, apiVersion, name }) =>
      kind === 'ScaledObject' && apiVersion.startsWith('keda.sh/') && name === spec?.scaleTargetRef.name,
  ) === true

/** Others have kinds of the same name: an autoscaler of those sets nothing of ours. */
const setsReplicas = ({ spec }: KubeObject<'HorizontalPodAutoscaler'>): boolean =>
  spec?.scaleTargetRef.kind === 'Deployment' && spec.scaleTargetRef.apiVersion?.startsWith('apps/') === true

const viewOf = (object: KubeObject<'Deployment'>): GenerationView => {
  const template = object.spec?.template
  const { labels = {}, annotations = {} } = object.metadata
  const edited = editsOf(object, null)
  return {
    ref: refOf(object),
    uid: object.metadata.uid ?? '',
    generation: generationIn(object),
    // What is on its way makes no pod any more, whatever its spec asks for: it has what it is seen to have.
    replicas: (isLeaving(object) ? object.status?.replicas : object.spec?.replicas) ?? 0,
    ...readinessOf(object),
    gpusPerReplica: gpusOf(template?.spec?.containers),
    pool: template?.spec?.nodeSelector?.[NODE_POOL] ?? '',
    digest: annotations[DIGEST_ANNOTATION] ?? '',
    ...(edited.length === 0 ? {} : { edited }),
    ownedBy: gitOpsOf({ labels, annotations }),
    scaledBy: null,
    object,
  }
}

/** Whether it has these labels, beside others. */
export const hasLabels = ({ metadata }: KubeObject, labels: Record<string, string>): boolean =>
  Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value)
