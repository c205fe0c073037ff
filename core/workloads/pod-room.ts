import type { V1PodSecurityContext, V1ResourceRequirements, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { GPU } from '../kube.ts'

/** What the container of ours in a pod has to work with, before a patch is merged onto it. */
export interface PodRoom {
  resources: V1ResourceRequirements
  volumes: V1Volume[]
  volumeMounts: V1VolumeMount[]
}

/** CPU and memory are asked for per GPU so that the smallest GPU instances fit; neither is limited, GPUs are exact. */
const resourcesOf = (gpus: number): V1ResourceRequirements => ({
  requests: { cpu: String(gpus * 3), memory: `${gpus * 12}Gi`, [GPU]: String(gpus) },
  limits: { [GPU]: String(gpus) },
})

const sharedMemory = (gigabytes: number): V1Volume => ({
  name: 'shared-memory',
  emptyDir: { medium: 'Memory', sizeLimit: `${gigabytes}Gi` },
})
const SHARED_MEMORY: V1VolumeMount = { name: 'shared-memory', mountPath: '/dev/shm' }

/** Of a stage. */
export const stageRoom = ({ gpus }: { gpus: number }): PodRoom => ({
  resources: resourcesOf(gpus),
  volumes: [sharedMemory(gpus * 8)],
  volumeMounts: [SHARED_MEMORY],
})

/** Of a replica that serves: its engine's user has a home. */
export const servingRoom = ({ gpusPerReplica }: { gpusPerReplica: number }): PodRoom => ({
  resources: resourcesOf(gpusPerReplica),
  volumes: [sharedMemory(gpusPerReplica * 4), { name: 'home', emptyDir: {} }],
  volumeMounts: [SHARED_MEMORY, { name: 'home', mountPath: HOME }],
})

/** The home of an engine's user. */
export const HOME = '/home/signalbox'

/** Whom a replica runs as: the image's own user `vllm`. */
export const SERVING_USER: V1PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: 2000,
  fsGroup: 2000,
  seccompProfile: { type: 'RuntimeDefault' },
}
