import type { Policy } from '../policy.ts'
import { type Rule, SCALED_OBJECTS, texts } from './admission-policy.ts'

/** Who scales what a ScaledObject of ours names: the accounts, and what is ruled of such objects. All of it only where the policy has KEDA. */

type Keda = NonNullable<Policy['keda']>

/** By this one Kubernetes' own autoscaler scales, on EKS too. */
const AUTOSCALER = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler'

/** KEDA's operator, as the API server knows it. */
export const accountOf = ({ account }: Keda): string => `system:serviceaccount:${account.replace('/', ':')}`

/** Who sets replicas: from none to some and back KEDA itself, between them the autoscaler that it has made. */
export const scalersOf = (keda: Keda): string[] => [AUTOSCALER, accountOf(keda)]

/** Whether one of these asks. */
export const isOf = (accounts: readonly string[]): string => `request.userInfo.username in ${texts(accounts)}`

/** ScaledObjects, where the policy has KEDA. */
export const scaledOf = ({ keda }: Pick<Policy, 'keda'>): Omit<Rule, 'operations'>[] =>
  keda === undefined ? [] : [SCALED_OBJECTS]
