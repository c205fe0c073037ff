import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { config, type Given, planOf, serve } from './serve-fixture.ts'

describe('the weights that a rollout brings up', () => {
  it('are said to be not pinned where nobody measured them here, though they lie among our results; it is the same plan', () => {
    const desired = { ...serve('8'), source: 's3://results/results/job/model' }
    const [made, byHand] = [planOf({ desired }), planOf({ desired: { ...desired, unpinned: 'unknown' } })]
    const not = expect.stringMatching(/^not pinned, and not registered by a pipeline/)
    expect(byHand.reasons).toContainEqual(not)
    expect(made.reasons).not.toContainEqual(not)
    expect(byHand.digest).toBe(made.digest)
  })

  it('are asked about where no pipeline of ours is known to have registered them, whatever they add to the cost', () => {
    const rest = { approvals: { ...config().approvals, autoApproveBelow: 50_000 } }
    const [ours, own] = ['s3://results/results/job/model', { ours: true as const }]
    const asked = (desired: Partial<ServeDesired>, more: Given = {}) =>
      planOf({ rest, desired: { ...serve('8'), ...desired }, ...more }).approval
    expect(asked({})).toMatchObject({
      required: true,
      why: expect.stringMatching(/^not pinned: whoever may write to /),
    })
    expect(asked({ source: ours, ...own })).toMatchObject({ required: false })
    expect(asked({ source: ours })).toMatchObject({ required: true, why: expect.stringContaining('not proven') })
    expect(asked({ source: ours, unpinned: 'pipeline' })).toMatchObject({ required: true })
    // The version that stands was decided on: more of it, or its pods made anew, is a matter of money.
    expect(asked({}, { desired: serve('7'), generation: 1, model: { replicas: 3 } })).toMatchObject({ required: false })
    expect(asked({}, { desired: serve('7'), standing: [] })).toMatchObject({ required: false })
    expect(asked({}, { baseline: null, standing: [], generation: 1 })).toMatchObject({ required: true })
  })
})
