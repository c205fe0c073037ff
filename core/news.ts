import type { V1ContainerStatus, V1PodCondition } from '@kubernetes/client-node'
import { isLeaving, type KubeObject } from './kube.ts'
import { RESTARTS } from './pods/restarts.ts'

/**
 * What of an object readiness, its end and the reasons why a pod does not run are read from, as text: where two are equal, a
 * look would come to the same. Times, counters and heartbeats are none of it, nor are the numbers in a message: a back-off that
 * grows by ten seconds is the same back-off.
 */
export const newsOf = (object: KubeObject): string => JSON.stringify([isLeaving(object), ...factsOf(object)])

const factsOf = (object: KubeObject): unknown[] => {
  switch (object.kind) {
    case 'Job':
      return jobFacts(object as KubeObject<'Job'>)
    case 'Deployment':
      return deploymentFacts(object as KubeObject<'Deployment'>)
    case 'Pod':
      return podFacts(object as KubeObject<'Pod'>)
    default:
      return []
  }
}

const jobFacts = ({ spec, status }: KubeObject<'Job'>): unknown[] => [
  spec?.suspend === true,
  (status?.conditions ?? []).map(({ type, status: is, reason }) => [type, is, reason]),
  // Whether it has begun, and whether a pod of it is there and runs.
  status?.startTime !== undefined,
  (status?.active ?? 0) > 0,
  (status?.ready ?? 0) > 0,
]

const deploymentFacts = ({ metadata, spec, status }: KubeObject<'Deployment'>): unknown[] => [
  spec?.replicas ?? 1,
  status?.readyReplicas ?? 0,
  status?.replicas ?? 0,
  // A status of before says nothing of what is asked for now.
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
]

const podFacts = ({ spec, status }: KubeObject<'Pod'>): unknown[] => [
  spec?.nodeName,
  status?.phase,
  status?.reason,
  sentence(status?.message),
  (status?.conditions ?? [])
    .filter(isTelling)
    .map(({ type, status: is, reason, message }) => [type, is, reason, sentence(message)]),
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(containerFacts),
]

/** Whether it has a node, whether it was taken away, whether it answers. */
const isTelling = ({ type }: V1PodCondition): boolean => ['PodScheduled', 'DisruptionTarget', 'Ready'].includes(type)

const containerFacts = ({ name, ready, restartCount, state }: V1ContainerStatus): unknown[] => [
  name,
  ready,
  Math.min(restartCount ?? 0, RESTARTS),
  state?.running !== undefined,
  state?.waiting?.reason,
  sentence(state?.waiting?.message),
  state?.terminated?.reason,
  state?.terminated?.exitCode,
]

const sentence = (message: string | undefined): string => (message ?? '').replace(/\d+(\.\d+)?/g, '#')
