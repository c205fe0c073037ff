import type { Policy } from '../../core/policy.ts'
import type { Finding } from '../../effects/aws/checks.ts'
import type { Requests } from '../../effects/cluster/requests.ts'

/** Whether the cluster knows what KEDA scales by, where the policy has KEDA: a rollout would else rest at its last step. */
export const kedaFindings = async (requests: Pick<Requests, 'send'>, policy: Policy): Promise<Finding[]> => {
  if (policy.keda === undefined) return []
  const { status, body } = await requests.send({ method: 'GET', path: '/apis/keda.sh/v1alpha1' })
  const { resources = [] } = (status === 200 ? body : {}) as { resources?: { kind?: string }[] }
  const isThere = resources.some(({ kind }) => kind === 'ScaledObject')
  const missing =
    'the cluster knows no ScaledObject of keda.sh/v1alpha1: install KEDA, or take `keda` out of the policy'
  return [{ check: 'KEDA', ok: isThere, detail: isThere ? 'the cluster knows its ScaledObjects' : missing }]
}
