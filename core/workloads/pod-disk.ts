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
 * What the pods of stages have, by revision, the first first: nothing is asked for, and there is no scratch folder. A lane keeps the
 * revision that it was made with (law 15): none is edited or taken away, a better one is added after it.
 */
const STAGE_REVISIONS: readonly (DiskRoom | null)[] = [null, DISK_ROOM]

/** The revision that a pipeline's pods are made in from now on. */
export const STAGE_REVISION: number = STAGE_REVISIONS.length

/** What a stage's pod has of its node's disk, in this revision. Throws where there never was such a one. */
export const stageDisk = (revision = 1): DiskRoom | null => {
  const room = STAGE_REVISIONS[revision - 1]
  if (room === undefined) throw new Error(`there is no revision ${revision} of a stage's pods`)
  return room
}

/** Disk as Kubernetes calls it where it is asked for. */
const DISK = 'ephemeral-storage'

/**
 * The request of a container for disk, GiB. Whoever says of our container how much it asks for or may have says all of it: a limit alone
 * is asked for too, and may be less than ours.
 */
export const diskRequest = (
  gibibytes: number | null,
  { container, pod }: { container: string; pod?: PodPatch | undefined },
): Record<string, string> => {
  const said = (pod?.containers ?? []).find((one) => one?.name === container)?.resources
  const says = [said?.requests, said?.limits].some((one) => one?.[DISK] !== undefined)
  return gibibytes === null || says ? {} : { [DISK]: `${gibibytes}Gi` }
}
