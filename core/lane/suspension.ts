/** What is known of a Job that a rung of the budget has suspended. Times are milliseconds since the epoch. */
export interface Suspension {
  /** Whether it is to be suspended; else it is to go on, and nothing is known of it once it does. */
  is: boolean
  since: number
  /** When it was seen to be so, or left as it was; null: that is to be written yet. */
  at: number | null
  /** The invocation whose commit has said so: that one alone writes it. */
  by: string
  /** The document's revision then. */
  fence: number
  /** Why it could not be written; left out: it was. */
  why?: string
  /** Why the Job was left as it is: somebody else has suspended it, or does. */
  left?: string
  /** That somebody has let it go, while it is to be suspended; left out: nobody has. */
  undone?: Undone
}

/** How often somebody has let go what a rung holds suspended, who that was last, from when on it is suspended again, and since when a node is counted for it. Times: ms since the epoch. */
export interface Undone {
  times: number
  /** Left out: an earlier release wrote it. */
  node?: number
  /** As the API server writes it down; null: it does not say. */
  by: string | null
  after: number
}

/** What writing that came to: it is so; it was left, why; or it could not be written, in words. `over`: there is nothing to suspend. */
export type Suspended =
  /** `queue`: Kueue's, in which it waits whenever it is not lent its GPUs. */
  | { kind: 'so'; queue?: string }
  | { kind: 'over' }
  | { kind: 'left'; why: string }
  | { kind: 'not'; why: string; right?: true }
