import type { KubeObject } from '../kube.ts'
import type { ServicePolicy } from '../policy.ts'

/**
 * How many replicas of a generation a drain may have taken at once. One where others answer meanwhile, and the next once it is ready
 * elsewhere, its weights loaded. Of one alone none, since whoever drains approves no outage; but where the policy itself allows one it
 * goes. What of a service's pool may be moved by Karpenter, which asks this no longer than its nodes' grace period, follows the same.
 */
export const mayBeDrained = ({
  replicas,
  maxUnavailable,
}: Pick<ServicePolicy, 'replicas' | 'maxUnavailable'>): 0 | 1 => (replicas > 1 || maxUnavailable > replicas ? 1 : 0)

/**
 * What holds drains to that: of one generation, since what answers nobody would count beside what answers. Said as what must stay, it
 * holds in the middle of a rollout too: of each generation less stands then than the service has, and none of it may be drained until one of
 * them has all again. A replica that is not ready may always go. It is for drains alone: what we take away ourselves is not evicted.
 */
export const disruptionBudget = (
  { name, namespace, labels }: { name: string; namespace: string; labels: Record<string, string> },
  { service, selector, leaves }: { service: ServicePolicy; selector: Record<string, string>; leaves: boolean },
): KubeObject<'PodDisruptionBudget'> => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name, namespace, labels },
  spec: {
    ...(leaves
      ? { minAvailable: service.replicas - mayBeDrained(service) }
      : { maxUnavailable: mayBeDrained(service) }),
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: { matchLabels: selector },
  },
})
