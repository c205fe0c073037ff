/** What one person said to a question. */
export interface Vote {
  /** `TEAM/USER`. */
  by: string
  verdict: 'approve' | 'deny'
  reason: string | null
  at: number
}
