import type { Kind, ObjectRef } from '../../core/kube.ts'

interface Resource {
  apiVersion: string
  plural: string
  namespaced: boolean
}

const RESOURCES: Record<Kind, Resource> = {
  Job: { apiVersion: 'batch/v1', plural: 'jobs', namespaced: true },
  Deployment: { apiVersion: 'apps/v1', plural: 'deployments', namespaced: true },
  ReplicaSet: { apiVersion: 'apps/v1', plural: 'replicasets', namespaced: true },
  HorizontalPodAutoscaler: { apiVersion: 'autoscaling/v2', plural: 'horizontalpodautoscalers', namespaced: true },
  ScaledObject: { apiVersion: 'keda.sh/v1alpha1', plural: 'scaledobjects', namespaced: true },
  PodDisruptionBudget: { apiVersion: 'policy/v1', plural: 'poddisruptionbudgets', namespaced: true },
  Service: { apiVersion: 'v1', plural: 'services', namespaced: true },
  Pod: { apiVersion: 'v1', plural: 'pods', namespaced: true },
  ConfigMap: { apiVersion: 'v1', plural: 'configmaps', namespaced: true },
  Node: { apiVersion: 'v1', plural: 'nodes', namespaced: false },
  NodePool: { apiVersion: 'karpenter.sh/v1', plural: 'nodepools', namespaced: false },
  NodeClaim: { apiVersion: 'karpenter.sh/v1', plural: 'nodeclaims', namespaced: false },
  Workload: { apiVersion: 'kueue.x-k8s.io/v1beta2', plural: 'workloads', namespaced: true },
  PriorityClass: { apiVersion: 'scheduling.k8s.io/v1', plural: 'priorityclasses', namespaced: false },
  Event: { apiVersion: 'v1', plural: 'events', namespaced: true },
}

/** The `apiVersion` of a kind: items of a list do not carry theirs. */
export const apiVersionOf = (kind: Kind): string => RESOURCES[kind].apiVersion

/** The path of a kind's objects, in one namespace or (null) in all; in another version than ours when the object says so. */
export const pathOf = (kind: Kind, namespace: string | null, apiVersion = RESOURCES[kind].apiVersion): string => {
  const { plural, namespaced } = RESOURCES[kind]
  const prefix = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const place = namespaced && namespace !== null ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${prefix}${place}/${plural}`
}

/** The path of one object. Without a namespace an object of a namespaced kind is in `default`, as on the server. */
export const objectPath = ({ kind, namespace, name }: ObjectRef, apiVersion?: string): string =>
  `${pathOf(kind, namespace ?? 'default', apiVersion)}/${encodeURIComponent(name)}`

/** The query that selects by labels and fields, each by its whole value; without any it selects everything. */
export const selecting = (
  labels: Record<string, string> = {},
  fields: Record<string, string> = {},
): { labelSelector?: string; fieldSelector?: string } => {
  const [labelSelector, fieldSelector] = [labels, fields].map((by) =>
    Object.entries(by)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  )
  return { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) }
}
