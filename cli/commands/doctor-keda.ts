import type { Policy } from '../../core/policy.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

/** Where the cluster says what each kind of KEDA may have. */
const SCHEMA = '/openapi/v3/apis/keda.sh/v1alpha1'

/** Whether the cluster knows what KEDA scales by, as ours says it, where the policy has KEDA: a rollout would else fail at its last step. */
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
  return [{ check: 'KEDA', ok: true, detail: 'the cluster knows its ScaledObjects' }]
}

const found = (detail: string): Finding[] => [{ check: 'KEDA', ok: false, detail }]
