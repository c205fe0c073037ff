import type { CapacityWarned, IntendingEvent } from '../../events/contract.ts'
import type { RunAsked } from '../../events/occasions.ts'
import type { Warned } from '../capacity.ts'
import type { Waiting } from '../reasons.ts'

/**
 * What a door or a person leaves for a lane. One row each; `settle` folds what is due into the document, by time, then id,
 * and removes it in the same commit. The moment that answers it names it.
 */
export type Letter = LookLetter | GoOnLetter | WarnedLetter | OrderLetter

interface Written {
  /** Grows with time; unique. */
  id: string
  lane: string
  /** When it was written. */
  at: number
  /** Folded from then on. */
  due: number
}

/** Look where this event points. */
export interface LookLetter extends Written {
  kind: 'look'
  event: IntendingEvent
  /** Who told: a letter of `resync` leaves no trace when it changes nothing. */
  from: 'door' | 'resync'
  /** What it waits for, once it was looked at and has to. `inShadow`: it came while its rule was in shadow; left out: while that acted. */
  waits: { reason: Waiting; detail: string; until: number | null; side: string | null; inShadow?: true } | null
  tries: number
}

/** What a person says. */
export type OrderLetter = VoteLetter | CommandLetter | LeaseLetter | LiftLetter | RunLetter

export interface VoteLetter extends Written {
  kind: 'vote'
  /** Names the lane and the digest that the person saw. */
  question: string
  verdict: 'approve' | 'deny'
  /** `TEAM/USER`. */
  by: string
  byName: string
  /** Team that the app is installed in; null where a whole organisation has it. */
  workspace: string | null
  reason: string | null
  /** Where the person can be told something that only they see. */
  replyTo: string | null
}

/** What a lane showed to a person: an attempt, or that there was nothing that the command could be about. */
export type Seen = { generation: number; attempt: number } | 'idle'

/** A retry or a cancel of what the person saw: of anything else it is answered "no longer so". */
export interface CommandLetter extends Written {
  kind: 'retry' | 'cancel'
  by: string
  /** With `wanted` what waited behind the run. Null: it names nothing, and is about whatever is there. */
  saw: Seen | null
  /** `retry`: the first stage that is done again. */
  from: string | null
  /** `cancel`: what waits behind the run, not the run. */
  wanted: boolean
}

/** A lease of a pool: another one, more time for one, or its end. Of what is not said it has null. */
export interface LeaseLetter extends Written {
  kind: 'lease'
  does: 'take' | 'extend' | 'end'
  by: string
  /** Whether where it comes from proves who says it; left out: it is a claim. */
  proven?: true
  /** `take`: how many. */
  gpus: number | null
  /** Until when; `extend` may say `more` instead, milliseconds beyond its end. */
  until: number | null
  more: number | null
  /** `extend` and `end`: which one; null: the only one that there is. */
  of: string | null
  /** Where the person can be told something that only they see; left out: nowhere. */
  replyTo?: string | null
}

/** A rung of a budget that somebody wants kept to no more this month. */
export interface LiftLetter extends Written {
  kind: 'lift'
  rung: string
  by: string
  why: string
}

/** A run of a pipeline that somebody asks for: a person's, though it is an event, since whoever may tell of events must not ask for one. */
export interface RunLetter extends Written {
  kind: 'run'
  event: RunAsked
}

/** What held the lane up was taken away: nothing is folded, and since it is due, a wake that is lost costs a minute. */
export interface GoOnLetter extends Written {
  kind: 'go-on'
}

/** EC2 warns of nodes on which something of the lane's is: it hears of it. */
export interface WarnedLetter extends Written {
  kind: 'warned'
  event: CapacityWarned
  on: Warned
}

/** Rows of letters: what doors of events and other lanes may write, and what people's doors may. A letter counts in no other row. */
export const letterRow = ({ kind }: Letter): 'look' | 'order' =>
  kind === 'look' || kind === 'go-on' || kind === 'warned' ? 'look' : 'order'

const KINDS: ReadonlySet<string> = new Set<Letter['kind']>([
  'look',
  'vote',
  'retry',
  'cancel',
  'lease',
  'lift',
  'run',
  'go-on',
  'warned',
])

/**
 * Whether this release knows what a letter says, and reacts to what it tells of: one of a newer release stays as it is for that
 * (law 15).
 */
export const isUnderstood = (letter: Letter, reactions: readonly { contract: { name: string } }[]): boolean =>
  KINDS.has(letter.kind) &&
  (letter.kind !== 'look' || reactions.some(({ contract }) => contract.name === letter.event.type))

/** Letters of people that are answered by what a source says now, as ones that say where to look. */
export const looksOfPeople = (letters: readonly Letter[]): LookLetter[] =>
  letters.flatMap((letter) => (letter.kind === 'run' ? [lookOf(letter)] : []))

/** Where a person's own letter points. */
export const lookOf = ({ kind: _, ...letter }: RunLetter): LookLetter => ({
  ...letter,
  ...{ kind: 'look', from: 'door', waits: null, tries: 0 },
})

/** Letters by time, then id: the order in which they count. */
export const inOrder = <L extends Letter>(letters: readonly L[]): L[] =>
  letters.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
