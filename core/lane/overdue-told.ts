/** What a document says of pods that their nodes do not end. */
export interface OverdueTold {
  /** Uids of those of which people were told; left out: there is none. */
  overdue?: string[]
}
