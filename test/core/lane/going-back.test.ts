import { describe, expect, it } from 'vitest'
import type { Run } from '../../../core/lane/document.ts'
import { settleGoBack } from '../../../core/lane/going-back.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
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
    expect(change.plan?.back.map(({ name }) => name)).toEqual(['back-1', 'back-traffic-1', 'back-2'])
    expect(change.doc.run?.steps.filter(({ way }) => way === 'back').map(({ name, state }) => [name, state])).toEqual([
      ['back-1', 'pending'],
      ['back-traffic-1', 'pending'],
      ['back-2', 'pending'],
    ])
    expect(change.doc.run?.hold).toBe(run.hold)
    expect(() => settleGoBack(viewOf({ doc, plan: planRow }))).toThrow('without a look')
  })

  it('takes nothing away for what served before, is wanted again, and somebody has deleted: the plan for that is made from what stands', () => {
    const baseline = { generation: 1, desired: served('7'), replicas: 2 }
    const run = runOf({ generation: 2, desired: served('8'), phase: 'steps', steps: [running()], ...failed })
    const movesFor = (version: string) => {
      const doc = docOf({ lane: SERVICE, desired: served(version), generation: 3, attempt: 1, baseline, run })
      const world = emptyWorld({ generations: [standing(2, 1)] })
      return settleGoBack(viewOf({ doc, plan: planRow, world })).plan?.back.length
    }
    expect([movesFor('7'), movesFor('8')]).toEqual([0, 1])
  })

  it('of what a newer version overtook once it was judged takes nothing away where no baseline stands, and that is the baseline then', () => {
    const denied = { kind: 'rejected', reason: null, detail: 'denied by ana' } as const
    const run = runOf({ generation: 2, desired: served('8'), phase: 'asked', ending: denied, cleared: true })
    const first = { generation: 1, stands: 1, desired: served('7'), replicas: 2 }
    const doc = docOf({ lane: SERVICE, desired: served('8'), generation: 2, attempt: 1, run, halfway: true })
    const world = emptyWorld({ generations: [{ ...standing(1, 2), ready: 1 }], traffic: 1 })
    const goes = (judged: (typeof first)[]) =>
      settleGoBack(viewOf({ doc: { ...doc, judged, brought: [1] }, plan: planRow, world }))
    const change = goes([first])
    expect(change.plan?.back).toEqual([])
    expect(change.doc.baseline).toEqual(first)
    expect(change.doc.run?.ending?.detail).toBe('denied by ana; generation 1 with 2 replicas was judged, and stays')
    // What nobody has judged goes.
    const other = goes([])
    expect(other.plan?.back).toMatchObject([{ kind: 'roll-out-model', replicas: [{ generation: 1, replicas: 0 }] }])
    expect(other.doc.baseline).toBeNull()
  })

  it('leads elsewhere from where it stands once somebody has changed what it led to, and on as it did where nothing else was judged', () => {
    const baseline = { generation: 1, stands: 1, desired: served('7'), replicas: 2 }
    const back = { kind: 'roll-out-model', way: 'back' } as const
    const steps = [
      markOf({ name: 'gate', kind: 'check-gate', state: 'done' }),
      markOf({ name: 'back-1', ...back, state: 'failed' }),
      markOf({ name: 'back-2', ...back }),
    ]
    const run = runOf({ generation: 3, desired: served('9'), phase: 'steps', steps, ...failed })
    const judged = [{ generation: 2, stands: 2, desired: served('8'), replicas: 2 }]
    const edited = [{ field: '.spec.template.spec.containers', by: 'kubectl-edit' }]
    const generations = [{ ...standing(1, 2), edited }, standing(2, 1), standing(3, 1)]
    const world = emptyWorld({ generations: generations.map((one) => ({ ...one, ready: 1 })), traffic: 2 })
    const doc = docOf({ lane: SERVICE, desired: served('9'), generation: 3, attempt: 1, baseline, run })
    const plan = { ...planRow, back: [{ ...planRow.plan.steps[0], name: 'back-1' }] } as typeof planRow
    const goes = (more: object) => settleGoBack(viewOf({ doc: { ...doc, ...more }, plan, world }))
    const change = goes({ judged, brought: [3], halfway: true })
    expect(change.doc.baseline?.stands).toBe(2)
    const names = change.doc.run?.steps.filter(({ way }) => way === 'back').map(({ name }) => name) ?? []
    // What was begun stays; what comes has names of its own, and what never began is no step of it.
    expect(names[0]).toBe('back-1')
    expect(names.slice(1)).toEqual(names.slice(1).filter((name) => name.startsWith('back2-')))
    expect(names.length).toBeGreaterThan(1)
    expect(change.plan?.back.map(({ name }) => name)).toEqual(names)
    expect(change.doc.run?.ending?.detail).toBe('g; generation 2 with 1 replica was judged, and stays')
    const same = goes({})
    expect(same.doc).toEqual({ ...doc, run: { ...run, phase: 'back' } })
  })

  it('takes nothing away that a restored ledger has forgotten, and says what stays', () => {
    const baseline = { generation: 1, desired: served('7'), replicas: 2 }
    const expired = { kind: 'expired', reason: null, detail: 'nobody answered' } as const
    const run = runOf({ generation: 3, desired: served('9'), phase: 'asked', ending: expired, cleared: true })
    const doc = docOf({ lane: SERVICE, desired: served('9'), generation: 3, attempt: 1, baseline, run, halfway: true })
    const world = emptyWorld({ generations: [standing(1, 0), standing(2, 1), standing(3, 2)] })
    const goes = (brought: number[], generationFrom: number, seen = world) => {
      const view = viewOf({ doc: { ...doc, brought }, plan: planRow, world: seen, generationFrom })
      const change = settleGoBack(view)
      return {
        ends: (change.plan?.back.at(-1) as RollOutModelStep | undefined)?.replicas,
        says: change.doc.run?.ending?.detail,
      }
    }
    const stays = [
      { generation: 2, replicas: 0 },
      { generation: 3, replicas: 2 },
      { generation: 1, replicas: 0 },
    ]
    expect(goes([2], 100)).toMatchObject({
      ends: stays,
      says: expect.stringMatching(/; generation 3 with 2 .* restored, and stays$/),
    })
    const alone = [{ replicas: 0 }, { replicas: 0 }, { generation: 1, replicas: 2 }]
    // It was restored before that was made, it made that itself, or that does not answer.
    expect(goes([2], 2)).toMatchObject({ ends: alone, says: expired.detail })
    expect(goes([2, 3], 100)).toMatchObject({ ends: alone, says: expired.detail })
    const dead = emptyWorld({ generations: [standing(1, 0), standing(2, 1), { ...standing(3, 2), ready: 0 }] })
    expect(goes([2], 100, dead)).toMatchObject({ ends: alone, says: expired.detail })
  })
})
