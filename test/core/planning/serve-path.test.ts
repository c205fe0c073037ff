import { describe, expect, it } from 'vitest'
import type { Baseline } from '../../../core/lane/document.ts'
import { planServe } from '../../../core/planning/serve.ts'
import { given, planOf, serve } from './serve-fixture.ts'

describe('the way of a rollout', () => {
  it('binds how many answer all the way, and says so', () => {
    const one = { model: { replicas: 1, maxUnavailable: 2 }, standing: [[1, '7', 1]] as [number, string, number][] }
    expect(planOf(one).bounds.answering).toBe(1)
    expect(planOf({ ...one, pool: { used: 16, heldByOthers: 12 } }).bounds.answering).toBe(0)
    expect(planOf().bounds.answering).toBe(2)
    expect(planOf({ pool: { used: 16, heldByOthers: 8 } }).bounds.answering).toBe(1)
  })

  it('binds nothing where nothing answers before it', () => {
    expect(planOf({ standing: [], baseline: null, generation: 1 }).bounds).not.toHaveProperty('answering')
  })

  it('counts what stands already and is only judged or led to', () => {
    expect(planOf({ standing: [[2, '8', 2]], baseline: null }).bounds.answering).toBe(2)
    expect(planOf({ standing: [[2, '8', 2]], baseline: [2, '8'], led: 1 }).bounds.answering).toBe(2)
  })

  it('says for how long nobody answers, and nothing where somebody does', () => {
    const one = { model: { replicas: 1, maxUnavailable: 2 }, standing: [[1, '7', 1]] as [number, string, number][] }
    const sentence = (plan: ReturnType<typeof planOf>) => plan.reasons.find((why) => why.startsWith('nobody answers'))
    expect(sentence(planOf({ ...one, pool: { used: 16, heldByOthers: 12 } }))).toBe(
      'nobody answers for 8 min (p95 31 min), and for as long as a node takes to come; 92 min where v8 is not ready in its time, 52 min where its gate fails: v7 (generation 1) loads again then',
    )
    expect([planOf(one), planOf(), planOf({ standing: [], baseline: null, generation: 1 })].map(sentence)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('says how it is undone: to what was judged, or to nothing', () => {
    expect(planOf().undo).toContain('Walk back to v7 (generation 1)')
    expect(planOf({ standing: [], baseline: null, generation: 1 }).undo).toContain(
      'nothing that was judged served before it. Once judged, what answers stays',
    )
  })

  it('says that what was judged is gone, and that nobody answers, where it is made anew', () => {
    const gone = planOf({ standing: [] })
    expect(gone.undo).toContain('what was judged and served before it is gone. Once judged')
    expect(gone.reasons).toContainEqual(
      'generation 1, which was judged and served, is gone: nobody answers now, and for as long as this waits and is not judged',
    )
    const scaled = planServe(given({ desired: serve('7'), generation: 1, standing: [[1, '7', 0]] }))
    expect(scaled).toHaveProperty(
      'plan.reasons',
      expect.arrayContaining([
        'v7 (generation 1), which was judged and served, has no replicas: nobody answers now, and for as long as this waits and loads',
        expect.stringMatching(/^first: nothing of it stands: its 2 replicas are brought at once/),
      ]),
    )
    const plans = [planOf(), planOf({ standing: [], baseline: null, generation: 1 })]
    expect(plans.flatMap(({ reasons }) => reasons).join()).not.toContain('is gone')
  })

  it('says that what is only scaled, or led to, goes back to what it was: nothing of it is taken away', () => {
    const input = given({ desired: serve('7'), generation: 1, model: { replicas: 3 } })
    const had = { ...(input.baseline as Baseline), replicas: 2 }
    const scaled = planServe({ ...input, baseline: had })
    expect(scaled).toMatchObject({ plan: { title: 'Scale support-llama v7 from 2 to 3 replicas' } })
    expect(scaled).toHaveProperty(
      'plan.undo',
      'Go back to 2 replicas of v7 (generation 1), and lead requests to it: it was judged last.',
    )
    const led = planOf({ standing: [[2, '8', 2]], baseline: [2, '8'], led: 1 })
    expect(led.undo).toBe('Go back to 2 replicas of v8 (generation 2), and lead requests to it: it was judged last.')
  })

  it('is chosen inside of the GPUs that were approved', () => {
    const { bounds } = planOf({ pool: { used: 16, heldByOthers: 8 } })
    expect(planOf({ within: bounds }).strategy?.name).toBe('one-out-one-in')
  })
})
