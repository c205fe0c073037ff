import type { V1Container, V1Pod } from '@kubernetes/client-node'
import { GPU } from '../kube.ts'
import { gpusIn } from '../quantity.ts'

/**
 * GPUs that a pod asks for, as the scheduler counts them (`PodRequests` of Kubernetes 1.36): its containers together with what starts before
 * them and runs on beside them; or, where that is more, an init container with what runs on from before it.
 */
export const gpusOfPod = ({ spec }: V1Pod): number => {
  let [beside, most] = [0, 0]
  for (const container of spec?.initContainers ?? []) {
    const gpus = gpusOf([container])
    if (container.restartPolicy === 'Always') beside += gpus
    else most = Math.max(most, beside + gpus)
  }
  return Math.max(most, beside + gpusOf(spec?.containers))
}

/** GPUs that containers ask for together. */
export const gpusOf = (containers: readonly V1Container[] = []): number =>
  containers.reduce(
    (sum, { resources }) => sum + gpusIn(resources?.limits?.[GPU] ?? resources?.requests?.[GPU] ?? 0),
    0,
  )
