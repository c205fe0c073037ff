import type { RungChange } from '../money/rungs.ts'
import type { ContributionRow } from '../pools/contribution.ts'
import type { HoldRow, LineRow, Moment, PastRow, PlanRow, ResultRow, ShadowRow } from '../rows.ts'
import type { Telling } from '../telling.ts'
import { said } from '../text.ts'
import type { LaneDocument, Rest } from './document.ts'
import type { Letter, LookLetter } from './letters.ts'
import type { View } from './view.ts'

/** A sum that may not be above this after the commit; null: whatever it is. By room. */
export type Guard = Readonly<Record<string, number | null>>

/** A place in the line that becomes what its run waits for. */
export interface Grant {
  head: LineRow
  /** What is held for its lane already, as it was read. */
  had: Readonly<Record<string, { revision: number; value: HoldRow }>>
}

/**
 * Everything that settling an act writes, in one commit: the document, and the rows beside it. Holds follow from the document, and what
 * was spent from the runs that have ended.
 */
export interface Change {
  doc: LaneDocument
  /** Left out: as it is. */
  plan?: PlanRow | null
  removed: Letter[]
  /** Letters that are due later now. */
  later: LookLetter[]
  results: ResultRow[]
  past: PastRow[]
  shadows: { key: string; row: ShadowRow }[]
  moments: Omit<Moment, 'id' | 'at' | 'lane'>[]
  counts: string[]
  tellings: Telling[]
  /** Of rooms in which holds grow. */
  guard: Guard
  /** Rooms of which more is held beside the line: only while nobody stands in it. */
  beside: string[]
  /** What goes on top of a pool's ceiling, written or forgotten by its own lane. */
  contributions: { row: ContributionRow; gone: boolean }[]
  /** Rungs of a budget's ladder, written or forgotten by its own lane. */
  rungs: RungChange[]
  /** What a pool's lane grants, in order. */
  grants: Grant[]
  /** Lanes that should look. */
  wakes: string[]
  /** Why it rests now; null: it goes on. */
  rest: Rest | null
}

/** A change of the document alone. */
export const changed = (doc: LaneDocument, more: Partial<Omit<Change, 'doc'>> = {}): Change => ({
  doc,
  removed: [],
  later: [],
  results: [],
  past: [],
  shadows: [],
  moments: [],
  counts: [],
  tellings: [],
  guard: {},
  beside: [],
  contributions: [],
  rungs: [],
  grants: [],
  wakes: [],
  rest: null,
  ...more,
})

/** Two changes, one after the other, as one commit. */
export const joined = (a: Change | null, b: Change): Change =>
  a === null
    ? b
    : {
        ...a,
        ...b,
        removed: [...a.removed, ...b.removed],
        // What waits since the first, and was answered by the second or waits on, is written once.
        later: [
          ...a.later.filter(({ id }) => ![...b.removed, ...b.later].some((letter) => letter.id === id)),
          ...b.later,
        ],
        results: [...a.results, ...b.results],
        past: [...a.past, ...b.past],
        shadows: [...a.shadows, ...b.shadows],
        moments: [...a.moments, ...b.moments],
        counts: [...a.counts, ...b.counts],
        tellings: [...a.tellings, ...b.tellings],
        guard: { ...a.guard, ...b.guard },
        beside: [...a.beside, ...b.beside],
        contributions: [...a.contributions, ...b.contributions],
        rungs: [...a.rungs, ...b.rungs],
        grants: [...a.grants, ...b.grants],
        wakes: [...a.wakes, ...b.wakes],
      }

/** Longest texts, in characters: each is cut and cleaned once, here, where it is made. */
export const SHORT = 300
export const DETAIL = 2000
/** Longest text of why a lane rests: there is one of it in a document. */
export const REST = 1000

/** Whether a change writes nothing but why the lane rests. */
export const isNothing = (change: Change, before: LaneDocument): boolean => {
  const { doc, plan, rest: _, guard: __, ...lists } = change
  if (plan !== undefined) return false
  if (Object.values(lists).some((list) => list.length > 0)) return false
  return JSON.stringify({ ...doc, rest: null, due: null }) === JSON.stringify({ ...before, rest: null, due: null })
}

type Told = Pick<Moment, 'generation' | 'attempt'>

/** An entry of the timeline about a run; about the lane alone when none is given. */
export const moment = (
  kind: Moment['kind'],
  text: string,
  { run, data }: { run?: Told | null; data?: Record<string, unknown> } = {},
): Change['moments'][number] => ({
  generation: run?.generation ?? null,
  attempt: run?.attempt ?? null,
  kind,
  text: said(text, DETAIL),
  ...(data === undefined ? {} : { data }),
})

type Resting = Pick<Rest, 'why' | 'text'> & Partial<Pick<Rest, 'until' | 'side'>>

/** A rest that goes on where the last one was for the same reason. */
export const resting = ({ doc, now }: Pick<View, 'doc' | 'now'>, given: Resting): Rest => {
  const { why, text, until = null, side = null } = given
  const same = doc.rest !== null && doc.rest.why === why && doc.rest.side === side
  return {
    why,
    text: said(text, REST),
    since: same ? (doc.rest?.since ?? now) : now,
    until,
    side,
    tries: same ? (doc.rest?.tries ?? 0) + 1 : 1,
  }
}

const SHORTEST_PAUSE = 5_000
const LONGEST_PAUSE = 5 * 60_000

/** Before the next look at a far side: growing to five minutes, never shorter than it asks for. Milliseconds. */
export const pauseAfter = (tries: number, retryAfter = 0): number =>
  Math.max(
    Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** Math.min(tries - 1, 10)),
    Math.min(retryAfter * 1000, 3_600_000),
  )
