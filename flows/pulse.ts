import { newerIn } from '../core/lane/newer.ts'
import { sidesAway } from './far-sides.ts'
import { everyLane } from './lanes.ts'
import type { Ports } from './ports.ts'
import { SIDES } from './sides.ts'

/** What alarms look at besides counters. */
export interface Pulse {
  /** Hours since the oldest run that is under way began; 0 when none is. */
  oldestRunHours: number
  /** Open questions that expire within the hour. */
  answersExpiring: number
  /** Minutes since the far side that is away the longest last answered, or since it takes one thing alone no more that a lane would write; 0 when all is well. */
  sideAwayMinutes: number
  /** Far sides that do not let us do something: a token over its time, a right that is missing. */
  sidesRefusing: number
  /** Lanes that rest since something of ours went wrong. */
  bugs: number
  /** Tellings that a far side will never take, ever since: it grows with the next one. */
  tellingsRefused: number
}

const HOUR = 3_600_000

/** How old the oldest run in flight is, how many questions are about to expire, who is away, and what went wrong. */
export const pulseOf = async ({ ledger, clock }: Pick<Ports, 'ledger' | 'clock'>): Promise<Pulse> => {
  const now = clock.now()
  const [lanes, away, counts] = await Promise.all([everyLane(ledger), sidesAway(ledger), ledger.counts()])
  const runs = lanes.flatMap((doc) => (doc.run === null || newerIn(doc) !== null ? [] : [doc.run]))
  const sides = Object.values(away)
  // A write that fails where looks are answered is nobody else's, so that no row tells of it: its lane rests on it.
  const rests = lanes.flatMap(({ rest }) => (rest?.why === 'unavailable' ? [rest] : []))
  const longest = [...sides.filter(({ refuses }) => !refuses), ...rests].map(({ since }) => (now - since) / 60_000)
  return {
    oldestRunHours: Math.max(0, ...runs.map(({ startedAt }) => (now - startedAt) / HOUR)),
    answersExpiring: runs.filter(({ question }) => question?.state === 'open' && question.until - now < HOUR).length,
    sideAwayMinutes: Math.max(0, ...longest),
    sidesRefusing: sides.filter(({ refuses }) => refuses).length,
    bugs: lanes.filter(({ rest }) => rest?.why === 'bug').length,
    tellingsRefused: SIDES.reduce((sum, side) => sum + (counts[`refused:${side}`] ?? 0), 0),
  }
}
