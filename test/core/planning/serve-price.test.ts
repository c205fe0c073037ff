import { describe, expect, it } from 'vitest'
import { dollarsWeighed } from '../../../core/planning/serve-price.ts'

const price = (total: number, perHour: number, nowPerHour: number) => ({
  total: { p50: total, p95: total },
  perHour: { p50: perHour, p95: perHour },
  nowPerHour,
  gpuHours: { p50: 0, p95: 0 },
  sources: [],
})

describe('the dollars that are weighed', () => {
  it('are the rollout and 24 hours of what it adds; the bound leaves half as much again for the rollout', () => {
    expect(dollarsWeighed(price(10, 3, 1))).toEqual({ asked: 58, bound: 63, firstDay: 48 })
  })

  it('are the rollout alone where less runs afterwards', () => {
    expect(dollarsWeighed(price(10, 1, 3))).toEqual({ asked: 10, bound: 15, firstDay: 0 })
  })

  it('binds what it may cost once it is told to end, too', () => {
    expect(dollarsWeighed(price(10, 3, 1), 4)).toEqual({ asked: 58, bound: 67, firstDay: 48 })
  })
})
