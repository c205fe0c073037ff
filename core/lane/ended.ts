import type { Outcome } from '../reasons.ts'

/** An outcome, of which attempt and when. */
export interface Ended extends Outcome {
  generation: number
  attempt: number
  at: number
  /** Of a refusal: digest over the policy and the world that refused it, and that policy's version. */
  against: string | null
  under?: string
  /** The template of pods that its plan was about: it is parked with that one alone. Left out: it was about none. */
  template?: string
  /** Names of the run's stages, for `retry --from`; earlier releases name its other steps too. */
  stages: string[]
}

/** What was wanted and is over for good: where what came after it is gone from its source, the lane comes back to no more than this. */
export interface Done {
  order: string
  /** By which its kind knows it. */
  key: string
}
