import { laneNameOf } from './names.ts'

/** A part of the policy that can never do what it says, though it holds together: where, why, what to write, and whom it concerns. */
export interface OnPaper {
  path: string
  why: string
  /** Lanes that cannot do what the policy says of them; none: it is a matter of the policy alone. */
  lanes: string[]
}

/** The lane of a rule, as its key in the policy has it. */
export const laneOf = (block: 'pipeline' | 'service', key: string, rule: { was?: string | undefined }): string =>
  `${block}/${laneNameOf(key, rule)}`
