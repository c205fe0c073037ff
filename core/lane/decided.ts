/** What was decided of how many replicas there are of what was judged. */
export interface Decided {
  /** How many the policy had of it as that was last decided; another number since is followed. Left out: nobody knows, as of an earlier release. */
  of?: number
  /** As many as its autoscaler may have it at, to which people have agreed; left out: nothing scales it. */
  upTo?: number
}
