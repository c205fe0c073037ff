import type { V1PodSecurityContext, V1ResourceRequirements, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { GPU } from '../kube.ts'
import type { PodPatch } from '../policy/pod.ts'
import type { Slice } from '../policy/sharing.ts'
import { DISK_ROOM, type DiskRoom, diskRequest } from './pod-disk.ts'

/** What the container of ours in a pod has to work with, before a patch is merged onto it. */
export interface PodRoom {
  resources: V1ResourceRequirements
  volumes: V1Volume[]
  volumeMounts: V1VolumeMount[]
}

/**
 * CPU, memory and disk are asked for per GPU so that the smallest GPU instances fit; none of them is limited, GPUs are exact. Who has a node without
 * any to itself asks for what fits into a small one, and may use all of it.
 */
const resourcesOf = (gpus: number, disk: Record<string, string>, slice: Slice | null): V1ResourceRequirements => {
  if (gpus === 0) return { requests: { ...LEAST, ...disk } }
  return slice === null ? ofGpus(gpus, disk) : ofSlice(slice, disk)
}

/** Any node of 2 CPUs and 4 GiB has so much beside what its system keeps. */
const LEAST = { cpu: '1', memory: '2Gi' }

const ofGpus = (gpus: number, disk: Record<string, string>): V1ResourceRequirements => ({
  requests: { cpu: String(gpus * 3), memory: `${gpus * 12}Gi`, ...disk, [GPU]: String(gpus) },
  limits: { [GPU]: String(gpus) },
})

/** As much as falls to it of what a whole GPU asks for, so that as many find room on a node as it has slices. */
const ofSlice = ({ resource, perGpu }: Slice, disk: Record<string, string>): V1ResourceRequirements => ({
  requests: {
    cpu: `${Math.floor(3000 / perGpu)}m`,
    memory: `${Math.floor((12 * 1024) / perGpu)}Mi`,
    ...disk,
    [resource]: '1',
  },
  limits: { [resource]: '1' },
})

/** What falls to a pod of so many GiB a GPU. */
const fallsTo = (perGpuGiB: number, gpus: number, slice: Slice | null): number =>
  slice === null ? perGpuGiB * gpus : Math.ceil(perGpuGiB / slice.perGpu)

const sharedMemory = (gigabytes: number): V1Volume => ({
  name: 'shared-memory',
  emptyDir: { medium: 'Memory', sizeLimit: `${gigabytes}Gi` },
})
/** GiB of a node without GPUs. */
const LEAST_SHARED = 2
const SHARED_MEMORY: V1VolumeMount = { name: 'shared-memory', mountPath: '/dev/shm' }

/** Where a stage may write what is gone with its pod, and the volume behind it: both named so that no patch has one of that name by chance. */
export const SCRATCH = '/signalbox/scratch'
const SCRATCH_VOLUME = 'signalbox-scratch'

/** Whose room it is: our container in a pod, and what a policy patches onto that. */
interface Of {
  container: string
  pod?: PodPatch | undefined
  /** What it has in place of whole GPUs; left out, or null: it has those. */
  slice?: Slice | null | undefined
}

/** Of a stage; where Kueue lends the pool no disk is asked for, since its quota need not cover any, and a Job would wait for ever. */
export const stageRoom = (
  { gpus, isLent, slice = null, ...of }: Of & { gpus: number; isLent: boolean },
  disk: DiskRoom | null = DISK_ROOM,
): PodRoom => {
  // A node without GPUs has the disk of one.
  const shares = Math.max(1, gpus)
  const scratch =
    disk === null
      ? []
      : [{ name: SCRATCH_VOLUME, emptyDir: { sizeLimit: `${fallsTo(disk.scratch, shares, slice)}Gi` } }]
  const asked = disk === null || isLent ? null : fallsTo(disk.asked, shares, slice)
  return {
    resources: resourcesOf(gpus, diskRequest(asked, of), slice),
    volumes: [sharedMemory(gpus === 0 ? LEAST_SHARED : fallsTo(8, gpus, slice)), ...scratch],
    volumeMounts: [SHARED_MEMORY, ...scratch.map(({ name }) => ({ name, mountPath: SCRATCH }))],
  }
}

/**
 * Of a replica that serves, which asks for so many GiB of disk a GPU, and for what is fetched beside: its engine's user has a home. That
 * has no limit, since weights from Hugging Face lie there, as large as they are.
 */
export const servingRoom = (
  { gpusPerReplica: gpus, fetched = 0, slice = null, ...of }: Of & { gpusPerReplica: number; fetched?: number },
  disk: number | null,
): PodRoom => ({
  resources: resourcesOf(gpus, diskRequest(disk === null ? null : fallsTo(disk, gpus, slice) + fetched, of), slice),
  volumes: [sharedMemory(fallsTo(4, gpus, slice)), { name: 'home', emptyDir: {} }],
  volumeMounts: [SHARED_MEMORY, { name: 'home', mountPath: HOME }],
})

/** The home of an engine's user. */
export const HOME = '/home/signalbox'

/** Whom a replica runs as: the user `vllm` of vLLM's own image, and nobody in others, who is told a name and a home. */
export const SERVING_USER: V1PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: 2000,
  fsGroup: 2000,
  seccompProfile: { type: 'RuntimeDefault' },
}
