import type { Chosen } from '../chosen.ts'
import type { Bounds } from '../plan.ts'
import type { Vote } from './vote.ts'

/** A question about one digest, and the votes on it. The card is only a picture of it (law 8). */
export interface Question {
  /** `<lane>#<generation>.<digest>.<opened>`: a button's value names the lane, so that a door needs to look nothing up. */
  id: string
  digest: string
  bounds: Bounds
  openedAt: number
  /** Votes with a later time do not count; what they agree to begins until `bounds.until`. */
  until: number
  need: number
  requester: string | null
  votes: Vote[]
  state: 'open' | 'approved' | 'rejected' | 'expired' | 'closed'
  /** What may be chosen in place of that, while it is open; left out: nothing. */
  choices?: Choice[]
  /** What was chosen: then its digest, bounds and votes are those of the question. Left out: what it was about. */
  chosen?: Chosen
  /** Whether the one reminder before `until` was sent. */
  reminded: boolean
  /** Dollars beyond what was approved, of a run under way, and what becomes of it without them; none: its budget had no room for any, and nobody was asked; of the stage that was at work, which earlier releases left out. `ends`: not for dollars, but whether it shall be ended. `starts`: they pay for the node too that what stands still goes on with, which waits for the answer. `stood`: it was closed since its work stood still. Left out: it is about whether a run begins. */
  more?: { dollars: number; why: string; step?: string; ends?: true; starts?: true; stood?: true }
  /** Of one for more: who may answer it, as the policy said when it was asked; where nobody can read that any more, it counts. Left out: an earlier release asked, or they are too many. */
  among?: { approvers: string[]; requesterMayApprove: boolean }
  /** That it is about what makes do with its floor, as a rung says; left out: it is not. */
  floored?: true
  /** Where its card stands. Left out by earlier releases: in the channel of the policy in force. */
  channel?: string
}

/** An alternative that may be chosen: a yes to it binds its digest and bounds, and counts for no other. */
export interface Choice extends Chosen {
  /** The value of its button, as that of the question is: it names the lane and the digest. */
  id: string
  digest: string
  bounds: Bounds
  votes: Vote[]
}

/** The pool that something ran in, and when it ended there. */
export interface Ran {
  pool: string
  at: number
}

/** What an answer bound: begun attempts spend it. */
export interface Approved {
  question: Question
  /** Dollars that closed attempts have cost already. */
  spent: number
  /** Where and until when the last of their Jobs ran; left out: none did. */
  ran?: Ran
  /** Whether an attempt has begun under it: `until` governs beginning alone. */
  begun: boolean
}
