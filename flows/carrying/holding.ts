import { mayAnswer, stillApproved } from '../../core/answers.ts'
import type { Plan } from '../../core/plan.ts'
import type { AnswerRow, StepRow } from '../../core/rows.ts'
import { askedGroups } from '../approvers.ts'
import { type Observed, seeCluster } from '../observe.ts'
import type { Ledger, Write } from '../ports.ts'
import { type Carrier, momentOf, type Wait } from './carrier.ts'
import { returnHold, ringWaiters } from './closing.ts'
import { frozenFor } from './frozen.ts'
import { look, type Round, type Situation, type Stop, whyStop, within } from './planning.ts'

/** What trying to hold comes to. `changed`: the world or the policy is no longer what was approved. */
export type Held =
  | { kind: 'held'; steps: string[] }
  | { kind: 'changed'; detail: string }
  | { kind: 'expired'; detail: string }
  | Extract<Round, { kind: 'nothing' | 'refuse' }>
  | Stop

/**
 * Observes and plans again, checks it against what was approved, and sets GPUs and dollars aside in one transaction that
 * names the revisions read (law 8). Waits while it does not fit, until the plan expires.
 */
export const tryHold = async (carrier: Carrier, question: string | null): Promise<Held | Wait> => {
  for (;;) {
    const seen = await seeCluster(carrier.ports)
    const held = await inTurn(carrier.ports.ledger, async () => {
      const asked = question === null ? null : ((await carrier.ports.ledger.read('answer', question))?.value ?? null)
      return holdOnce(carrier, await look(carrier, asked?.bounds, seen), asked)
    })
    if (held !== 'again') return held
  }
}

const turns = new WeakMap<Ledger, Promise<unknown>>()

/** Those of one process who want room take turns: the rows are the same for all, so side by side all but one would lose. */
const inTurn = <T>(ledger: Ledger, work: () => Promise<T>): Promise<T> => {
  const turn = (turns.get(ledger) ?? Promise.resolve()).then(work, work)
  turns.set(ledger, turn)
  return turn
}

const holdOnce = async (
  carrier: Carrier,
  situation: Situation,
  asked: AnswerRow | null,
): Promise<Held | Wait | 'again'> => {
  const { rows, policy, observed, planned } = situation
  const stop = whyStop(carrier, rows.lane.value, policy)
  if (stop !== null) return stop
  if (rows.run.value.hold !== null) return { kind: 'held', steps: namesOf(rows.run.value.steps) }
  if (planned.kind === 'nothing') return { kind: 'nothing', detail: planned.reason }
  if (planned.kind === 'refuse') return planned
  const frozen = await frozenFor(carrier)
  if (frozen !== null) return frozen
  const until = asked?.until ?? (await carrier.ports.ledger.read('plan', carrier.id))?.value.bounds.until ?? 0
  const left = until - carrier.ports.clock.now()
  if (left < 0) return { kind: 'expired', detail: 'there was no room for it before it expired' }
  const changed = whyChanged(planned.plan, asked)
  if (changed !== null) return { kind: 'changed', detail: changed }
  const full = whyFull(planned.plan, observed, policy.budget.dollars)
  if (full !== null) return (await waitForRoom(carrier, situation, full)) ? { wait: left / 1000 + 1 } : 'again'
  const allowed = asked === null ? 'yes' : await stillAllowed(carrier, planned.plan, { asked, policy })
  if (allowed === 'unknown') return { wait: ASK_AGAIN }
  if (allowed === 'no') return { kind: 'changed', detail: 'its answers no longer satisfy the policy in force' }
  const plan = { ...planned.plan, bounds: { ...planned.plan.bounds, until } }
  return (await hold(carrier, situation, plan)) ? { kind: 'held', steps: namesOf(plan.steps) } : 'again'
}

const namesOf = (steps: { name: string }[]): string[] => steps.map(({ name }) => name)

/** Longest slice while the chat does not say who is in a group: ten days of it stay below 3,000 operations (law 5). Seconds. */
const ASK_AGAIN = 15 * 60

/** Whether who approved still may, asked anew; `unknown` while nobody can say who is in an approvers' group. */
const stillAllowed = async (
  { ports }: Carrier,
  plan: Plan,
  { asked, policy }: { asked: AnswerRow; policy: Situation['policy'] },
): Promise<'yes' | 'no' | 'unknown'> => {
  if (!plan.approval.required) return 'yes'
  const approvals = { policy: policy.approvals, groups: await askedGroups(ports, policy) }
  if (stillApproved(asked, plan.approval.need, approvals)) return 'yes'
  const unknown = asked.votes.some(({ by }) => mayAnswer(by, approvals.policy, approvals.groups) === 'unreadable')
  return unknown ? 'unknown' : 'no'
}

/** Why an approval does not cover the plan as it is now, or null. */
const whyChanged = (plan: Plan, asked: AnswerRow | null): string | null => {
  if (asked === null) return plan.approval.required ? 'it now needs an approval' : null
  if (asked.digest !== plan.digest) return 'its effects are no longer those that were approved'
  return within(plan, asked.bounds) ? null : 'it no longer stays inside the bounds that were approved'
}

