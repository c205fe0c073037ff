import type { Traffic } from '../../core/world.ts'

/** What stands of one generation: what is asked for is made at once, and is ready where the pool has room. */
export interface Stands {
  replicas: number
  ready: number
  edited: boolean
}

/** A generation that may be returned to, with the replicas it had. */
export interface Had {
  generation: number
  replicas: number
}

/** Rollouts that overtake each other, somewhere on the way of one of them. */
export interface OvertakenState {
  /** By generation, the first first; null: its Deployment is not there. */
  stands: readonly (Stands | null)[]
  traffic: Traffic
  /** Of the run under way. */
  generation: number
  phase: 'asked' | 'forth' | 'back' | 'over'
  /** Its plan, and its way back, of those that were made; -1: none. */
  plan: number
  back: number
  at: number
  touched: boolean
  begun: boolean
  gate: boolean | null
  judged: boolean
  /** Replicas that what rises was told to have last. */
  told: number
  baseline: Had | null
  /** What has passed its gate since the baseline in runs before this one, and what those have brought up. */
  before: readonly Had[]
  halfway: boolean
  brought: readonly number[]
  /** So many more versions may come, and so often somebody may do something by hand. */
  newer: number
  hands: number
  /** Whether somebody has deleted what was judged; and whether a move of a way back was given up, and those after it made all the same. */
  deleted: boolean
  late: boolean
  /** How the run ends; null: by its last step. */
  ending: string | null
  /** What must never be. */
  bad: string | null
}

/** One world: what serves, and what the pool has. */
export interface OvertakenConfig {
  name: string
  /** Replicas that serve, all of them ready; 0: the first version is on its way. */
  old: number
  want: number
  maxUnavailable: number
  slots: number
  newer: number
  hands: number
}
