import { describe, expect, it } from 'vitest'
import type { Baseline } from '../../../core/lane/document.ts'
import { changedOnWayBack, returnOf, returnsTo } from '../../../core/planning/returns-to.ts'
import type { GenerationView } from '../../../core/world.ts'
import { standing } from '../training-fixture.ts'
import { serve } from './serve-fixture.ts'

const at = (generation: number): Baseline => ({
  generation,
  stands: generation,
  desired: serve(String(6 + generation)),
  replicas: 2,
})
const [first, second, third] = [at(1), at(2), at(3)]
const edited = (view: GenerationView): GenerationView => ({ ...view, edited: [{ field: '.image', by: 'kubectl' }] })
const leaving = (view: GenerationView): GenerationView => ({
  ...view,
  object: { ...view.object, metadata: { ...view.object.metadata, deletionTimestamp: new Date(0) } },
})

describe('a lane returns', () => {
  it('to its baseline where that stands, whatever was judged since, and be it that none of it is ready', () => {
    expect(returnsTo({ generations: [standing(1, 0), standing(2, 2)], traffic: 2 }, first, [second])).toBe(first)
  })

  it('where that is gone, or there never was one, to the last that was judged since and stands', () => {
    const generations = [leaving(standing(1, 2)), standing(2, 1), standing(3, 1)]
    expect(returnsTo({ generations }, first, [second, third])).toBe(third)
    expect(returnsTo({ generations: generations.slice(0, 2) }, null, [second, third])).toBe(second)
    expect(returnsTo({ generations: [] }, first, [second])).toBe(first)
    expect(returnsTo({ generations: [] }, null)).toBeNull()
  })

  it('to what nobody has changed before what somebody has, and to that only where requests are led to it already', () => {
    const generations = [standing(2, 1), edited(standing(3, 1))]
    const [, changed] = generations as [GenerationView, GenerationView]
    expect(returnsTo({ generations, traffic: 3 }, null, [second, third])).toBe(second)
    const alone = (traffic: number | 'all' | null, baseline: Baseline | null = null) =>
      returnsTo({ generations: [changed], traffic }, baseline, [second, third])
    expect([alone(3), alone('all'), alone(3, first)]).toEqual([third, third, third])
    expect([alone(null), alone(2), alone(1, first)]).toEqual([null, null, first])
  })

  it('past a baseline that somebody has changed, where requests are led to what was judged since, and it answers', () => {
    const back = (traffic: number | 'all' | null, ready = 1) =>
      returnsTo({ generations: [edited(standing(1, 2)), { ...standing(2, 1), ready }], traffic }, first, [second])
    expect([back('all'), back(2)]).toEqual([second, second])
    expect([back(1), back(null), back('all', 0)]).toEqual([first, first, first])
  })
})

describe('the way back of a run leads', () => {
  const own = second
  const judged = { judged: [], own, isCancelled: false }

  it('to what it has brought up itself, once that was judged, only where nothing else stands: with the replicas that it has', () => {
    const generations = [standing(1, 0), standing(2, 1)]
    expect(returnOf({ generations }, { ...judged, baseline: first })).toEqual({
      to: first,
      stay: [],
      instead: undefined,
    })
    const alone = { generations: generations.slice(1) }
    expect(returnOf(alone, { ...judged, baseline: first })).toMatchObject({
      to: { ...own, replicas: 1 },
      stay: [],
      instead: { generation: 2 },
    })
    expect(returnOf({ generations }, { ...judged, baseline: null, judged: [first] }).to).toBe(first)
  })

  it('to nothing where a person cancels the first version, or that answers nobody; and to it where it ends by itself', () => {
    const first = (over: Partial<Parameters<typeof returnOf>[1]>, ready = 1) =>
      returnOf({ generations: [{ ...standing(2, 2), ready }], traffic: 2 }, { ...judged, baseline: null, ...over }).to
    expect(first({ isCancelled: true })).toBeNull()
    expect(first({}, 0)).toBeNull()
    expect(first({})).toEqual({ ...own, replicas: 2 })
    // Its card named what stood before it, and that is gone.
    expect(first({ baseline: at(1), isCancelled: true }, 0)).toEqual({ ...own, replicas: 2 })
  })

  it('past a baseline that somebody has changed, which stays as it is', () => {
    const generations = [edited(standing(1, 2)), standing(2, 1)]
    expect(returnOf({ generations, traffic: 'all' }, { ...judged, baseline: first })).toMatchObject({
      to: { ...own, replicas: 1 },
      stay: [1],
      instead: { generation: 2 },
    })
  })
})

describe('what somebody changes of where a way back leads', () => {
  const known = { baseline: first, judged: [second] }
  const ready = (view: GenerationView): GenerationView => ({ ...view, ready: view.replicas })

  it('keeps what answers and was judged since from going for it, changed or not', () => {
    const said = /kubectl has changed .*image of .*: requests are not led back to it from what was judged/
    for (const traffic of [2, 'all'] as const)
      for (const view of [standing(2, 1), edited(standing(2, 1))])
        expect(changedOnWayBack({ generations: [edited(standing(1, 1)), ready(view)], traffic }, known)).toMatch(said)
  })

  it('keeps nothing once requests are led to it, nor for what does not answer or was never judged', () => {
    const generations = [edited(ready(standing(1, 1))), ready(standing(2, 1))]
    expect(changedOnWayBack({ generations, traffic: 1 }, known)).toBeNull()
    expect(changedOnWayBack({ generations, traffic: null }, known)).toBeNull()
    expect(changedOnWayBack({ generations, traffic: 'all' }, { ...known, judged: [] })).toBeNull()
    const down = { ...standing(2, 1), ready: 0, answers: 0 }
    expect(changedOnWayBack({ generations: [edited(standing(1, 1)), down], traffic: 'all' }, known)).toBeNull()
    expect(changedOnWayBack({ generations: [standing(1, 1), ready(standing(2, 1))], traffic: 2 }, known)).toBeNull()
  })
})
