import type { Intent } from '../lane.ts'
import type { Ignored, Waiting } from '../reasons.ts'

/** What an event and the facts come to: pure, and always with a sentence. */
export type Decision =
  | { kind: 'intend'; intent: Intent; detail: string }
  | { kind: 'ignore'; reason: Ignored; detail: string }
  | { kind: 'wait'; reason: Waiting; detail: string; until: number }

/** The lane that an event concerns under a policy, with what is done about it. */
export interface Rule {
  lane: string
  /** Name of the dataset or model in the policy. */
  name: string
  mode: 'act' | 'shadow'
}

/** How long an unreadable source or a pending registration is looked at again. Milliseconds. */
export const SOURCE_PATIENCE = 60 * 60_000

/** An unreadable source is not an empty one: look again for a while, then say so. `since` is when the event happened. */
export const patience = (since: number, now: number, detail: string): Decision =>
  now > since + SOURCE_PATIENCE
    ? { kind: 'ignore', reason: 'source-unreadable', detail }
    : { kind: 'wait', reason: 'source-unreadable', detail, until: since + SOURCE_PATIENCE }
