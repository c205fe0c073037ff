import { expect, it } from 'vitest'
import type { Plan } from '../../../core/plan.ts'
import { ifKept } from '../../../core/planning/largest.ts'

const planOf = (undo: string, { steps = 0, pools = 1 } = {}): Plan =>
  ({
    undo,
    steps: Array.from({ length: steps }, () => ({})),
    bounds: { gpus: Object.fromEntries(Array.from({ length: pools }, (_, n) => [`p${n}`, 1])) },
  }) as unknown as Plan
const saying = (undo: string, more?: Parameters<typeof planOf>[1]) => ifKept(planOf(undo, more), 'make it shorter')

it('a plan is kept whole or refused on paper, in bytes and with what to do about it', () => {
  expect(saying('x'.repeat(369_000))).toMatchObject({ kind: 'plan' })
  expect(saying('漢'.repeat(124_000))).toEqual({
    kind: 'refuse',
    reason: 'plan-too-large',
    detail: expect.stringMatching(
      /^the plan has 372\d{3} bytes with its marks, and at most 370000 are kept: make it shorter$/,
    ),
  })
})

it('with what is written down of each step while it is carried out', () => {
  const half = 'x'.repeat(185_000)
  expect([saying(half, { steps: 250 }).kind, saying(half, { steps: 270 }).kind]).toEqual(['plan', 'refuse'])
})

it('of more pools than are held in one commit is refused, however short it is', () => {
  expect(saying('', { pools: 8 }).kind).toBe('plan')
  expect(saying('', { pools: 9 })).toMatchObject({ detail: expect.stringMatching(/^it uses 9 pools, .* of 8 at most/) })
})
