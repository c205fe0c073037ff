import { describe, expect, it } from 'vitest'
import { askedLast, judgedLast } from '../../../core/planning/order.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { GenerationView, Traffic } from '../../../core/world.ts'
import { standing } from '../training-fixture.ts'
import { given, planOf, written } from './serve-fixture.ts'

const edited = (view: GenerationView): GenerationView => ({ ...view, edited: [{ field: '.image', by: 'kubectl' }] })
const [first, second, third] = [standing(1, 2), standing(2, 1), standing(3, 1)] as const

describe('generations leave', () => {
  it('those that were never judged first, and the baseline last', () => {
    const order = (base: GenerationView | undefined) =>
      judgedLast([first, second, third], base).map(({ generation }) => generation)
    expect(order(first)).toEqual([2, 3, 1])
    expect(order(undefined)).toEqual([1, 2, 3])
  })

  it('a baseline that somebody has changed as what was never judged', () => {
    const base = edited(first)
    expect(judgedLast([base, second], base).map(({ generation }) => generation)).toEqual([1, 2])
  })

  it('what nobody asks before what requests are led to, else as they are given', () => {
    const order = (traffic: Traffic) =>
      askedLast([{ view: first }, { view: second }, { view: third }], traffic).map(({ view }) => view.generation)
    expect(order(2)).toEqual([1, 3, 2])
    expect(order('all')).toEqual([1, 2, 3])
    expect(order(null)).toEqual([1, 2, 3])
  })
})

describe('a version that overtakes two', () => {
  it('on a full pool takes the room of the one that loads: the one that alone answers stays until it is judged', () => {
    const plan = planOf({
      model: { maxUnavailable: 1 },
      standing: [
        [1, '7', 0],
        [2, '9', 1],
        [3, '10', 1, 0],
      ],
      generation: 4,
      pool: { ceiling: 8 },
      led: 2,
    })
    expect(written(plan)).toBe(
      'g3=0 g2=1 → g3=0 g2=1 g4=1 → gate → judge → to all → g3=0 g2=0 g4=1 → to g4 → g3=0 g2=0 g4=2 → notify',
    )
  })

  it('takes what somebody has changed away before what was judged since and answers', () => {
    const input = given({
      standing: [
        [1, '7', 1],
        [2, '9', 1],
      ],
      generation: 3,
      led: 'all',
    })
    const [base, risen] = input.world.generations as [GenerationView, GenerationView]
    const [container] = base.object.spec?.template.spec?.containers ?? []
    Object.assign(container ?? {}, { image: 'somebody/else' })
    const planned = planServe({ ...input, world: { ...input.world, generations: [edited(base), risen] } })
    expect(planned.kind === 'plan' && written(planned.plan)).toBe(
      'to g2 → g1=1 g2=1 g3=1 → gate → judge → g1=0 g2=1 g3=1 → to all → g1=0 g2=1 g3=2 → to g3 → g1=0 g2=0 g3=2 → notify',
    )
  })
})
