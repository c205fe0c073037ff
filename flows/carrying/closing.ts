import { type finished, sameRun } from '../../core/lane.ts'
import { costOf } from '../../core/money/cost.ts'
import type { RunKey } from '../../core/names.ts'
import type { Policy } from '../../core/policy.ts'
import type { Outcome } from '../../core/reasons.ts'
import type { LaneRow, RunRow } from '../../core/rows.ts'
import { said } from '../../core/text.ts'
import { monthOf } from '../observe.ts'
import type { Ports, Stored, Write } from '../ports.ts'
import { ringRun } from '../start.ts'
import { type Carrier, momentOf } from './carrier.ts'

type Closer = Omit<Carrier, 'context'>

/** Longest detail of an outcome: it stands in the rows of its run and its lane, on a card and on the bus. */
const DETAIL = 2000

/**
 * A run's outcome, its lane's release, its hold's return and the end of its open question, in one transaction (design.md §2, 7).
 * When the run lost its lane, only its own row and hold are closed. Repeating it changes nothing but the bells of who waits.
 * Answers the outcome on record.
 */
export const closing = async (
  carrier: Closer,
  { outcome: full, row: ended }: { outcome: Outcome; row: typeof finished },
): Promise<Outcome> => {
  const outcome: Outcome = { ...full, detail: said(full.detail, DETAIL) }
  for (;;) {
    const closed = await closeOnce(carrier, outcome, ended)
    if (closed === 'again') continue
    await ringWaiters(carrier.ports, carrier.id)
    return closed
  }
}

const closeOnce = async (carrier: Closer, outcome: Outcome, ended: typeof finished): Promise<Outcome | 'again'> => {
  const { ports, run, id } = carrier
  const lane = await ports.ledger.read('lane', run.lane)
  const own = await ports.ledger.read('run', id)
  if (lane === null || own === null || own.value.outcome !== null) return own?.value.outcome ?? outcome
  const plan = (await ports.ledger.read('plan', id))?.value ?? null
  const policy = await ports.policies.load()
  const now = ports.clock.now()
  const cost = plan === null ? 0 : costOf({ run: own.value, plan, policy, now })
  const value: RunRow = { ...own.value, outcome, endedAt: now, stage: 'done', bell: null, hold: null, cost }
  const released = await returnHold(ports, { id, run: own.value, cost, policy })
  const desired = plan?.desired ?? lane.value.desired
  const { ok } = await ports.ledger.commit([
    { put: 'run', id, revision: own.revision, value },
    ...(isItsOwn(lane.value, run) && desired !== null
      ? [
          {
            put: 'lane' as const,
            id: run.lane,
            revision: lane.revision,
            value: ended(lane.value, run, outcome, desired),
          },
        ]
      : []),
    ...released,
    ...(await closedQuestion(ports, own.value)),
    momentOf(carrier, 'outcome', `${outcome.kind}: ${outcome.detail}`, { reason: outcome.reason, cost }),
    { count: `outcome:${outcome.kind}`, by: 1 },
  ])
  return ok ? outcome : 'again'
}

/** The write that closes a question which a dead run left open: nobody is to approve what is over. */
const closedQuestion = async ({ ledger }: Pick<Ports, 'ledger'>, { answer }: RunRow): Promise<Write[]> => {
  const stored = answer === null ? null : await ledger.read('answer', answer)
  if (stored === null || stored.value.state !== 'open') return []
  return [{ put: 'answer', id: stored.id, revision: stored.revision, value: { ...stored.value, state: 'closed' } }]
}

/** Whether the lane is this run's to release: it holds it, or nobody does and it is the wanted one. */
const isItsOwn = (lane: LaneRow, run: RunKey): boolean =>
  sameRun(lane.holder, run) || (lane.holder === null && sameRun(lane, run))

/**
 * Rings who waits for room in the pools of a plan whose hold went back. They stay written down until they hold something or
 * end, so a repeat rings them again: the bell that was lost with a commit's answer, too.
 */
export const ringWaiters = async (
  { ledger, workflow }: Pick<Ports, 'ledger' | 'workflow'>,
  id: string,
): Promise<void> => {
  const plan = (await ledger.read('plan', id))?.value
  const waiters = new Set<string>()
  for (const pool of Object.keys(plan?.bounds.gpus ?? {}))
    for (const waiter of (await ledger.read('pool', pool))?.value.waiters ?? []) if (waiter !== id) waiters.add(waiter)
  for (const waiter of waiters) await ringRun({ ledger, workflow }, waiter)
}

/** The writes by which a run's hold goes back and money spent is booked. */
export const returnHold = async (
  { ledger, clock }: Pick<Ports, 'ledger' | 'clock'>,
  { id, run, cost, policy }: { id: string; run: RunRow; cost: number; policy: Policy },
): Promise<Write[]> => {
  const writes: Write[] = []
  const pools = new Set([...Object.keys(run.hold?.gpus ?? {}), ...Object.keys(policy.pools)])
  for (const pool of pools) {
    const stored = await ledger.read('pool', pool)
    if (stored === null) continue
    if (stored.value.holds[id] === undefined && !stored.value.waiters.includes(id)) continue
    const waiters = stored.value.waiters.filter((waiter) => waiter !== id)
    writes.push({
      put: 'pool',
      id: pool,
      revision: stored.revision,
      value: { ...stored.value, holds: without(stored.value.holds, id), waiters },
    })
  }
  const budget = await ledger.read('budget', policy.budget.name)
  if (budget !== null || cost > 0)
    writes.push(spend(budget, { id, cost, month: monthOf(clock.now()), name: policy.budget.name }))
  return writes
}

const spend = (
  budget: Stored<'budget'> | null,
  { id, cost, month, name }: { id: string; cost: number; month: string; name: string },
): Write => {
  const value = budget?.value ?? { name, holds: {}, spent: {} }
  const spent = { ...value.spent, [month]: (value.spent[month] ?? 0) + cost }
  return {
    put: 'budget',
    id: name,
    revision: budget?.revision ?? 0,
    value: { name, holds: without(value.holds, id), spent },
  }
}

const without = <T>(record: Record<string, T>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
