import type { RolloutConfig } from './rollout-state.ts'

/** What is explored each time. */
export const rolloutConfigs: readonly RolloutConfig[] = [
  { name: 'one replica, room for another', old: 1, want: 1, maxUnavailable: 0, slots: 2, foreign: 2 },
  { name: 'two replicas, room for another', old: 2, want: 2, maxUnavailable: 1, slots: 3, foreign: 2 },
  { name: 'two replicas on a full pool', old: 2, want: 2, maxUnavailable: 1, slots: 2, foreign: 2 },
  { name: 'one replica on a full pool, an outage approved', old: 1, want: 1, maxUnavailable: 2, slots: 1, foreign: 2 },
  {
    name: 'two replicas on a full pool, of no class',
    old: 2,
    want: 2,
    maxUnavailable: 1,
    slots: 2,
    foreign: 2,
    revision: 2,
  },
  {
    name: 'one replica on a full pool, of no class',
    old: 1,
    want: 1,
    maxUnavailable: 2,
    slots: 1,
    foreign: 2,
    revision: 2,
  },
  {
    name: 'one replica on a full pool, the first of a class',
    old: 1,
    want: 1,
    maxUnavailable: 2,
    slots: 1,
    foreign: 2,
    from: 2,
  },
  { name: 'two replicas, side by side', old: 2, want: 2, maxUnavailable: 0, slots: 4, foreign: 2 },
  { name: 'the first version', old: 0, want: 2, maxUnavailable: 0, slots: 2, foreign: 2 },
  { name: 'two of which one is not ready', old: 2, oldReady: 1, want: 2, maxUnavailable: 1, slots: 3, foreign: 1 },
  { name: 'from three to one', old: 3, want: 1, maxUnavailable: 1, slots: 4, foreign: 1 },
  { name: 'from one to three', old: 1, want: 3, maxUnavailable: 1, slots: 4, foreign: 1 },
]

/** The same, where more is done to it. */
export const longRollouts: readonly RolloutConfig[] = [
  { name: 'one replica, room for another, and three hands', old: 1, want: 1, maxUnavailable: 0, slots: 2, foreign: 3 },
  { name: 'two replicas on a full pool, and three hands', old: 2, want: 2, maxUnavailable: 1, slots: 2, foreign: 3 },
  { name: 'three replicas, room for another', old: 3, want: 3, maxUnavailable: 1, slots: 4, foreign: 2 },
]
