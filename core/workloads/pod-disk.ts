import type { PodPatch } from '../policy/pod.ts'

/** What of its node's disk a pod has, GiB for each of its GPUs. */
export interface DiskRoom {
  /** Asked for: so much is left where it is placed, and under pressure those go first that use more than they have asked for. */
  asked: number
  /** What a stage's scratch folder may hold: beyond it its pod is evicted, and says so. */
  scratch: number
}

/**
 * Of what is made from now on. It is little, since a pod that asks for more than any node has waits for ever, and nobody here chooses
 * the disk: of Karpenter's own 20 GiB 17 are for pods, which one GPU's 10 fit into, and of 100 GiB 89, which eight GPUs' 80 fit into. The
 * scratch of eight GPUs, 160, fits beside images into 300.
 */
export const DISK_ROOM: DiskRoom = { asked: 10, scratch: 20 }

/**
 * GiB that an adapter has at most: of rank 64 on 70 billion parameters it is about two. Beside one GPU's room it still fits into 17, and
 * beside eight GPUs' into 89.
 */
export const ADAPTER_ROOM = 5

/** Disk as Kubernetes calls it where it is asked for. */
const DISK = 'ephemeral-storage'

/**
 * The request of a container for disk, GiB. Whoever says of our container how much it asks for or may have says all of it: a limit alone
 * is asked for too, and may be less than ours.
 */
export const diskRequest = (gibibytes: number | null, of: Container): Record<string, string> =>
  gibibytes === null || isDiskSaid(of) ? {} : { [DISK]: `${gibibytes}Gi` }

/** A container of ours, and what is patched onto its pod. */
interface Container {
  container: string
  pod?: PodPatch | undefined
}

/** Whether the policy says how much disk that has: then nothing of ours bounds any of it. */
export const isDiskSaid = ({ container, pod }: Container): boolean => {
  const said = (pod?.containers ?? []).find((one) => one?.name === container)?.resources
  return [said?.requests, said?.limits].some((one) => one?.[DISK] !== undefined)
}
