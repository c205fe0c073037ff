import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Desired } from '../../core/desired.ts'
import {
  currentRun,
  emptyLane,
  finished,
  type Intent,
  orders,
  retried,
  TAKEOVER_AFTER,
  takeLane,
  want,
} from '../../core/lane.ts'
import type { Outcome } from '../../core/reasons.ts'
import type { LaneRow } from '../../core/rows.ts'

const now = 1_800_000_000_000
const train = (version: string): Desired => ({
  kind: 'train',
  dataset: 'chats',
  version,
  bucket: 'b',
  key: 'k',
  objects: 1,
  bytes: 1,
  requester: null,
})
const serve = (version: string): Desired => ({
  kind: 'serve',
  model: 'm',
  version,
  source: `s3://m/${version}`,
  runId: null,
  digest: version,
  requester: null,
})
const intent = (desired: Desired, order: string | null = null): Intent => ({ desired, order, takeover: 'stop' })
const given = { now, retries: 2, paper: null }
const lane = 'train/chats'

const started = (row: LaneRow, wish: Intent): LaneRow => {
  const wanted = want(row, wish, given)
  if (wanted.kind !== 'start') throw new Error(`expected a start, got ${wanted.kind}`)
  return wanted.row
}
const ended = (row: LaneRow, outcome: Partial<Outcome>): LaneRow =>
  finished(row, currentRun(row), { kind: 'succeeded', reason: null, detail: '', ...outcome }, row.desired as Desired)

describe('what an intent comes to', () => {
  it('the first one makes generation 1, attempt 1', () => {
    expect(started(emptyLane(lane), intent(train('a')))).toMatchObject({
      generation: 1,
      attempt: 1,
      state: 'wanted',
      attemptsLeft: 2,
    })
  })

  it('the same again while it is not done starts the same run again, which changes nothing', () => {
    expect(want(started(emptyLane(lane), intent(train('a'))), intent(train('a')), given)).toEqual({
      kind: 'start-again',
    })
  })

  it('another desired state makes a new generation, also one that was wanted before (7 → 8 → 7)', () => {
    const seven = started(emptyLane('serve/m'), intent(serve('7')))
    const eight = started(seven, intent(serve('8')))
    expect(started(eight, intent(serve('7')))).toMatchObject({ generation: 3, attempt: 1 })
  })

  it('a run-once success is final', () => {
    const done = ended(started(emptyLane(lane), intent(train('a'))), {})
    expect(want(done, intent(train('a')), given)).toMatchObject({ kind: 'ignore', reason: 'already-done' })
  })

  it('a standing success is looked at on paper: nothing to do is ignored, a difference is another attempt', () => {
    const done = ended(started(emptyLane('serve/m'), intent(serve('7'))), {})
    expect(want(done, intent(serve('7')), { ...given, paper: { kind: 'nothing', reason: 'stands' } })).toMatchObject({
      reason: 'already-true',
    })
    expect(
      want(done, intent(serve('7')), { ...given, paper: { kind: 'refuse', reason: 'would-deadlock', detail: '' } }),
    ).toMatchObject({ kind: 'start' })
  })

  it.each(['rejected', 'expired', 'cancelled'] as const)('what was %s is held until its source changes', (kind) => {
    const held = ended(started(emptyLane(lane), intent(train('a'))), { kind })
    expect(want(held, intent(train('a')), given)).toMatchObject({ kind: 'ignore', reason: `held-${kind}` })
    expect(want(held, intent(train('b')), given)).toMatchObject({ kind: 'start', row: { generation: 2 } })
  })

  it('a failed gate is held; a lost node is tried again, but not for ever', () => {
    let row = ended(started(emptyLane(lane), intent(train('a'))), { kind: 'failed', reason: 'gate' })
    expect(want(row, intent(train('a')), given)).toMatchObject({ reason: 'held-failed' })
    row = ended(started(emptyLane(lane), intent(train('a'))), { kind: 'failed', reason: 'node-lost' })
    row = ended(started(row, intent(train('a'))), { kind: 'failed', reason: 'node-lost' })
    row = ended(started(row, intent(train('a'))), { kind: 'failed', reason: 'node-lost' })
    expect(row.attempt).toBe(3)
    expect(want(row, intent(train('a')), given)).toMatchObject({ reason: 'attempts-exhausted' })
  })

  it('what was refused is tried again once paper no longer refuses', () => {
    const row = ended(started(emptyLane(lane), intent(train('a'))), { kind: 'refused', reason: 'budget-exceeded' })
    expect(
      want(row, intent(train('a')), {
        ...given,
        paper: { kind: 'refuse', reason: 'budget-exceeded', detail: 'no money' },
      }),
    ).toMatchObject({ reason: 'held-refused', detail: 'no money' })
    expect(want(row, intent(train('a')), { ...given, paper: { kind: 'nothing', reason: '' } })).toMatchObject({
      kind: 'start',
      row: { attempt: 2 },
    })
  })

  it('an older order never moves the lane', () => {
    const row = started(emptyLane(lane), intent(train('a'), '2026-11-24'))
    expect(want(row, intent(train('b'), '2026-11-23'), given)).toMatchObject({ reason: 'older-than-current' })
    expect(want(row, intent(train('b'), '2026-11-25'), given)).toMatchObject({ kind: 'start' })
  })

  it('the same source written again within one step of its clock moves the lane: what it says now counts', () => {
    const row = started(emptyLane(lane), intent(train('a'), '2026-11-24'))
    expect(want(row, intent(train('b'), '2026-11-24'), given)).toMatchObject({ kind: 'start', row: { generation: 2 } })
    expect(want(row, intent(train('a'), '2026-11-24'), given)).not.toMatchObject({ row: { generation: 2 } })
  })

  it('a source that names nothing is a new generation once something was served, and nothing before', () => {
    const none: Desired = { kind: 'none', model: 'm' }
    expect(want(emptyLane('serve/m'), intent(none), given)).toMatchObject({ reason: 'source-names-nothing-new' })
    expect(want(ended(started(emptyLane('serve/m'), intent(serve('7'))), {}), intent(none), given)).toMatchObject({
      kind: 'start',
      row: { generation: 2 },
    })
  })

  it('a person may retry what is held or done, not what is in progress', () => {
    const row = started(emptyLane(lane), intent(train('a')))
    expect(retried(row, given)).toHaveProperty('why')
    expect(retried(ended(row, { kind: 'rejected' }), given)).toMatchObject({
      row: { generation: 1, attempt: 2, attemptsLeft: 2 },
    })
    expect(retried(emptyLane(lane), given)).toHaveProperty('why')
  })
})

