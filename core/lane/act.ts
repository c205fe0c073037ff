import type { Outcome } from '../reasons.ts'
import type { SideRow } from '../rows.ts'
import { pauseAfter, resting } from './change.ts'
import type { Rest } from './document.ts'
import type { LookLetter } from './letters.ts'
import { poolsHeldOf } from './room.ts'
import type { View } from './view.ts'

/** The one thing that reconciling a lane does next. */
export type Act =
  /** Asks the places that due letters point at, or that a retry would begin from, and folds every due letter. */
  | { kind: 'look' }
  /** Folds due letters of people: no place is asked. */
  | { kind: 'fold' }
  | { kind: 'again' }
  /** Its rule has left the policy, and something of it stands. */
  | { kind: 'retire' }
  | { kind: 'plan' }
  | { kind: 'ask' }
  /** Asks for more than a run under way may cost at most. */
  | { kind: 'ask-more' }
  /** Nobody has agreed to more in time: it goes on until it has cost what it may. */
  | { kind: 'no-more' }
  /** Asks whether a run is to be ended whose GPUs idle. */
  | { kind: 'ask-idle' }
  | { kind: 'remind' }
  /** As many must say yes as the policy says now, and those yeses count that it lets count. */
  | { kind: 'recount' }
  /** The policy asks in another channel now. */
  | { kind: 'move-card' }
  | { kind: 'expire' }
  /** Asks the source once more, before anything begins that was wanted from it. */
  | { kind: 'look-again'; letter: LookLetter }
  | { kind: 'hold' }
  /** Kept back before its first effect: it waits no longer, what it holds goes back, and it is planned anew afterwards. */
  | { kind: 'leave-line' }
  /** Of the line that the lane grants: those who come first and fit. */
  | { kind: 'grant' }
  /** Beside a run that waits: sets right what somebody has done to what serves. */
  | { kind: 'set-right' }
  /** Of a pool: says which ceiling is to be set, before it is. */
  | { kind: 'mark-ceiling'; gpus: number }
  /** Sets it, and reads back that it is. */
  | { kind: 'resize' }
  /** Forgets leases that are over. */
  | { kind: 'end-leases' }
  /** Of a budget: makes its rungs what the money says. */
  | { kind: 'climb' }
  /** Says `running` before anything is touched, or takes over what another marked T ago. */
  | { kind: 'mark'; step: string }
  | { kind: 'begin'; step: string }
  | { kind: 'see'; step: string }
  /** Says that the Job of a step is to be suspended, or to go on, before it is. */
  | { kind: 'mark-suspend'; step: string; is: boolean }
  /** Suspends it, or lets it go on. */
  | { kind: 'suspend'; step: string }
  /** The run ends otherwise than by its last step. */
  | { kind: 'end'; ending: Outcome }
  /** Takes away what runs of it, and sees it gone. */
  | { kind: 'clear' }
  | { kind: 'go-back' }
  | { kind: 'close'; outcome: Outcome }
  | { kind: 'rest'; rest: Rest }

/** Rests, for this reason. */
export const rest = (view: View, given: Parameters<typeof resting>[1]): Act => ({
  kind: 'rest',
  rest: resting(view, given),
})

/**
 * Whether this group asks a far side that did not answer the last time: another one does while its row says so. Who is not
 * let in asks for itself: rights are missing for one thing and not for another.
 */
export const asksItself = (away: SideRow | undefined, group: string, now: number): boolean =>
  away === undefined || away.refuses || away.probe === group || now >= away.until

/** Another lane asks whether this far side answers again: this one waits for it. */
export const awaySide = (view: View, side: string): Act | null => {
  const row = view.sides[side]
  if (row === undefined || asksItself(row, view.doc.lane, view.now)) return null
  return rest(view, {
    why: 'unavailable',
    text: awayText(side, row),
    until: Math.max(row.until, view.now + pauseAfter(10)),
    side,
  })
}

/** `bus does not answer since 12:04 UTC: 503`. */
export const awayText = (side: string, { since, said }: { since: number | null; said: string }): string =>
  `${side} does not answer${since === null ? '' : ` since ${new Date(since).toISOString().slice(0, 16).replace('T', ' ')} UTC`}: ${said}`

/** Nothing new begins while its lane, or a pool that its plan holds of, is frozen; null: none is. */
export const frozen = (view: View): Act | null => {
  const pools = poolsHeldOf(view.plan?.plan)
  const freezes = [
    { what: 'frozen', until: view.frozenUntil ?? 0 },
    ...pools.map((pool) => ({ what: `${pool} is frozen`, until: view.frozenPools[pool] ?? 0 })),
  ]
  const last = freezes.reduce((a, b) => (b.until > a.until ? b : a))
  if (last.until <= view.now) return null
  const until = new Date(last.until).toISOString().slice(0, 16).replace('T', ' ')
  return rest(view, { why: 'frozen', text: `${last.what} until ${until} UTC`, until: last.until })
}
