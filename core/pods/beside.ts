import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'

/** A pod's containers, those that begin first before the others. */
export const containersOf = ({ status }: V1Pod): V1ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

/** Whether what the pod was made for has begun and goes on: whatever was to end before that has ended. */
export const isBegun = ({ status }: V1Pod): boolean =>
  (status?.containerStatuses ?? []).some(({ state }) => state?.running !== undefined && state.running !== null)

/**
 * What begins before a pod's program and runs on beside it (`restartPolicy: Always` of an init container). No plan has any: somebody's webhook
 * puts it in. Kubernetes starts it again whatever it ends with, and the pod goes on.
 */
export const besideOf = (pod: V1Pod): V1ContainerStatus[] => {
  const runOn = new Set(
    (pod.spec?.initContainers ?? []).flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' ? [name] : [])),
  )
  return (pod.status?.initContainerStatuses ?? []).filter(({ name }) => runOn.has(name) || isBegun(pod))
}

/** All others: how these end, the pod ends. */
export const programsOf = (pod: V1Pod): V1ContainerStatus[] => {
  const beside = besideOf(pod)
  return containersOf(pod).filter((container) => !beside.includes(container))
}
