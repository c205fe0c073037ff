import type { V1Container, V1Pod } from '@kubernetes/client-node'
import { isOfGpus, WHOLE_NODE } from '../pools/counts.ts'
import { gpusIn } from '../quantity.ts'

/** What a pod takes of a pool: GPUs, or slices of them; or one of its nodes, where those have none and it tolerates what they are tainted with. */
export const gpusOfPod = (pod: V1Pod): number => asked(pod) || (hasNode(pod) ? 1 : 0)

/** Whether a pod has a node without GPUs to itself, or waits for one. DaemonSets tolerate everything, and are on all of them. */
export const hasNode = (pod: V1Pod): boolean =>
  (pod.spec?.tolerations ?? []).some(({ key }) => key === WHOLE_NODE) && asked(pod) === 0

/**
 * GPUs that a pod asks for, as the scheduler counts them (`PodRequests` of Kubernetes 1.36): its containers together with what starts before
 * them and runs on beside them; or, where that is more, an init container with what runs on from before it.
 */
const asked = ({ spec }: V1Pod): number => {
  let [beside, most] = [0, 0]
  for (const container of spec?.initContainers ?? []) {
    const gpus = gpusOf([container])
    if (container.restartPolicy === 'Always') beside += gpus
    else most = Math.max(most, beside + gpus)
  }
  return Math.max(most, beside + gpusOf(spec?.containers))
}

/** GPUs that containers ask for together, and slices of them. */
export const gpusOf = (containers: readonly V1Container[] = []): number =>
  containers.reduce((sum, { resources }) => {
    const { limits = {}, requests = {} } = resources ?? {}
    const asked = new Set([...Object.keys(limits), ...Object.keys(requests)].filter(isOfGpus))
    return [...asked].reduce((own, key) => own + gpusIn(limits[key] ?? requests[key] ?? 0), sum)
  }, 0)

/** The kinds of GPUs and slices that a pod asks for. */
export const kindsOf = ({ spec }: V1Pod): Set<string> =>
  new Set(
    [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(({ resources }) =>
      [...Object.keys(resources?.limits ?? {}), ...Object.keys(resources?.requests ?? {})].filter(isOfGpus),
    ),
  )
