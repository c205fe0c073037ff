import { type Desired, desiredKey } from './desired.ts'
import type { RunKey } from './names.ts'
import type { Planned } from './plan.ts'
import { type Ignored, type Outcome, type OutcomeKind, TRANSIENT_FAILURES } from './reasons.ts'
import type { Holder, LaneRow } from './rows.ts'

/** After this long a holder that was asked to stop and did not is passed over. Milliseconds. */
export const TAKEOVER_AFTER = 10 * 60_000

/** What should become true of a lane. */
export interface Intent {
  desired: Desired
  /**
   * A lesser one never moves the lane; an equal one is the same source written again within its clock's step, and what
   * it says now counts. Null when the source orders nothing.
   */
  order: string | null
  /** What an earlier holder is asked to do. */
  takeover: LaneRow['takeover']
}

/** What an intent comes to on this row. `start` is committed, then started; `start-again` is only started. */
export type Wanted =
  | { kind: 'start'; row: LaneRow; why: string }
  | { kind: 'start-again' }
  | { kind: 'ignore'; reason: Ignored; detail: string }

export const emptyLane = (lane: string): LaneRow => ({
  lane,
  generation: 0,
  attempt: 0,
  desired: null,
  order: null,
  state: 'idle',
  outcome: null,
  attemptsLeft: 0,
  holder: null,
  takeover: 'stop',
  cancelled: null,
  baseline: null,
  waiting: null,
  since: 0,
})

/** The run that the row wants now. */
export const currentRun = ({ lane, generation, attempt }: LaneRow): RunKey => ({ lane, generation, attempt })

/** Whether two name the same attempt. */
export const sameRun = (
  a: { generation: number; attempt: number } | null,
  b: { generation: number; attempt: number },
): boolean => a !== null && a.generation === b.generation && a.attempt === b.attempt

/** Whether the same desired state must be looked at on paper before `want` can answer. */
export const needsPaper = (row: LaneRow, intent: Intent): boolean =>
  isSame(row, intent) && (row.state === 'refused' || (row.state === 'succeeded' && intent.desired.kind !== 'train'))

/** Whether wanting what the row wants once more would begin nothing, whatever the world looks like. */
export const isSettled = (row: LaneRow): boolean =>
  row.state === 'failed' ? wantFailed(row, 0).kind === 'ignore' : SETTLED.has(row.state)

const SETTLED: ReadonlySet<LaneRow['state']> = new Set(['wanted', 'succeeded', 'rejected', 'expired', 'cancelled'])

/**
 * The table of design.md §2. `paper` is what planning on paper says, needed where `needsPaper`; `retries` is how many
 * attempts a generation may get without a person.
 */
export const want = (
  row: LaneRow,
  intent: Intent,
  { now, retries, paper }: { now: number; retries: number; paper: Planned | null },
): Wanted => {
  if (!isSame(row, intent)) return wantNew(row, intent, { now, retries })
  switch (row.state) {
    case 'idle':
    case 'superseded':
    case 'wanted':
      return { kind: 'start-again' }
    case 'succeeded':
      return wantSucceeded(row, now, paper)
    case 'failed':
      return wantFailed(row, now)
    case 'refused':
      if (paper?.kind === 'refuse') return { kind: 'ignore', reason: 'held-refused', detail: paper.detail }
      return { kind: 'start', row: nextAttempt(row, now), why: 'it would no longer be refused' }
    case 'rejected':
    case 'expired':
    case 'cancelled':
      return {
        kind: 'ignore',
        reason: `held-${row.state}`,
        detail: `generation ${row.generation} was ${row.state}; it stays so until its source changes or a person says retry`,
      }
  }
}

/** Another attempt because a person says so; null with the reason when there is nothing to retry. */
export const retried = (
  row: LaneRow,
  { now, retries }: { now: number; retries: number },
): { row: LaneRow } | { why: string } => {
  if (row.desired === null) return { why: `${row.lane} never wanted anything` }
  if (row.state === 'wanted') return { why: `${row.lane} is being carried out: cancel it first` }
  return { row: { ...nextAttempt(row, now), attemptsLeft: retries } }
}

/** The holder that this run may become, or why not yet. */
export const takeLane = (
  row: LaneRow,
  run: RunKey,
  now: number,
): { kind: 'mine' } | { kind: 'take'; row: LaneRow } | { kind: 'superseded' } | { kind: 'wait'; holder: Holder } => {
  if (sameRun(row.holder, run)) return { kind: 'mine' }
  if (!sameRun(row, run)) return { kind: 'superseded' }
  if (row.holder !== null && !(row.takeover === 'stop' && now - row.since > TAKEOVER_AFTER))
    return { kind: 'wait', holder: row.holder }
  return { kind: 'take', row: { ...row, holder: { generation: run.generation, attempt: run.attempt, since: now } } }
}

