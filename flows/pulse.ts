import { everyLane } from './lanes.ts'
import type { Ports } from './ports.ts'

/** What alarms look at besides counters. */
export interface Pulse {
  /** Hours since the oldest run that is under way began; 0 when none is. */
  oldestRunHours: number
  /** Open questions that expire within the hour. */
  answersExpiring: number
  /** Minutes since the oldest due row was due. */
  oldestDueMinutes: number
}

const HOUR = 3_600_000

/** How old the oldest run in flight is, how late the oldest due row is, and how many questions are about to expire. */
export const pulseOf = async ({ ledger, clock }: Pick<Ports, 'ledger' | 'clock'>): Promise<Pulse> => {
  const now = clock.now()
  const [lanes, [oldest]] = await Promise.all([everyLane(ledger), ledger.due(now, { limit: 1 })])
  const runs = lanes.flatMap(({ run }) => (run === null ? [] : [run]))
  return {
    oldestRunHours: Math.max(0, ...runs.map(({ startedAt }) => (now - startedAt) / HOUR)),
    answersExpiring: runs.filter(({ question }) => question?.state === 'open' && question.until - now < HOUR).length,
    oldestDueMinutes: oldest === undefined ? 0 : (now - oldest.at) / 60_000,
  }
}
