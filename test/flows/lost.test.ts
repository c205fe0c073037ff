import { expect, it } from 'vitest'
import { takenUp, whyStuck } from '../../flows/lost.ts'

const [lane, sum, hold, past] = (['lane', 'sum', 'hold', 'past'] as const).map((kind) => ({ kind, id: 'it' })) as [
  { kind: 'lane'; id: string },
  { kind: 'sum'; id: string },
  { kind: 'hold'; id: string },
  { kind: 'past'; id: string },
]
const often = <T>(one: T, times: number): T[] => Array.from({ length: times }, () => one)

it.each([
  ['nothing', [], false],
  ['what others write all the time', often(lane, 30), false],
  ['sums, however often', often(sum, 30), false],
  ['one of the lane’s own, once: the next view reads it', [past], false],
  ['the same, though it was read', [past, lane, past], true],
  ['two of its own, each once', [past, { kind: 'past' as const, id: 'other' }], false],
  ['a hold, which a grant writes too', often(hold, 29), false],
  ['a hold, each time', often(hold, 30), true],
])('lost against %s', (_, lost, stuck) => {
  expect(whyStuck(lost, 30) !== null).toBe(stuck)
})

it('only rows of the lane’s own are read with the next view: a hold may be another lane’s', () => {
  expect(takenUp([lane, sum, hold, past])).toEqual([past])
})