/**
 * What the holder must do before its next step. A run that has not `begun` its effects has nothing to finish: something
 * newer supersedes it also where an earlier run may finish.
 */
export const orders = (row: LaneRow, run: RunKey, begun: boolean): 'go' | 'lost' | 'superseded' | 'cancelled' => {
  if (!sameRun(row.holder, run)) return 'lost'
  if (!sameRun(row, run)) return begun && row.takeover === 'finish' ? 'go' : 'superseded'
  return row.cancelled !== null && sameRun(row.cancelled, run) ? 'cancelled' : 'go'
}

/** The row after this run's outcome: the holder is released; the outcome counts only when the run is still the wanted one. */
export const finished = (row: LaneRow, run: RunKey, outcome: Outcome, desired: Desired): LaneRow => {
  const released = { ...row, holder: sameRun(row.holder, run) ? null : row.holder }
  const stands = outcome.kind === 'succeeded' && desired.kind === 'serve'
  const baseline =
    stands && (row.baseline?.generation ?? 0) <= run.generation ? { generation: run.generation, desired } : row.baseline
  if (!sameRun(row, run)) return { ...released, baseline }
  return { ...released, baseline, state: outcome.kind satisfies OutcomeKind, outcome }
}

const isSame = (row: LaneRow, { desired }: Intent): boolean =>
  row.desired !== null && desiredKey(row.desired) === desiredKey(desired)

const wantNew = (row: LaneRow, intent: Intent, { now, retries }: { now: number; retries: number }): Wanted => {
  if (intent.desired.kind === 'none' && row.generation === 0)
    return { kind: 'ignore', reason: 'source-names-nothing-new', detail: 'nothing was ever served from this source' }
  if (row.order !== null && intent.order !== null && intent.order < row.order)
    return {
      kind: 'ignore',
      reason: 'older-than-current',
      detail: `its order ${intent.order} is before ${row.order}, which moved the lane`,
    }
  return {
    kind: 'start',
    why: row.generation === 0 ? 'the first desired state of this lane' : 'the desired state changed',
    row: {
      ...row,
      generation: row.generation + 1,
      attempt: 1,
      desired: intent.desired,
      order: intent.order ?? row.order,
      state: 'wanted',
      outcome: null,
      attemptsLeft: retries,
      takeover: intent.takeover,
      cancelled: null,
      waiting: null,
      since: now,
    },
  }
}

const wantSucceeded = (row: LaneRow, now: number, paper: Planned | null): Wanted => {
  if (row.desired?.kind === 'train')
    return {
      kind: 'ignore',
      reason: 'already-done',
      detail: `generation ${row.generation} succeeded; a finished run is final until a person says retry`,
    }
  if (paper === null || paper.kind === 'nothing')
    return { kind: 'ignore', reason: 'already-true', detail: paper?.reason ?? 'the world agrees' }
  if (row.attemptsLeft === 0) return exhausted(row)
  return { kind: 'start', row: nextAttempt(row, now), why: 'the world no longer agrees with what the lane wants' }
}

const wantFailed = (row: LaneRow, now: number): Wanted => {
  const reason = row.outcome?.reason ?? null
  if (reason === null || !(TRANSIENT_FAILURES as ReadonlySet<string>).has(reason))
    return {
      kind: 'ignore',
      reason: 'held-failed',
      detail: `generation ${row.generation} failed (${reason ?? 'unknown'}); it stays so until its source changes or a person says retry`,
    }
  if (row.attemptsLeft === 0) return exhausted(row)
  return {
    kind: 'start',
    row: nextAttempt(row, now),
    why: `attempt ${row.attempt} failed (${reason}), which another attempt may cure`,
  }
}

const exhausted = (row: LaneRow): Wanted => ({
  kind: 'ignore',
  reason: 'attempts-exhausted',
  detail: `generation ${row.generation} has had ${row.attempt} attempts; say retry for another`,
})

const nextAttempt = (row: LaneRow, now: number): LaneRow => ({
  ...row,
  attempt: row.attempt + 1,
  attemptsLeft: Math.max(0, row.attemptsLeft - 1),
  state: 'wanted',
  outcome: null,
  takeover: 'stop',
  cancelled: null,
  since: now,
})
