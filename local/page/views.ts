import { desiredTitle } from '../../core/desired.ts'
import type { Plan } from '../../core/plan.ts'
import type { Policy } from '../../core/policy.ts'
import type { AnswerRow, LaneRow, RunRow } from '../../core/rows.ts'
import type { World } from '../../core/world.ts'

/** One signal along a lane's track: told by shape and words, not by colour alone. */
export interface Signal {
  title: string
  state: 'done' | 'running' | 'waiting' | 'pending' | 'failed' | 'skipped'
  note: string
}

/** A lane as a track. */
export interface Track {
  lane: string
  wants: string
  /** One glance: what moves, what waits, and for whom. */
  headline: string
  state: string
  plan: string | null
  signals: Signal[]
}

/** What the page knows of one lane's wanted run. */
export interface LaneFacts {
  row: LaneRow
  run: RunRow | null
  plan: Plan | null
  answer: AnswerRow | null
  frozenUntil: number | null
}

/** The words for each state of a signal, for those who do not see its shape. */
export const STATE_WORDS: Record<Signal['state'], string> = {
  done: 'done',
  running: 'moving',
  waiting: 'waiting',
  pending: 'not yet',
  failed: 'failed',
  skipped: 'left out',
}

export const trackOf = (facts: LaneFacts, policy: Policy): Track => {
  const { row, run } = facts
  const waitsFor = whoIsAwaited(facts, policy)
  return {
    lane: row.lane,
    wants: row.desired === null ? 'wants nothing yet' : desiredTitle(row.desired),
    headline: waitsFor ?? headlineOf(facts),
    state: row.waiting !== null && row.state !== 'wanted' ? 'waiting' : row.state,
    plan: run?.id ?? null,
    signals: signalsOf(facts, waitsFor),
  }
}

/** Whom or what the lane waits for, or null when it does not. */
const whoIsAwaited = ({ row, run, answer, frozenUntil }: LaneFacts, policy: Policy): string | null => {
  if (row.state !== 'wanted') return row.waiting === null ? null : `waits: ${row.waiting.detail}`
  if (frozenUntil !== null)
    return `frozen until ${new Date(frozenUntil).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  if (run === null || run.stage === 'waiting-for-lane') return 'waits for the lane’s earlier plan'
  if (run.stage === 'asked' && answer?.state === 'open') {
    const voted = new Set(answer.votes.map(({ by }) => by))
    const may = policy.approvals.approvers.filter(
      ({ id }) => !voted.has(id) && (id !== answer.requester || policy.approvals.requesterMayApprove),
    )
    return `waits for ${may.map(({ name }) => name).join(' or ') || 'an approver'}`
  }
  return run.stage === 'waiting-for-room' ? 'waits for free GPUs or dollars' : null
}

const headlineOf = ({ row, run }: LaneFacts): string => {
  if (row.outcome !== null) return `${row.outcome.kind}: ${row.outcome.detail}`
  const step = run?.steps.find(({ state }) => state === 'running')
  if (run?.stage === 'walking-back') return `walks back: ${step?.title ?? 'to its baseline'}`
  return step === undefined ? 'under way' : `${step.title}: ${step.note}`
}

const signal = (title: string, state: Signal['state'], note = ''): Signal => ({ title, state, note })

const signalsOf = (facts: LaneFacts, waitsFor: string | null): Signal[] => {
  const { row, plan, answer } = facts
  if (row.generation === 0) return []
  const planned = plan === null ? (row.outcome === null ? 'waiting' : 'skipped') : 'done'
  return [
    signal('decided', 'done', row.desired === null ? '' : desiredTitle(row.desired)),
    signal('planned', planned, plan?.strategy?.name ?? ''),
    ...(answer === null ? [] : [signal('asked', askedState(answer), waitsFor ?? answer.state)]),
    signal('held', heldState(facts), heldNote(facts.run)),
    ...stepSignals(facts),
    outcomeSignal(row),
  ]
}

const heldState = ({ row, run }: LaneFacts): Signal['state'] => {
  if (run !== null && (run.steps.length > 0 || run.outcome?.kind === 'succeeded')) return 'done'
  if (run?.stage === 'waiting-for-room') return 'waiting'
  return row.outcome === null ? 'pending' : 'skipped'
}

const heldNote = (run: RunRow | null): string =>
  Object.entries(run?.hold?.gpus ?? {})
    .map(([pool, gpus]) => `${gpus} GPUs of ${pool}`)
    .join(', ')

/** Steps as they go; before they are held, the plan's. */
const stepSignals = ({ run, plan }: LaneFacts): Signal[] =>
  run?.steps.length
    ? run.steps.map(({ title, state, note }) => signal(title, state, note))
    : (plan?.steps ?? []).map(({ title }) => signal(title, 'pending'))

const outcomeSignal = ({ outcome }: LaneRow): Signal => {
  if (outcome === null) return signal('outcome', 'pending')
  return signal(outcome.kind, outcome.kind === 'succeeded' ? 'done' : 'failed', outcome.detail)
}

const askedState = ({ state }: AnswerRow): Signal['state'] =>
  state === 'open' ? 'waiting' : state === 'approved' ? 'done' : 'failed'

/** A pool as one bar, in GPUs. */
export interface PoolBar {
  pool: string
  ceiling: number
  used: number
  /** Held by plans and not yet used. */
  held: number
  free: number
  provisioned: number
  provisioning: number
}

/** Holds count where they exceed what their lane uses already. */
export const poolBars = (world: World): PoolBar[] =>
  Object.values(world.pools).map(({ pool, ceiling, used, heldByOthers, provisioned, provisioning }) => {
    const top = Math.max(ceiling ?? 0, used, provisioned)
    const held = Math.max(0, heldByOthers - used)
    return { pool, ceiling: top, used, held, free: Math.max(0, top - used - held), provisioned, provisioning }
  })
