import { runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import { everyLane } from './lanes.ts'
import type { Ports } from './ports.ts'

/** What alarms look at besides counters. */
export interface Pulse {
  /** Hours since the oldest run that holds a lane took it; 0 when none does. */
  oldestRunHours: number
  /** Open questions that expire within the hour. */
  answersExpiring: number
}

const HOUR = 3_600_000

/** How old the oldest run in flight is, and how many questions are about to expire: one read for each held lane. */
export const pulseOf = async ({
  ledger,
  policies,
  clock,
}: Pick<Ports, 'ledger' | 'policies' | 'clock'>): Promise<Pulse> => {
  const identity = identityOf(await policies.load())
  const now = clock.now()
  const pulse: Pulse = { oldestRunHours: 0, answersExpiring: 0 }
  for (const value of await everyLane(ledger)) {
    if (value.holder === null) continue
    pulse.oldestRunHours = Math.max(pulse.oldestRunHours, (now - value.holder.since) / HOUR)
    const run = await ledger.read('run', runName(identity, { lane: value.lane, ...value.holder }))
    const answer = run?.value.answer ? (await ledger.read('answer', run.value.answer))?.value : undefined
    if (answer?.state === 'open' && answer.until - now < HOUR) pulse.answersExpiring++
  }
  return pulse
}
