import { expect, it } from 'vitest'
import type { Planned } from '../../../core/plan.ts'
import { asManyAsFit } from '../../../core/planning/serve-fewer.ts'

const full = (detail: string, reason = 'would-deadlock'): Planned => ({ kind: 'refuse', reason, detail }) as Planned
const planOf = (most: number) => (count: number) =>
  count <= most ? ({ kind: 'plan', plan: { title: `${count}`, reasons: [] } } as unknown as Planned) : full(`${count}`)

it('as many as have room, which it says; all of them where all have; and the refusal of all where none has', () => {
  expect(asManyAsFit(3, planOf(3))).toMatchObject({ plan: { title: '3', reasons: [] } })
  expect(asManyAsFit(3, planOf(1))).toMatchObject({
    plan: { title: '1', reasons: ['1 of 3 has room now: what else is wanted of it follows once that has'] },
  })
  expect(asManyAsFit(3, planOf(0))).toEqual(full('3'))
  // For want of anything else fewer are refused as well.
  expect(asManyAsFit(3, (count) => (count === 3 ? full('3', 'missing-price') : planOf(3)(count)))).toMatchObject({
    reason: 'missing-price',
  })
})