describe('who has the lane', () => {
  const one = started(emptyLane(lane), intent(train('a')))
  const taken = takeLane(one, currentRun(one), now)

  it('only the wanted run takes a free lane', () => {
    expect(taken).toMatchObject({ kind: 'take', row: { holder: { generation: 1, attempt: 1 } } })
    expect(takeLane(one, { lane, generation: 2, attempt: 1 }, now)).toEqual({ kind: 'superseded' })
  })

  it('a successor waits for a holder, and passes over one that was asked to stop after ten minutes', () => {
    const held = (taken as { row: LaneRow }).row
    const two = started(held, intent(train('b')))
    expect(takeLane(two, currentRun(two), now + TAKEOVER_AFTER)).toMatchObject({
      kind: 'wait',
      holder: { generation: 1 },
    })
    expect(takeLane(two, currentRun(two), now + TAKEOVER_AFTER + 1)).toMatchObject({ kind: 'take' })
    const patient = { ...two, takeover: 'finish' as const }
    expect(takeLane(patient, currentRun(patient), now + 100 * TAKEOVER_AFTER)).toMatchObject({ kind: 'wait' })
  })

  it('a holder is told to go on, to stop, or that it lost', () => {
    const held = (taken as { row: LaneRow }).row
    const two = started(held, intent(train('b')))
    expect(orders(held, currentRun(held), true)).toBe('go')
    expect(orders(two, currentRun(held), true)).toBe('superseded')
    expect(orders({ ...two, takeover: 'finish' }, currentRun(held), true)).toBe('go')
    expect(orders({ ...two, takeover: 'finish' }, currentRun(held), false)).toBe('superseded')
    expect(orders({ ...held, holder: null }, currentRun(held), true)).toBe('lost')
    expect(
      orders({ ...held, cancelled: { by: 'ana', at: now, generation: 1, attempt: 1 } }, currentRun(held), true),
    ).toBe('cancelled')
  })

  it('an outcome releases its own holder only, and the baseline never goes back', () => {
    const eight = started(ended(started(emptyLane('serve/m'), intent(serve('7'))), {}), intent(serve('8')))
    expect(eight.baseline).toMatchObject({ generation: 1 })
    const late = finished(
      { ...eight, baseline: { generation: 2, desired: serve('8') } },
      { lane: 'serve/m', generation: 1, attempt: 1 },
      { kind: 'succeeded', reason: null, detail: '' },
      serve('7'),
    )
    expect(late).toMatchObject({ state: 'wanted', baseline: { generation: 2 } })
  })
})

describe('over any history', () => {
  const wish = fc.record({
    version: fc.constantFrom('a', 'b', 'c'),
    order: fc.integer({ min: 0, max: 9 }),
    outcome: fc.constantFrom('succeeded', 'failed', 'rejected', null),
  })

  it('generations only grow, attempts restart at 1, and the order never falls', () => {
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 40 }), (wishes) => {
        let row = emptyLane(lane)
        for (const { version, order, outcome } of wishes) {
          const wanted = want(row, intent(train(version), String(order)), given)
          if (wanted.kind === 'start') {
            if (wanted.row.generation > row.generation) expect(wanted.row.attempt).toBe(1)
            expect(wanted.row.generation).toBeGreaterThanOrEqual(row.generation)
            expect((wanted.row.order ?? '') >= (row.order ?? '')).toBe(true)
            row = wanted.row
          }
          if (outcome !== null && row.state === 'wanted')
            row = ended(row, { kind: outcome, reason: outcome === 'failed' ? 'node-lost' : null })
        }
      }),
    )
  })
})
