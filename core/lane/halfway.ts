import { costOf, movesFrom, rateOf } from '../money/cost.ts'
import { usd } from '../money/prices.ts'
import type { Plan } from '../plan.ts'
import type { Act } from './act.ts'
import { boundsIn, graceOf } from './bound.ts'
import { hasBegun, type LaneDocument, type Run } from './document.ts'
import type { HalfwayCosts } from './hold.ts'
import { budgetOf } from './room.ts'
import type { View } from './view.ts'

const HOUR = 3_600_000

/** What stood halfway before the run, in dollars an hour, and from when until when: its own moves count then, or it is over. */
export const standsBefore = (
  { halfwayCosts: costs }: Pick<LaneDocument, 'halfwayCosts'>,
  { run, plan, now }: { run: Run; plan: Plan | null; now: number },
): { perHour: number; from: number; until: number } | null => {
  if (costs === undefined) return null
  const until = (plan === null ? null : movesFrom({ run, plan })) ?? now
  return { perHour: costs.perHour, from: costs.since, until }
}

/** Dollars of that. Not rounded. */
export const costBefore = (...given: Parameters<typeof standsBefore>): number => {
  const before = standsBefore(...given)
  return before === null ? 0 : (before.perHour * Math.max(0, before.until - before.from)) / HOUR
}

/** What a run that is over leaves standing halfway: as its own moves have left it, else as it was before. */
export const halfwayAfter = (
  { doc, policy, now }: Pick<View, 'doc' | 'policy' | 'now'>,
  { run, plan }: { run: Run; plan: Plan | null },
): HalfwayCosts | undefined => {
  const costing = plan === null ? null : { run, plan }
  if (costing === null || movesFrom(costing) === null) {
    const { halfwayCosts: costs } = doc
    const left = (costs?.left ?? 0) - costBefore(doc, { run, plan, now })
    return costs === undefined ? undefined : { ...costs, since: now, left: Math.max(0, left) }
  }
  const perHour = rateOf(costing)
  if (perHour === 0) return undefined
  const left = Math.max(0, boundsIn(doc, costing.plan).dollars - costOf({ ...costing, now }))
  const until = Math.max(now, Math.round(now + (left / perHour) * HOUR) - graceOf(run, costing.plan))
  return { since: now, perHour, left, budget: run.hold?.budget ?? budgetOf(policy), until }
}

/** Until when what has begun nothing may wait: what stands halfway before it costs on meanwhile, and may not for longer. Null: for as long as any. */
const mayWaitUntil = ({ halfwayCosts: costs, run }: LaneDocument): number | null =>
  costs === undefined || run === null || run.ending !== null || hasBegun(run) ? null : costs.until

/** The end of what waits too long so, whatever it waits for (law 9). Null: it does not. */
export const waitsTooLong = ({ doc, now }: Pick<View, 'doc' | 'now'>): Act | null => {
  const until = mayWaitUntil(doc)
  if (until === null || now < until) return null
  const waited = doc.rest === null ? '' : ` (${doc.rest.text})`
  return {
    kind: 'close',
    outcome: {
      kind: 'expired',
      reason: null,
      detail: `it had not begun${waited} when what stands halfway before it had cost the ${usd(left(doc))} that were left for it at most: say retry for another attempt`,
    },
  }
}

/** No rest is longer than that. */
export const restsNoLonger = ({ doc }: Pick<View, 'doc'>, act: Act): Act => {
  const until = mayWaitUntil(doc)
  if (until === null || act.kind !== 'rest') return act
  return { ...act, rest: { ...act.rest, until: Math.min(act.rest.until ?? until, until) } }
}

const left = ({ halfwayCosts }: Pick<LaneDocument, 'halfwayCosts'>): number => halfwayCosts?.left ?? 0
