import { describe, expect, it } from 'vitest'
import type { Mark } from '../../../core/lane/document.ts'
import type { Step } from '../../../core/plan.ts'
import { ledAstray, ledAtFirst, ledBy } from '../../../core/steps/led-astray.ts'
import type { Traffic } from '../../../core/world.ts'
import { serve } from '../planning/serve-fixture.ts'
import { emptyWorld, standing } from '../training-fixture.ts'

const baseline = { generation: 3, stands: 1, desired: serve('7'), replicas: 2 }
const steps = [
  { kind: 'switch-traffic', name: 'traffic-1', to: 'all' },
  { kind: 'switch-traffic', name: 'traffic-2', to: 2 },
] as Step[]
const marks = (...states: (Mark['state'] | 'waits')[]): Mark[] =>
  states.map((state, index) => {
    const mark = { kind: 'switch-traffic', name: `traffic-${index + 1}`, state } as Mark
    return state === 'waits' ? { ...mark, state: 'running', waits: true } : mark
  })
const at = (traffic: Traffic, states: Parameters<typeof marks> = [], ready = 2) => ({
  ...{ run: { steps: marks(...states) }, steps, baseline, judged: [], traffic },
  generations: [{ ...standing(1, 2), ready, answers: ready }, standing(2, 0)],
})

describe('to whom requests are led in the middle of a rollout', () => {
  it('is to what was judged, until its way leads them elsewhere; while it does, that says so itself', () => {
    expect(ledBy(at(null))).toBe(1)
    expect(ledBy(at(null, ['pending', 'pending']))).toBe(1)
    expect(ledBy(at(null, ['waits']))).toBe(1)
    expect(ledBy(at(null, ['running', 'pending']))).toBeNull()
    expect(ledBy(at(null, ['done', 'pending']))).toBe('all')
    expect(ledBy({ ...at(null), baseline: null })).toBeNull()
  })

  it('is set right where the Service is gone, or leads to nobody or elsewhere than the way has led it', () => {
    expect(ledAstray(at(1))).toBeNull()
    expect(ledAstray(at(null))).toBe(1)
    expect(ledAstray(at(0))).toBe(1)
    expect(ledAstray(at(1, ['done', 'pending']))).toBe('all')
  })

  it('is set right where it leads to what no gate has judged yet, or to all with that among them', () => {
    const gated = [...steps, { kind: 'check-gate', name: 'gate' }, { kind: 'roll-out-model', brings: 2 }] as Step[]
    const beside = (traffic: Traffic, rest: object = {}) => ({
      ...{ ...at(traffic), steps: gated },
      generations: [standing(1, 2), standing(2, 1)].map((view) => ({ ...view, ready: view.replicas })),
      ...rest,
    })
    expect([ledAstray(beside(2)), ledAstray(beside('all'))]).toEqual([1, 1])
    // Once it has passed, or where nothing judges it.
    expect([ledAstray(beside(2, { judged: [2] })), ledAstray(beside('all', { judged: [2] }))]).toEqual([null, null])
    expect(ledAstray(beside(2, { steps: gated.filter(({ kind }) => kind !== 'check-gate') }))).toBeNull()
    // What neither rises nor was asked as it began, judged before or not: its way would go nowhere from there.
    const other = { generations: [standing(1, 2), standing(3, 1)].map((view) => ({ ...view, ready: view.replicas })) }
    expect([ledAstray(beside(3, other)), ledAstray(beside('all', other))]).toEqual([1, 1])
    expect(ledAstray(beside(3, { ...other, judged: [3] }))).toBe(1)
  })

  it('is where they were led as it began, or to what was judged last until what rises is, where somebody had led them elsewhere before', () => {
    const gated = [...steps, { kind: 'check-gate', name: 'gate' }, { kind: 'roll-out-model', brings: 2 }] as Step[]
    const generations = [1, 2, 3].map((generation) => ({ ...standing(generation, 1), ready: 1 }))
    const led = (traffic: Traffic, more: object = {}) =>
      ledAstray({ ...at(traffic), steps: gated, run: { steps: marks('pending'), led: 3 }, generations, ...more })
    expect([led(3), led(1), led(2), led('all')]).toEqual([null, null, 3, 3])
    expect([led(1, { judged: [2] }), led(2, { judged: [2] })]).toEqual([3, null])
    // Once the way has led them, it is where that was.
    expect(led(3, { run: { steps: marks('done'), led: 3 } })).toBe('all')
  })

  it('is remembered as it begins, where that answers and is not what was judged last', () => {
    const generations = [standing(1, 2), { ...standing(2, 1), ready: 1 }, standing(3, 0)]
    const first = (traffic: Traffic) => ledAtFirst(emptyWorld({ generations, traffic }), baseline)
    expect([first(2), first('all'), first(1), first(3), first(null)]).toEqual([{ led: 2 }, { led: 'all' }, {}, {}, {}])
    expect([ledAtFirst(null, baseline), ledAtFirst(emptyWorld({ generations, traffic: 2 }), null)]).toEqual([{}, {}])
  })

  it('is left where something else answers that it was led to before, and where nothing answers there', () => {
    expect(ledAstray(at('all'))).toBeNull()
    expect(ledAstray(at(null, [], 0))).toBeNull()
    expect(ledAstray(at(1, ['done', 'done']))).toBeNull()
  })
})
