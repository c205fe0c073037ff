import { driftOf, isCoveredOnceBegun, lastEndOf } from '../drift.ts'
import { type Episode, type Heard, isOf, sinceText } from '../episodes.ts'
import type { LaneDocument } from '../lane/document.ts'
import { hadBegun, waitsIn } from '../lane/wanted.ts'
import type { Rule } from '../lane-kinds/kind.ts'
import { plainTime } from '../text.ts'
import type { Decision } from './reaction.ts'

/** How long a run under way is left alone before it is looked at again whether it is over. Milliseconds. */
const BUSY = 3_600_000

/** How long an alert whose run came to nothing for the second time in a row is left alone, and twice as long each time after that. Milliseconds. */
const FLAPS = 3_600_000
/** For how long it counts that a run came to nothing. Milliseconds. */
const COUNTS = 24 * FLAPS

interface Given {
  rule: Rule
  doc: LaneDocument
  now: number
}

/**
 * Until when a run for an alert waits: for another to be over, or told whether it begins, for what that made to be served, and for an alert that
 * flaps to stay. Null: it need not.
 */
export const waiting = (
  episode: Episode,
  { rule, doc, now, coolDown }: Given & { coolDown: number },
): Decision | null => {
  const fires = sinceText(episode)
  const wait = { kind: 'wait', reason: 'cooling-down', until: null } as const
  if (isCoveredOnceBegun(episode, doc)) {
    const detail = `${fires}, and what was wanted for another ${plainTime(doc.since)} has not begun yet: it is for that too once it does, else it has its own`
    return { ...wait, reason: 'run-not-over', detail, next: now + BUSY }
  }
  if (doc.run !== null || waitsIn(doc)) {
    const detail = `${fires}, and ${rule.lane} had a run when that was looked at: it waits until there is none`
    return { ...wait, detail, next: now + BUSY }
  }
  const end = lastEndOf(doc)
  const until = end === null ? 0 : end + coolDown
  if (until > now)
    return {
      ...wait,
      detail: `${fires}, and ${rule.lane} has ended lately: it cools down until ${plainTime(until)}`,
      next: until,
    }
  const still = staysUntil(episode, coolDown)
  const detail = `${fires}, and its run came to nothing ${episode.back?.times} times in a row before it was resolved: it begins where that fires still ${plainTime(still)}`
  return still > now ? { ...wait, detail, next: still } : null
}

/** When an alert that flaps may have its next run. */
const staysUntil = ({ back }: Episode, coolDown: number): number =>
  back === undefined || back.times < 2 ? 0 : back.at + Math.min(coolDown, FLAPS * 2 ** (back.times - 2))

/** What is heard of an alert, with how often in a row its run was taken back, denied or answered by nobody before it began anything. */
export const withTakenBack = (
  heard: Exclude<Heard, { kind: 'late' }>,
  known: Episode | undefined,
  { doc, now }: Pick<Given, 'doc' | 'now'>,
): Episode => {
  const { back: own, ...episode } = heard.episode
  const last = own ?? known?.back
  const back = last !== undefined && last.at + COUNTS > now ? last : undefined
  const isOwn = isOf(driftOf(doc.desired), heard.episode)
  if (isOwn && hadBegun(doc)) return episode
  const isTaken = isOwn && heard.kind === 'over' && known?.over === undefined && doc.outcome?.reason !== 'no-room'
  if (isTaken) return { ...episode, back: { times: (back?.times ?? 0) + 1, at: now } }
  return back === undefined ? episode : { ...episode, back }
}
