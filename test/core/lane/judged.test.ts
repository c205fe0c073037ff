import { describe, expect, it } from 'vitest'
import type { Baseline, Mark, Run } from '../../../core/lane/document.ts'
import { isJudged, judgedBy, judgedIn } from '../../../core/lane/judged.ts'
import type { PlanRow } from '../../../core/rows.ts'
import { planOf } from '../planning/serve-fixture.ts'
import { docOf, markOf, runOf, SERVICE, served, viewOf } from './fixture.ts'

const plan: PlanRow = { plan: planOf(), back: [] }
/** Of the plan's moves the first so many were begun, and its gate is so. */
const runWith = (moves: number, gate: Mark['state']): Run => {
  const steps = plan.plan.steps.map(({ name, kind }) => {
    const isBegun = kind === 'roll-out-model' && Number(name.replace('move-', '')) <= moves
    return markOf({ name, kind, by: isBegun ? 'me' : null, state: kind === 'check-gate' ? gate : 'pending' })
  })
  return runOf({ generation: 2, desired: served('8'), phase: 'steps', steps })
}
const before: Baseline = { generation: 1, stands: 1, desired: served('7'), replicas: 2 }
const viewWith = (judged: Baseline[]) => viewOf({ doc: docOf({ lane: SERVICE, judged }), plan })
const own = { generation: 2, stands: 2, desired: served('8'), replicas: 1 }

describe('what has passed its gate', () => {
  it('is remembered beside what did before it, with the replicas that it was told to have', () => {
    expect(isJudged(runWith(1, 'done'))).toBe(true)
    expect(judgedBy(viewWith([before]), runWith(1, 'done'))).toEqual({ judged: [before], own })
    expect(judgedIn(viewWith([before]), runWith(1, 'done'))).toEqual([before, own])
    expect(judgedIn(viewWith([]), runWith(9, 'done'))).toEqual([{ ...own, replicas: 2 }])
  })

  it('is nothing of a run whose gate has not', () => {
    expect(judgedIn(viewWith([before]), runWith(1, 'running'))).toEqual([before])
    expect(judgedIn(viewWith([]), runWith(1, 'pending'))).toEqual([])
  })

  it('is so no more once a gate says otherwise of it, and is so anew once one says so', () => {
    const same = { ...own, generation: 1 }
    expect(judgedIn(viewWith([before, same]), runWith(1, 'failed'))).toEqual([before])
    expect(judgedIn(viewWith([same, before]), runWith(1, 'done'))).toEqual([before, own])
    expect(judgedIn(viewWith([before, same]), runWith(1, 'running'))).toEqual([before, same])
  })

  it('is the version that was judged before, where that is made anew while none is wanted, or what serves is kept', () => {
    for (const kind of ['none', 'kept'] as const) {
      const run = { ...runWith(1, 'done'), desired: { kind, model: 'support-llama', priced: 2 } as never }
      const view = { ...viewWith([]), doc: docOf({ lane: SERVICE, baseline: before }) }
      expect(judgedIn(view, run)).toEqual([{ ...before, stands: 2 }])
      expect(judgedIn(viewWith([before]), run)).toEqual([before, { ...before, stands: 2 }])
      expect(judgedIn(viewWith([]), run)).toEqual([])
    }
  })

  it('is remembered of the last few', () => {
    const many = [11, 12, 13, 14].map((generation) => ({ ...before, generation, stands: generation }))
    expect(judgedIn(viewWith(many), runWith(1, 'done'))).toEqual([...many.slice(1), own])
  })
})
