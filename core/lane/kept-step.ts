/** A finished step that an attempt may carry over, and the row `result` that has what it made. */
export interface Kept {
  step: string
  key: string
  row: string
  /** A gate has judged what was made of it, and did not hold; left out: none has. */
  unfit?: true
}
