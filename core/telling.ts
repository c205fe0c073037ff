import type { Card } from './cards.ts'
import type { ObjectRef } from './kube.ts'
import type { Outcome } from './reasons.ts'

/**
 * What the outbox tells. A card is drawn as things stand when it is told, so telling twice or late shows the truth; all
 * others are told as they were written.
 */
export type Telling =
  /** Draw the card of this run: it asks, or says how it was answered and ended. `left`: where it asked before. */
  | { kind: 'card'; generation: number; attempt: number; left?: string }
  /** A word to the channel. */
  | { kind: 'note'; key: string; card: Card }
  /** Tell one person what became of what they pressed. */
  | { kind: 'reply'; to: string; text: string }
  /** Publish `plan-finished`. */
  | { kind: 'finished'; generation: number; attempt: number; plan: string; outcome: Outcome; cost: number; at: number }
  /** Let Kubernetes remove a finished object after a while: its outcome is stored. */
  | { kind: 'expire'; ref: ObjectRef; uid: string }

const SIDES = { card: 'chat', note: 'chat', reply: 'replies', finished: 'bus', expire: 'cluster' } as const

/** The far side of each. */
export const sideOfTelling = ({ kind }: Telling): 'chat' | 'replies' | 'bus' | 'cluster' => SIDES[kind]

/** Whether this release knows how to tell it: what a newer one has left stays as it is for that (law 15). */
export const isTellable = ({ kind }: Telling): boolean => Object.hasOwn(SIDES, kind)
