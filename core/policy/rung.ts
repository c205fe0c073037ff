/** What a rung of a budget's ladder does while it is in force. */
export const MEASURES = ['notify', 'ask-always', 'no-new-runs', 'suspend-preemptible', 'cap-pools'] as const
export type Measure = (typeof MEASURES)[number]

/** A rung as a policy has it: from this share of the budget on. */
export interface Rung {
  at: number
  do: Measure
  /** What becomes of services meanwhile; left out: nothing. */
  serving?: 'floor' | undefined
}

/** Tells rungs of a ladder apart, for people too: one notice is told from another by its share, everything else is there once. */
export const rungName = ({ at, do: does }: Rung): string => (does === 'notify' ? `notify@${at}` : does)
