import { describe, expect, it } from 'vitest'
import { againstOf, pending, planOnPaper, settlePlan } from '../../../core/lane/planning.ts'
import type { Approved } from '../../../core/lane/question.ts'
import type { View } from '../../../core/lane/view.ts'
import type { ResultRow } from '../../../core/rows.ts'
import { stepKeys } from '../../../core/steps/keys.ts'
import { emptyWorld } from '../training-fixture.ts'
import {
  approvedBy,
  busy,
  docOf,
  free,
  NOW,
  planRow,
  policy,
  poor,
  runOf,
  SERVICE,
  seenWorld,
  viewOf,
  wanted,
} from './fixture.ts'

const NONE = { kept: {} }

describe('planning', () => {
  it('makes a run of what the lane wants, with a mark for each step of its plan', () => {
    const change = settlePlan(viewOf({ world: seenWorld }), NONE)
    expect(change.doc.run).toMatchObject({
      generation: 1,
      attempt: 1,
      phase: 'planned',
      startedAt: NOW,
      question: null,
      hold: null,
    })
    expect(change.doc.run?.digest).toBe(change.plan?.plan.digest)
    expect(change.doc.run?.steps.map(({ name, state, way }) => [name, state, way])).toEqual(
      ['train', 'evaluate', 'judge-evaluate', 'register', 'notify'].map((name) => [name, 'pending', 'forth']),
    )
    expect(change.doc.run?.steps.map(({ key }) => key)).toEqual(Object.values(stepKeys(change.plan!.plan)))
    expect(change.moments.map(({ kind }) => kind)).toEqual(['plan'])
  })

  it('carries over what an earlier attempt has finished and what is still there, as done', () => {
    const { plan } = planRow
    const key = stepKeys(plan)['train'] ?? ''
    const made = {
      ref: { kind: 'Job' as const, namespace: 'training', name: 'j1' },
      uid: 'u',
      result: { bucket: 'b', key: 'k' },
    }
    const row: ResultRow = {
      row: '000001.0001.train',
      step: 'train',
      key,
      values: {},
      made,
      etag: 'e',
      generation: 1,
      attempt: 1,
      at: NOW,
    }
    const view = viewOf({ world: seenWorld, doc: wanted({ attempt: 2 }) })
    const change = settlePlan(view, { kept: { [key]: row } })
    expect(change.doc.run?.steps[0]).toMatchObject({
      state: 'done',
      touched: true,
      made,
      result: row.row,
      by: null,
      note: 'kept from attempt 1',
    })
    expect(change.doc.run?.steps[1]?.state).toBe('pending')
    const later = viewOf({ world: seenWorld, doc: wanted({ generation: 3 }) })
    expect(settlePlan(later, { kept: { [key]: row } }).doc.run?.steps[0]?.note).toBe(
      'kept from generation 1, attempt 1',
    )
  })

  it('that is refused ends the run at once, and says what refused it', () => {
    const change = settlePlan(viewOf({ world: poor }), NONE)
    expect(change.doc).toMatchObject({ run: null, outcome: { kind: 'refused', reason: 'budget-exceeded' } })
    expect(change.doc.outcome?.against).toBe(againstOf(viewOf({ world: poor })))
    expect(change.past[0]?.plan).toBeNull()
  })

  it('that finds nothing to do asks nobody, holds nothing and succeeds', () => {
    const doc = docOf({
      lane: SERVICE,
      desired: { kind: 'none', model: 'support-llama' } as never,
      generation: 1,
      attempt: 1,
    })
    const change = settlePlan(viewOf({ doc, world: emptyWorld() }), NONE)
    expect(change.doc).toMatchObject({
      run: null,
      outcome: { kind: 'succeeded', detail: expect.stringContaining('nothing is served') },
    })
  })

  it('counts on the node of an attempt before where that ran in its pool, a moment ago', () => {
    const priced = (ran: Approved['ran']) => {
      const approved = approvedBy({ begun: true, ...(ran === undefined ? {} : { ran }) })
      const view = viewOf({ world: seenWorld, doc: wanted({ attempt: 2, approved }) })
      const planned = planOnPaper(view, runOf({ attempt: 2 }), NONE)
      return planned.kind === 'plan' ? planned.plan.price.total.p95 : null
    }
    const cold = priced(undefined)
    expect(priced({ pool: 'gpu-train', at: NOW - 5 * 60_000 })).toBeLessThan(cold ?? 0)
    expect(priced({ pool: 'gpu-train', at: NOW - 10 * 60_000 })).toBe(cold)
    expect(priced({ pool: 'gpu-serve', at: NOW - 5 * 60_000 })).toBe(cold)
  })

  it('on paper writes nothing, and needs a look at the world', () => {
    expect(planOnPaper(viewOf({ world: seenWorld }), runOf(), NONE).kind).toBe('plan')
    expect(() => planOnPaper(viewOf(), runOf(), NONE)).toThrow('without a look')
  })

  it('against the same policy and world is against the same digest, whatever nodes are up', () => {
    const at = (world: View['world'], of = policy) => againstOf({ world, policy: of })
    expect(at(seenWorld)).toBe(at(emptyWorld()))
    expect(at(poor)).not.toBe(at(seenWorld))
    expect(at(busy)).not.toBe(at(seenWorld))
    expect(at(seenWorld, free)).not.toBe(at(seenWorld))
    // Earlier releases did not look at what is held for a while.
    const { pools } = emptyWorld()
    const passing = Object.fromEntries(Object.entries(pools).map(([name, pool]) => [name, { ...pool, passing: 4 }]))
    expect(at({ ...emptyWorld(), pools: passing })).toBe(at(emptyWorld()))
  })
})

it('a step that nobody has touched begins with nothing, and a clean title', () => {
  const mark = pending({ name: 'n', kind: 'notify', title: `\u001b[31m${'t'.repeat(900)}` }, 'k', 'back')
  expect(mark).toMatchObject({
    state: 'pending',
    by: null,
    markedAt: null,
    touched: false,
    made: null,
    way: 'back',
    note: '',
  })
  expect(mark.title).toMatch(/^t{299}…$/)
})
