import { describe, expect, it } from 'vitest'
import { close, identityOf } from '../../../core/lane/closing.ts'
import type { LaneDocument, Mark, Run } from '../../../core/lane/document.ts'
import type { Outcome } from '../../../core/reasons.ts'
import { planOf } from '../planning/serve-fixture.ts'
import { desired, emptyWorld, standing } from '../training-fixture.ts'
import {
  approvedBy,
  asking,
  docOf,
  HOUR,
  markOf,
  NOW,
  planRow,
  policy,
  questionOf,
  running,
  runOf,
  SERVICE,
  served,
  viewOf,
  wanted,
} from './fixture.ts'

const SUCCEEDED: Outcome = { kind: 'succeeded', reason: null, detail: 'carried out' }
const FAILED: Outcome = { kind: 'failed', reason: 'node-lost', detail: 'the node is gone' }
const hold = { gpus: { 'gpu-train': 8 }, budget: 'ml-monthly', dollars: 223.83 }
const trained = markOf({ state: 'done', by: 'me', ranFrom: NOW - HOUR, endedAt: NOW })
const under = (run: Partial<Run> = {}): Run => runOf({ phase: 'steps', hold, steps: [trained], ...run })
const closed = (outcome: Outcome, run: Run = under(), doc: Partial<LaneDocument> = {}) =>
  close(viewOf({ doc: wanted({ ...doc, run }), plan: planRow }), run, outcome)

describe('a run that ends', () => {
  it('is written to the past with its plan, its outcome and what it cost, without hold and without open question', () => {
    const change = closed(FAILED, under({ question: questionOf() }))
    expect(change.doc.run).toBeNull()
    expect(change.plan).toBeNull()
    expect(change.past).toMatchObject([
      {
        id: `${wanted().name}-g1a1`,
        lane: wanted().lane,
        run: { hold: null, question: { state: 'closed' } },
        outcome: FAILED,
        endedAt: NOW,
        cost: 55.04,
      },
    ])
    expect(change.past[0]?.plan).toBe(planRow.plan)
    expect(change.past[0]).not.toHaveProperty('months')
    expect(change.counts).toEqual(['outcome:failed'])
    expect(change.moments.map(({ kind }) => kind)).toEqual(['outcome', 'answer'])
  })

  it('leaves where its last Job had its pod, and until when, unless the node went with it', () => {
    const left = (outcome: Outcome, steps: Mark[]) =>
      closed(outcome, under({ steps }), { approved: approvedBy({ begun: true }) }).doc.approved?.ran
    const ran = markOf({
      state: 'failed',
      by: 'me',
      startedAt: NOW - HOUR,
      ran: HOUR,
      ranTo: NOW - 60_000,
      endedAt: NOW,
    })
    const pulling = markOf({ ...ran, name: 'evaluate', ran: 0, ranTo: null })
    const failed = { ...FAILED, reason: 'exit-code' as const }
    expect(left(failed, [ran])).toEqual({ pool: 'gpu-train', at: NOW - 60_000 })
    expect(left(failed, [ran, pulling])).toEqual({ pool: 'gpu-train', at: NOW })
    expect(left(FAILED, [ran])).toBeUndefined()
  })

  it('over a month’s end says how much of it was spent in each month', () => {
    const now = Date.UTC(2026, 11, 1, 6)
    const steps = [markOf({ state: 'done', by: 'me', ranFrom: now - 8 * HOUR, endedAt: now })]
    const run = under({ steps })
    const [past] = close(viewOf({ doc: wanted({ run }), plan: planRow, now }), run, SUCCEEDED).past
    expect(past).toMatchObject({ cost: 440.32, months: { '2026-11': 110.08, '2026-12': 330.24 } })
  })

  it('leaves what was cancelled behind it to the lane once it has succeeded or its source says that, and itself where it has not', () => {
    const outcome = { kind: 'cancelled', generation: 2 } as NonNullable<LaneDocument['outcome']>
    const { kept, approved, attemptsLeft } = wanted()
    const shared = { kept, approved, attemptsLeft, attempt: 1, since: NOW, order: 'p' }
    const aside = { ...shared, desired: { ...desired, version: 'cd'.repeat(32) }, generation: 2, outcome }
    const ends = (how: Outcome) => closed(how, under(), { aside, order: 'o' }).doc
    expect(ends(SUCCEEDED)).toMatchObject({ generation: 2, desired: aside.desired, order: 'p', outcome })
    expect(ends(SUCCEEDED)).not.toHaveProperty('aside')
    expect(ends(FAILED)).toMatchObject({ generation: 1, order: 'o', outcome: FAILED, aside })
    expect(ends({ kind: 'superseded', reason: null, detail: '' })).toMatchObject({ generation: 2, outcome })
  })

  it('is of the template that its plan was about', () => {
    const of = (plan: object) => {
      const run = under()
      const row = { ...planRow, plan: { ...planRow.plan, ...plan } }
      return close(viewOf({ doc: wanted({ run }), plan: row }), run, FAILED).doc.outcome
    }
    expect(of({ template: 't' })?.template).toBe('t')
    expect(of({})).not.toHaveProperty('template')
  })

  it('keeps an answered question as it was answered', () => {
    for (const state of ['approved', 'rejected', 'expired'] as const)
      expect(closed(FAILED, under({ question: questionOf({ state }) })).past[0]?.run.question?.state).toBe(state)
  })

  it('tells the bus, draws the card, and lets Kubernetes remove what it made', () => {
    const made = {
      ref: { kind: 'Job' as const, namespace: 'training', name: 'j' },
      uid: 'u',
      result: { bucket: 'b', key: 'k' },
    }
    const kept = markOf({ name: 'kept', state: 'done', made })
    expect(closed(FAILED, under({ steps: [running({ made }), kept] })).tellings).toEqual([
      expect.objectContaining({ kind: 'finished', outcome: FAILED, plan: `${wanted().name}-g1a1` }),
      { kind: 'card', generation: 1, attempt: 1 },
      { kind: 'expire', ref: made.ref, uid: 'u' },
    ])
    expect(close(viewOf({ doc: wanted({ run: under() }) }), under(), FAILED).tellings.map(({ kind }) => kind)).toEqual([
      'finished',
    ])
  })

  it('says why in words that are clean and short', () => {
    const detail = `\u001b[31m${'x\n'.repeat(9000)}`
    const change = closed({ ...FAILED, detail })
    expect(change.doc.outcome?.detail.length).toBeLessThanOrEqual(2000)
    expect(change.doc.outcome?.detail).toMatch(/^x x /)
  })
})

