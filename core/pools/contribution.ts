/** GPUs on top of a pool's ceiling until a time: a lease (law 11). Before `from` and from `until` on it is as if it were not there. */
export interface ContributionRow {
  kind: 'lease'
  /** The pool's lane. */
  lane: string
  /** What people call it, and the end of its id: `g4`, after the generation of the lane that brought it. */
  id: string
  gpus: number
  from: number
  until: number
  /** Who asked for it. */
  by: string
}

export const contributionId = ({ lane, id }: Pick<ContributionRow, 'lane' | 'id'>): string => `${lane}#${id}`

/** The ceiling of a pool as its lane sets it, or is about to. */
export interface Ceiling {
  gpus: number
  /** When its NodePool was last read to have it; null: it is to be looked at. */
  at: number | null
  /** The invocation that marked it, and the document's revision at the mark. */
  by: string
  fence: number
  /** Why it could not be set; left out: it was. */
  why?: string
  /** What it goes back to should its pool leave the policy: its own, without hours and leases. Left out: it was set no higher. */
  own?: number
  /** When it is tried again by itself; left out: once something has changed. */
  again?: number
}
