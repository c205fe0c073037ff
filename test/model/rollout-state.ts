import type { Traffic } from '../../core/world.ts'

/** What stands of one generation. */
export interface Stand {
  replicas: number
  ready: number
  /** Pods that are made: those that are not ready wait for a GPU. */
  made: number
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
  /** Whether what waits for the room of others was told to, and nothing else was touched. */
  waits: boolean
  /** What the gate has measured; null: nothing yet. */
  gate: boolean | null
  judged: boolean
  /** How it ends; null: by its last step. */
  ending: string | null
  /** Which way back, of those that were planned. */
  back: number
  /** What people and nodes may still do to it, and whether they have changed what stands. */
  left: number
  byHand: boolean
  /** Whether a move of the way back was given up, and those after it made all the same. */
  late: boolean
  /** Somebody else's pod, as large as a replica. */
  rival: 'away' | 'waits' | 'runs'
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
  /** Revision of the engine; left out: the newest, whose pods wait before others. And that of what serves, where it is an earlier one. */
  revision?: number
  from?: number
  /** The cluster knows no class: whoever waits may be next. */
  classless?: true
}
