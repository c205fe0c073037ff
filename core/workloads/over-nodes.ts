import type { V1EnvVar, V1JobSpec, V1PodSpec, V1ResourceRequirements } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import { withDigest } from './object-digest.ts'
import { fromAnnotation } from './pod-environment.ts'

/** The label that Kubernetes puts on a Job's pods: how a pod learns the name of its Job. */
export const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name'

/** What Kubernetes says of each pod of an Indexed Job: which of them it is, from 0. */
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'

/** EFA's interfaces, as its device plugin calls them. */
export const EFA = 'vpc.amazonaws.com/efa'

/** What libfabric keeps its buffers in: so much is set aside on AWS's GPU images where EFA is. */
const HUGE_PAGES = { 'hugepages-2Mi': '5120Mi' }

/** torchrun's own. */
const PORT = '29500'

/** How many pods a Job has at once, and needs: one, or one a node of its gang. */
export const podsAtOnce = ({
  spec,
}: {
  spec?: Pick<V1JobSpec, 'completions' | 'completionMode'> | undefined
}): number => (spec?.completionMode === 'Indexed' ? (spec.completions ?? 1) : 1)

/** What of a Job's spec makes it a gang: a pod a node, each of which knows which it is. Nothing else starts its pods together: its room is held before. */
export const gangSpec = (nodes: number): Pick<V1JobSpec, 'completions' | 'parallelism' | 'completionMode'> => ({
  completions: nodes,
  parallelism: nodes,
  ...(nodes > 1 ? { completionMode: 'Indexed' } : {}),
})

/** The name in DNS of a gang's pod of this rank: made of what each pod is told by its label, so that it is the same for every attempt. */
export const rankAddress = (rank: number): string => `$(JOB_NAME)-${rank}.$(JOB_NAME)`

/**
 * By what pods of a gang find each other, and torchrun and what reads its variables the same. The first pod's name in DNS is made of the Job's own, which
 * each pod is told by its label: so that nothing in the object names the attempt.
 */
export const gangEnv = (nodes: number): V1EnvVar[] =>
  nodes === 1
    ? []
    : [
        { name: 'NNODES', value: String(nodes) },
        fromAnnotation('NODE_RANK', COMPLETION_INDEX),
        { name: 'MASTER_ADDR', value: rankAddress(0) },
        { name: 'MASTER_PORT', value: PORT },
        // The first pod alone saves and uploads, whatever its program calls its ranks.
        fromAnnotation('SIGNALBOX_RANK', COMPLETION_INDEX),
        { name: 'PET_NNODES', value: '$(NNODES)' },
        { name: 'PET_NPROC_PER_NODE', value: '$(GPUS)' },
        { name: 'PET_NODE_RANK', value: '$(NODE_RANK)' },
        { name: 'PET_MASTER_ADDR', value: '$(MASTER_ADDR)' },
        { name: 'PET_MASTER_PORT', value: '$(MASTER_PORT)' },
      ]

/** By what NCCL talks over EFA, where a pool's nodes have it. */
export const efaEnv = (efa: number | undefined): V1EnvVar[] =>
  efa === undefined
    ? []
    : [
        { name: 'FI_PROVIDER', value: 'efa' },
        { name: 'FI_EFA_USE_DEVICE_RDMA', value: '1' },
        { name: 'FI_EFA_FORK_SAFE', value: '1' },
      ]

/**
 * The pod of a gang with what keeps it where the first of them is, since EFA reaches no other zone: after what the policy patches, whose
 * terms stand beside it. Whose they are is said by the Job's own label, which the server reads from each pod as it is made, so that nothing
 * in the object names the attempt.
 */
export const inOneZone = (spec: V1PodSpec, efa: number | undefined, labels: Record<string, string>): V1PodSpec => {
  if (efa === undefined) return spec
  const term = {
    labelSelector: { matchLabels: labels },
    matchLabelKeys: [JOB_NAME_LABEL],
    topologyKey: 'topology.kubernetes.io/zone',
  }
  const { podAffinity = {}, ...others } = spec.affinity ?? {}
  const { requiredDuringSchedulingIgnoredDuringExecution: required = [] } = podAffinity
  const near = { ...podAffinity, requiredDuringSchedulingIgnoredDuringExecution: [...required, term] }
  return { ...spec, affinity: { ...others, podAffinity: near } }
}

/** The same resources with all of a node's EFA interfaces, and what they need. */
export const withEfa = (resources: V1ResourceRequirements, efa: number | undefined): V1ResourceRequirements => {
  if (efa === undefined) return resources
  const more = { [EFA]: String(efa), ...HUGE_PAGES }
  return { ...resources, requests: { ...resources.requests, ...more }, limits: { ...resources.limits, ...more } }
}

/**
 * The headless Service by which pods of a gang find each other before they are ready: called as their Job, and told wholly by it. Null: the Job is none
 * of ours that has one.
 */
export const meetingPlaceOf = (job: KubeObject<'Job'>): KubeObject<'Service'> | null => {
  const { name, namespace, labels = {} } = job.metadata
  if (podsAtOnce(job) === 1 || job.spec?.template.spec?.subdomain !== name) return null
  const { 'kueue.x-k8s.io/queue-name': _queue, ...own } = labels
  return withDigest({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels: own },
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { [JOB_NAME_LABEL]: name } },
  })
}
