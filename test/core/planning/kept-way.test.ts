import { expect, it } from 'vitest'
import { isByHand } from '../../../core/planning/kept-off.ts'
import { stepsOf, tellStep } from '../../../core/planning/kept-way.ts'

const base = { generation: 1, replicas: 2, object: { metadata: {} } }
const has = { replicas: 3, range: { min: 1, max: 3 } }
const off = { base, parts: null, replicas: 3, has: null, wanted: {} } as never

it('what the policy has otherwise by now is nobody’s hand, and is told so', () => {
  expect(isByHand(off)).toBe(true)
  const policys = { ...(off as object), has } as never
  expect([isByHand(policys), tellStep('x', policys)]).toMatchObject([false, { why: 'the policy has it otherwise by now', text: 'set right: x' }]) // biome-ignore format: one line
})

it('how it is scaled from then on comes after its moves', () => {
  const move = { kind: 'roll-out-model', name: 'move-1', title: 'Bring it', why: 'x' }
  const counted: number[] = []
  const then = { after: { ...base, replicas: 3 }, steps: (moves: number) => [counted.push(moves)].map(() => ({ name: 'last' })) } // biome-ignore format: one line
  const steps = stepsOf(
    [move] as never,
    { off: { ...(off as object), has } as never, rule: {}, back: {}, then } as never,
  )
  expect([steps.map(({ name }) => name), steps[0]?.title, counted]).toEqual([['move-1', 'last'], 'Scale generation 1 to 3 replicas', [1]]) // biome-ignore format: one line
})
