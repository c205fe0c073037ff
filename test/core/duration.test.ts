import { expect, it } from 'vitest'
import { milliseconds } from '../../core/duration.ts'

it('durations are what they say', () => {
  expect([milliseconds('90s'), milliseconds('30m'), milliseconds('4h'), milliseconds('2d')]).toEqual([
    9e4, 18e5, 144e5, 1728e5,
  ])
})
