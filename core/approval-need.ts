/** Whether a plan is asked about, and how many must say yes. */
export interface ApprovalNeed {
  required: boolean
  why: string
  /** Answers needed. */
  need: number
}
