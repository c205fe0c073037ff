import type { KubeObject } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import type { Policy } from '../../core/policy.ts'
import { whyUnscaled } from '../../core/workloads/scaling-state.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

/** Where the cluster says what each kind of KEDA may have. */
const SCHEMA = '/openapi/v3/apis/keda.sh/v1alpha1'

/**
 * Whether the cluster knows what KEDA scales by, as ours says it, where the policy has KEDA: a rollout would else fail at its last step. And whether
 * KEDA scales what there is of it.
 */
export const kedaFindings = async (requests: Pick<Requests, 'send'>, policy: Policy): Promise<Finding[]> => {
  if (policy.keda === undefined) return []
  const { status, body } = await requests.send({ method: 'GET', path: '/apis/keda.sh/v1alpha1' })
  const { resources = [] } = (status === 200 ? body : {}) as { resources?: { kind?: string }[] }
  if (!resources.some(({ kind }) => kind === 'ScaledObject'))
    return found(
      'the cluster knows no ScaledObject of keda.sh/v1alpha1: install KEDA, or take `keda` out of the policy',
    )
  const schema = await requests.send({ method: 'GET', path: SCHEMA })
  // `fallback.behavior` came with 2.17; an answer that is none says nothing of it.
  if (schema.status === 200 && !JSON.stringify(schema.body).includes('"currentReplicasIfHigher"'))
    return found('its ScaledObjects know no `fallback.behavior`: it is older than 2.17, update it')
  const still = await unscaledIn(requests, policy)
  if (still.length > 0) return found(still.join('; '))
  return [{ check: 'KEDA', ok: true, detail: 'the cluster knows its ScaledObjects' }]
}

/** Why what KEDA is to scale is not scaled, of each that is not; what cannot be read says nothing. */
const unscaledIn = async (
  requests: Pick<Requests, 'send'>,
  { namespaces: { serving }, installation }: Policy,
): Promise<string[]> => {
  const query = { labelSelector: `${label('installation')}=${installation}` }
  const itemsAt = async (path: string): Promise<unknown[]> => {
    const { status, body } = await requests.send({ method: 'GET', path, query })
    return (status === 200 ? (body as { items?: unknown[] }).items : undefined) ?? []
  }
  const scaled = (await itemsAt(
    `/apis/keda.sh/v1alpha1/namespaces/${serving}/scaledobjects`,
  )) as KubeObject<'ScaledObject'>[]
  // KEDA gives its autoscaler the labels of what it makes it of.
  const autoscalers = (await itemsAt(
    `/apis/autoscaling/v2/namespaces/${serving}/horizontalpodautoscalers`,
  )) as KubeObject<'HorizontalPodAutoscaler'>[]
  return scaled.flatMap((one) => {
    const made = autoscalers.find(({ spec }) => spec?.scaleTargetRef.name === one.spec?.scaleTargetRef.name)
    return whyUnscaled(one, made) ?? []
  })
}

const found = (detail: string): Finding[] => [{ check: 'KEDA', ok: false, detail }]
