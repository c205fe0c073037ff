/** What the plan that the policy says without an alternative goes by, beside the alternatives to it. */
export const DEFAULT = 'default'

/** The alternative of the policy that people chose in place of what its stages say. */
export interface Chosen {
  /** Its name in the policy. */
  name: string
  /** When its pools open, milliseconds: it begins no earlier. Left out: they are open. */
  from?: number
}
