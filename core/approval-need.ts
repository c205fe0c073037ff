/** Whether a plan is asked about, and how many must say yes. */
export interface ApprovalNeed {
  required: boolean
  why: string
  /** Answers needed. */
  need: number
  /** Nothing but a rung of the budget has it asked about: once that is over, nobody is. Left out: something else does. */
  rung?: true
}
