import type { Traffic } from '../../core/world.ts'

/** What stands of one generation. */
export interface Stand {
  replicas: number
  ready: number
  /** Whether somebody has changed its pods' template by hand. */
  edited: boolean
}

/** A rollout somewhere on its way, and what stands meanwhile. */
export interface RolloutState {
  /** The generation that served before; null: its Deployment is not there. */
  base: Stand | null
  /** The one that is brought up. */
  risen: Stand | null
  /** Whom the lane's Service leads to; null: it is not there. */
  traffic: Traffic
  way: 'forth' | 'back' | 'over'
  /** Which step of that way, and whether its effect was made. */
  at: number
  touched: boolean
  /** What the gate has measured; null: nothing yet. */
  gate: boolean | null
  judged: boolean
  /** How it ends; null: by its last step. */
  ending: string | null
  /** Which way back, of those that were planned. */
  back: number
  /** What people and nodes may still do to it. */
  left: number
  /** What must never be. */
  bad: string | null
}

/** One world: what stood, what is wanted, and what the pool has. */
export interface RolloutConfig {
  name: string
  /** Replicas that serve, of those the first so many ready. */
  old: number
  oldReady?: number
  want: number
  maxUnavailable: number
  /** Replicas that the pool has room for. */
  slots: number
  /** What people and nodes do to it. */
  foreign: number
}
