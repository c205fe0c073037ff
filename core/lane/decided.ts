/** As many replicas as a policy has of something. */
export interface Count {
  of: number
  /** That an autoscaler may have it at so many; left out: it has so many. */
  most?: true
}

/** What was decided of how many replicas there are of what was judged. */
export interface Decided {
  /** How many the policy had of it as that was last decided; another number since is followed. Left out: nobody knows, as of an earlier release. */
  of?: number
  /** That these were as many as its autoscaler may have; left out: they were not, or an earlier release decided it. */
  most?: true
  /** As many as its autoscaler may have it at, to which people have agreed; left out: nothing scales it. */
  upTo?: number
}

/** Whether the policy has another count of it than what stands was agreed to with, and than what was decided last. `replicas`: it had so many. */
export const isAnotherCount = (
  { of, most, upTo, replicas }: Decided & { replicas: number | null },
  wants: Count,
): boolean => {
  if (of === undefined || (of === wants.of && most === wants.most)) return false
  return wants.most ? upTo !== wants.of : upTo !== undefined || replicas !== wants.of
}