describe('what the lane is afterwards', () => {
  it('is what the run came to, with its stages for a retry, where that is what the lane wants', () => {
    expect(closed(FAILED).doc.outcome).toEqual({
      ...FAILED,
      paid: true,
      generation: 1,
      attempt: 1,
      at: NOW,
      against: null,
      stages: ['train', 'evaluate'],
    })
    const refused = close(
      viewOf({ doc: wanted({ run: runOf() }) }),
      runOf(),
      { kind: 'refused', reason: 'missing-price', detail: '' },
      'digest',
    )
    expect(refused.doc.outcome?.against).toBe('digest')
  })

  it('still wants what is newer, which that run was not', () => {
    const newer = { generation: 2, desired: { ...desired, version: 'cd'.repeat(32) } as never }
    const { doc } = closed({ kind: 'superseded', reason: null, detail: '' }, under(), newer)
    expect(doc).toMatchObject({ generation: 2, run: null, outcome: null })
  })

  it('knows nothing more of what was wanted before, whose run that was', () => {
    const { run: _, baseline: __, ...rest } = wanted({ run: under() })
    const newer = { generation: 2, desired: { ...desired, version: 'cd'.repeat(32) } as never, before: rest }
    for (const outcome of [SUCCEEDED, FAILED]) expect(closed(outcome, under(), newer).doc).not.toHaveProperty('before')
  })

  it('has its attempts refilled, and its approval used up, by a success alone', () => {
    const approved = { question: questionOf({ state: 'approved' }), spent: 10, begun: true }
    expect(closed(SUCCEEDED, under(), { attemptsLeft: 0, approved }).doc).toMatchObject({
      attemptsLeft: policy.retries,
      approved: null,
    })
    expect(closed(FAILED, under(), { attemptsLeft: 0, approved }).doc).toMatchObject({
      attemptsLeft: 0,
      approved: { spent: expect.closeTo(10 + 55.04 + 29.35, 5), begun: true },
    })
  })

  it('is held back by nothing any more', () => {
    expect(closed(SUCCEEDED, under(), { held: { reason: 'held-failed', detail: '', at: 0 } }).doc.held).toBeNull()
  })
})