/** Why it does not fit now, or null. A lane's own GPUs are part of its plan's peak, so only others count against it. */
const whyFull = (plan: Plan, { world }: Observed, budget: number): string | null => {
  for (const [pool, gpus] of Object.entries(plan.bounds.gpus)) {
    const view = world.pools[pool]
    if (view === undefined) return `there is no pool ${pool}`
    if (view.ceiling !== null && gpus + view.heldByOthers > view.ceiling)
      return `${pool} has ${Math.max(0, view.ceiling - view.heldByOthers)} of ${view.ceiling} GPUs free for it, and it needs ${gpus}`
  }
  const { spent, held } = world.dollars
  if (plan.bounds.dollars > 0 && spent + held + plan.bounds.dollars > budget)
    return `$${spent.toFixed(2)} spent and $${held.toFixed(2)} held leave no $${plan.bounds.dollars.toFixed(2)} of $${budget}`
  return null
}

const waitForRoom = async (
  carrier: Carrier,
  { rows, observed, planned }: Situation,
  full: string,
): Promise<boolean> => {
  if (planned.kind !== 'plan') return false
  const { ports, id } = carrier
  const writes: Write[] = Object.keys(planned.plan.bounds.gpus).flatMap((pool) => {
    const row = observed.pools.get(pool) ?? null
    const value = row?.value ?? { pool, holds: {}, waiters: [] }
    return value.waiters.includes(id)
      ? []
      : [
          {
            put: 'pool' as const,
            id: pool,
            revision: row?.revision ?? 0,
            value: { ...value, waiters: [...value.waiters, id] },
          },
        ]
  })
  const known = rows.run.value.stage === 'waiting-for-room' && writes.length === 0
  if (known) return true
  const { ok } = await ports.ledger.commit([
    { put: 'run', id, revision: rows.run.revision, value: { ...rows.run.value, stage: 'waiting-for-room' } },
    ...writes,
    momentOf(carrier, 'hold', `waits for room: ${full}`),
  ])
  return ok
}

const hold = async (carrier: Carrier, { rows, observed, policy }: Situation, plan: Plan): Promise<boolean> => {
  const { ports, id, run } = carrier
  const stored = await ports.ledger.read('plan', id)
  const pools: Write[] = Object.entries(plan.bounds.gpus).map(([pool, gpus]) => {
    const row = observed.pools.get(pool) ?? null
    const { holds, waiters } = row?.value ?? { holds: {}, waiters: [] }
    const value = {
      pool,
      holds: { ...holds, [id]: { lane: run.lane, gpus } },
      waiters: waiters.filter((waiter) => waiter !== id),
    }
    return { put: 'pool', id: pool, revision: row?.revision ?? 0, value }
  })
  const budget = observed.budget?.value ?? { name: policy.budget.name, holds: {}, spent: {} }
  const dollars = plan.bounds.dollars
  const { ok } = await ports.ledger.commit([
    { check: 'lane', id: run.lane, revision: rows.lane.revision },
    { put: 'plan', id, revision: stored?.revision ?? 0, value: plan },
    {
      put: 'run',
      id,
      revision: rows.run.revision,
      value: {
        ...rows.run.value,
        stage: 'carrying-out',
        hold: { gpus: plan.bounds.gpus, dollars },
        steps: plan.steps.map(pending),
      },
    },
    ...pools,
    {
      put: 'budget',
      id: policy.budget.name,
      revision: observed.budget?.revision ?? 0,
      value: { ...budget, holds: { ...budget.holds, [id]: { lane: run.lane, dollars } } },
    },
    momentOf(
      carrier,
      'hold',
      `holds ${
        Object.entries(plan.bounds.gpus)
          .map(([pool, gpus]) => `${gpus} GPUs of ${pool}`)
          .join(', ') || 'no GPUs'
      } and $${dollars.toFixed(2)}`,
    ),
  ])
  return ok
}

/** Gives the hold back before anything was begun; it is planned anew afterwards (law 16). */
export const giveBack = async (carrier: Carrier): Promise<null> => {
  const { ports, id } = carrier
  for (;;) {
    const own = await ports.ledger.read('run', id)
    if (own === null || own.value.hold === null) break
    const policy = await ports.policies.load()
    const writes = await returnHold(ports, { id, run: own.value, cost: 0, policy })
    const { ok } = await ports.ledger.commit([
      { put: 'run', id, revision: own.revision, value: { ...own.value, hold: null, steps: [], stage: 'resting' } },
      ...writes,
      momentOf(carrier, 'hold', 'gave its hold back: frozen before its first effect'),
    ])
    if (ok) break
  }
  await ringWaiters(ports, id)
  return null
}

/** A step that has not begun. */
export const pending = ({ name, kind, title }: Plan['steps'][number]): StepRow => ({
  name,
  kind,
  title,
  state: 'pending',
  startedAt: null,
  endedAt: null,
  note: '',
  object: null,
  result: null,
})
