import { describe, expect, it } from 'vitest'
import type { Run } from '../../../core/lane/document.ts'
import { settleGoBack } from '../../../core/lane/going-back.ts'
import { emptyWorld, standing } from '../training-fixture.ts'
import { docOf, markOf, planRow, running, runOf, SERVICE, seenWorld, served, viewOf, wanted } from './fixture.ts'

describe('going back', () => {
  const failed: Partial<Run> = { ending: { kind: 'failed', reason: 'gate', detail: 'g' }, cleared: true }

  it('of a run-once lane is no move: the run is over', () => {
    const run = runOf({
      phase: 'steps',
      steps: [running({ state: 'failed' }), markOf({ name: 'evaluate' })],
      ...failed,
    })
    const change = settleGoBack(viewOf({ doc: wanted({ run }), plan: planRow, world: seenWorld }))
    expect(change.doc.run?.phase).toBe('back')
    expect(change.doc.run?.steps.map(({ state }) => state)).toEqual(['failed', 'skipped'])
    expect(change.moments[0]?.text).toBe('nothing to walk back')
  })

  it('of a service is planned from where the world then stands, and kept beside the plan', () => {
    const baseline = { generation: 1, desired: served('7'), replicas: 2 }
    const run = runOf({
      generation: 2,
      desired: served('8'),
      phase: 'steps',
      steps: [running({ state: 'failed' })],
      ...failed,
    })
    const doc = docOf({ lane: SERVICE, desired: served('8'), generation: 2, attempt: 1, baseline, run })
    const change = settleGoBack(
      viewOf({ doc, plan: planRow, world: emptyWorld({ generations: [standing(1, 1), standing(2, 1)] }) }),
    )
    expect(change.plan?.back.map(({ name }) => name)).toEqual(['back-1', 'back-2'])
    expect(change.doc.run?.steps.filter(({ way }) => way === 'back').map(({ name, state }) => [name, state])).toEqual([
      ['back-1', 'pending'],
      ['back-2', 'pending'],
    ])
    expect(change.doc.run?.hold).toBe(run.hold)
    expect(() => settleGoBack(viewOf({ doc, plan: planRow }))).toThrow('without a look')
  })
})
