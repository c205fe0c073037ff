/** Lift a rung of a budget's ladder until its month is over. */
export interface LiftRungStep {
  kind: 'lift-rung'
  name: string
  title: string
  why: string
  /** Its name in the ladder, and when its month is over: a rung of another month is another. */
  rung: string
  until: number
  by: string
}
