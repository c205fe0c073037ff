import type { OvertakenConfig } from './overtaken-state.ts'

/** What is explored each time. None of their plans names an outage. */
export const overtakenConfigs: readonly OvertakenConfig[] = [
  { name: 'two replicas on a full pool', old: 2, want: 2, maxUnavailable: 1, slots: 2, newer: 2, hands: 0 },
  { name: 'two replicas, side by side', old: 2, want: 2, maxUnavailable: 0, slots: 4, newer: 2, hands: 0 },
  { name: 'the first version, room for another', old: 0, want: 2, maxUnavailable: 0, slots: 3, newer: 2, hands: 0 },
  { name: 'two replicas on a full pool, and a hand', old: 2, want: 2, maxUnavailable: 1, slots: 2, newer: 1, hands: 1 },
  { name: 'two replicas, side by side, and a hand', old: 2, want: 2, maxUnavailable: 0, slots: 4, newer: 1, hands: 1 },
  { name: 'the first version, and a hand', old: 0, want: 2, maxUnavailable: 0, slots: 3, newer: 1, hands: 1 },
]
