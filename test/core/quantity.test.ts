import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FULL, gpusIn } from '../../core/quantity.ts'

it.each<[unknown, number]>([
  ['0', 0],
  ['8', 8],
  [8, 8],
  ['+8', 8],
  ['8000m', 8],
  ['1500m', 2],
  ['1k', 1000],
  ['1e3', 1000],
  ['1E3', 1000],
  ['2Ki', 2048],
  ['1G', FULL],
  ['1E', FULL],
  ['-1', FULL],
  ['', FULL],
  ['8 GPUs', FULL],
  ['NaN', FULL],
  [null, FULL],
  [{}, FULL],
])('%j means %d GPUs', (quantity, gpus) => expect(gpusIn(quantity)).toBe(gpus))

it('whatever somebody writes is a whole number of them', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.float().map(String)),
      (text) => Number.isInteger(gpusIn(text)) && gpusIn(text) >= 0,
    ),
  )
})