describe('a rollout that is stopped in the middle of its way', () => {
  const run = runOf({
    generation: 2,
    desired: served('8'),
    phase: 'back',
    steps: [trained, markOf({ name: 'back-1', way: 'back' })],
  })
  const doc = docOf({ lane: SERVICE, desired: served('9'), generation: 3, attempt: 1, run })

  it('leaves the lane halfway, with its plan for the way back, however it ends', () => {
    for (const outcome of [FAILED, { kind: 'superseded', reason: null, detail: '' } as const]) {
      const change = close(viewOf({ doc, plan: planRow }), run, outcome)
      expect(change.doc).toMatchObject({ halfway: true, brought: [2] })
      expect(change.plan).toBeUndefined()
    }
  })

  it('remembers what has passed its gate until the lane is at rest again', () => {
    const rollout = { plan: planOf(), back: [] }
    const judged = runOf({
      generation: 2,
      desired: served('8'),
      phase: 'steps',
      steps: [
        running({ name: 'move-1', kind: 'roll-out-model', state: 'done' }),
        running({ name: 'judge', kind: 'check-gate', state: 'done' }),
        running({ name: 'move-2', kind: 'roll-out-model' }),
      ],
    })
    const superseded: Outcome = { kind: 'superseded', reason: null, detail: '' }
    const own = { generation: 2, stands: 2, desired: served('8'), replicas: 1 }
    const after = close(viewOf({ doc: { ...doc, run: judged }, plan: rollout }), judged, superseded).doc
    expect(after.judged).toEqual([own])
    // Something newer that returns to it, or takes its place, has it as its baseline, or its own.
    const returned = runOf({ generation: 3, desired: { kind: 'none', model: 'support-llama' } as never })
    const world = emptyWorld({ generations: [standing(2, 1)], traffic: 2 })
    const ended = close(viewOf({ doc: { ...after, run: returned }, plan: null, world }), returned, SUCCEEDED).doc
    expect([ended.judged, ended.baseline]).toEqual([undefined, { ...own, replicas: 1 }])
  })

  it('and so does something newer that comes while the way back touches nothing yet', () => {
    const waits = running({ name: 'back-1', kind: 'roll-out-model', way: 'back', touched: true, waits: true })
    const halfwayAfter = (mark: Mark) => {
      const back: Run = { ...run, steps: [trained, mark] }
      return close(viewOf({ doc: { ...doc, run: back }, plan: planRow }), back, FAILED).doc.halfway
    }
    expect(halfwayAfter(waits)).toBe(true)
    expect(halfwayAfter({ ...waits, state: 'failed' })).toBeUndefined()
  })

  it('goes back before what was to take its place ends without having begun', () => {
    const newer = runOf({ generation: 3, desired: served('9'), digest: '' })
    const view = viewOf({ doc: { ...doc, run: newer, halfway: true }, plan: planRow })
    const denied: Outcome = { kind: 'rejected', reason: null, detail: 'no' }
    const change = close(view, newer, denied)
    expect(change.doc).toMatchObject({ halfway: true, outcome: null, run: { ending: denied } })
    expect(change.past).toEqual([])
    expect(close(view, newer, SUCCEEDED).doc).toMatchObject({ run: null, outcome: { kind: 'succeeded' } })
  })

  it('and before what served before it is wanted again: nothing else takes its place', () => {
    const newer = runOf({ generation: 3, desired: served('9'), digest: '' })
    const superseded: Outcome = { kind: 'superseded', reason: null, detail: '' }
    const wants = (version: string) => {
      const baseline = { generation: 1, desired: served('7'), replicas: 2 }
      const over = { desired: served(version), generation: 4, run: newer, halfway: true, baseline }
      return close(viewOf({ doc: { ...doc, ...over }, plan: planRow }), newer, superseded).doc.run
    }
    expect(wants('7')).toMatchObject({ ending: superseded })
    expect(wants('10')).toBeNull()
  })
})

describe('the baseline', () => {
  const of = (outcome: Outcome, generation: number, baseline: LaneDocument['baseline'] = null) => {
    const run = runOf({ generation, desired: served('8') })
    const doc = docOf({ lane: SERVICE, desired: served('8'), generation, attempt: 1, baseline, run })
    return close(viewOf({ doc, plan: null }), run, outcome).doc.baseline
  }

  it('is the service that succeeded, with the replicas that it had: of its last move, or that stood already, whatever the policy says by then', () => {
    const [run, begun] = [runOf({ generation: 2, desired: served('8') }), [running({ name: 'move-2', state: 'done' })]]
    const move = (...replicas: [generation: number, replicas: number][]) =>
      ({
        kind: 'roll-out-model',
        replicas: replicas.map(([one, count]) => ({ generation: one, replicas: count })),
      }) as never
    const plan = { ...planRow, plan: { ...planRow.plan, steps: [move([1, 2], [2, 1]), move([1, 0], [2, 3])] } }
    const stoodAfter = (over: Partial<Run>, generations = emptyWorld().generations) => {
      const under = { ...run, ...over }
      const doc = docOf({ lane: SERVICE, desired: served('8'), generation: 2, attempt: 1, run: under })
      return close(viewOf({ doc, plan, world: emptyWorld({ generations }) }), under, SUCCEEDED).doc.baseline
    }
    const is = { generation: 2, desired: served('8') }
    expect(stoodAfter({ steps: begun })).toEqual({ ...is, stands: 2, replicas: 3 })
    expect(stoodAfter({}, [standing(1, 4), standing(2, 0)])).toEqual({ ...is, stands: 1, replicas: 4 })
    expect(of(SUCCEEDED, 2)).toEqual({ ...is, replicas: null })
  })

  it('stays where a run fails, and where an older generation ends after a newer one has stood', () => {
    const baseline = { generation: 3, desired: served('9'), replicas: 2 }
    expect(of(FAILED, 4, baseline)).toEqual(baseline)
    expect(of(SUCCEEDED, 2, baseline)).toEqual(baseline)
  })

  it('is none of a run-once lane', () => {
    expect(closed(SUCCEEDED).doc.baseline).toBeNull()
  })
})

it('names are made from the name that the lane was minted with', () => {
  expect(identityOf(viewOf())).toEqual({
    installation: policy.installation,
    ledger: 'feedfacecafe',
    name: wanted().name,
  })
  expect(asking().question?.state).toBe('open')
})
