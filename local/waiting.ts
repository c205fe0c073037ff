import type { Desired } from '../core/desired.ts'
import { turnOf } from '../core/lane/before.ts'
import { hasBegun, type LaneDocument, type Rest, sameRun } from '../core/lane/document.ts'
import { kindOf, laneKinds } from '../core/lane-kinds/catalogue.ts'
import type { RestReason } from '../core/reasons.ts'
import type { OutRow, SideRow } from '../core/rows.ts'
import { sideOfTelling } from '../core/telling.ts'

/** Far sides that do not answer, by name. */
export type Sides = ReadonlyMap<string, SideRow>

/** `2026-11-23 10:02 UTC`. */
export const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** A far side that does not answer: which, since when, and in which words. */
export const sideText = ({ side, since, said, refuses }: SideRow): string =>
  `${side} ${refuses ? 'does not let us' : 'does not answer'} since ${utc(since)}: ${said}`

/** Rests that end when a far side answers again: since when is part of what they are. */
const FAR: ReadonlySet<RestReason> = new Set(['unavailable', 'not-allowed', 'source-unreadable', 'bug'])

/** Why a lane rests, for a person: which far side it waits for and since when, where it waits for one. */
export const restText = ({ why, text, side, since }: Rest, sides: Sides): string => {
  const away = side === null || !FAR.has(why) ? undefined : sides.get(side)
  if (away !== undefined) return `waits: ${sideText(away)}`
  return FAR.has(why) ? `${text} (since ${utc(since)})` : text
}

/** Whether a lane has come to rest: else somebody is at it now, and `rest` says why it rested before. */
export const isResting = ({ rest, due }: LaneDocument): boolean => rest !== null && due === rest.until

/** What a lane does or waits for, in one line. */
export const standingText = (doc: LaneDocument, sides: Sides): string => {
  const { rest, run, outcome } = doc
  const back = run?.phase === 'back' ? 'goes back: ' : ''
  if (rest === null || !isResting(doc)) return `${back}${movingText(doc)}`
  if (rest.why === 'done' && outcome !== null) return `${outcome.kind}: ${outcome.detail}`
  return `${back}${restText(rest, sides)}`
}

const movingText = ({ run }: LaneDocument): string => {
  const step = run?.steps.find(({ state }) => state === 'running')
  if (step !== undefined) return `${step.title}: ${step.note}`
  return run !== null && hasBegun(run) ? 'between two steps' : 'under way'
}

/** What is wanted, in the words of the lane's kind. */
export const wantedTitle = (lane: string, desired: Desired | null): string =>
  desired === null ? 'wants nothing yet' : (kindOf(laneKinds, lane)?.titleOf(desired) ?? desired.kind)

/** What waits behind the run under way, or was cancelled there; null when nothing does. */
export const behindText = (doc: LaneDocument): string | null => {
  const { lane } = doc
  const first = doc.run ?? turnOf(doc)
  const { desired, generation, attempt, outcome } = doc.aside ?? doc
  if (first === null || sameRun(first, { generation, attempt })) return null
  const ended = outcome === null ? '' : `, ${outcome.kind}`
  return `then: ${wantedTitle(lane, desired)}, generation ${generation}${ended}`
}

/** What a far side will not take, in its own words, and how many tellings that is. */
export interface Untold {
  lane: string
  side: string
  said: string
  count: number
}

/** Tellings that were refused for good, alike ones as one. */
export const untoldOf = (rows: readonly OutRow[]): Untold[] => {
  const all = new Map<string, Untold>()
  for (const { lane, telling, refused } of rows) {
    if (refused === null) continue
    const side = sideOfTelling(telling)
    const key = JSON.stringify([lane, side, refused])
    all.set(key, { lane, side, said: refused, count: (all.get(key)?.count ?? 0) + 1 })
  }
  return [...all.values()]
}

/** `chat will not take 2 tellings: is_archived`. */
export const untoldText = ({ side, said, count }: Omit<Untold, 'lane'>): string =>
  `${side} will not take ${count === 1 ? 'what it is told' : `${count} tellings`}: ${said}`
