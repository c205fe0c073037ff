/** A finished step that an attempt may carry over, and the row `result` that has what it made. */
export interface Kept {
  step: string
  key: string
  row: string
}
