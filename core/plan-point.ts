/** Replicas of every other generation and of the new one. */
export interface Point {
  old: number
  new: number
}
