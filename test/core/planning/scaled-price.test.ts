import { expect, it } from 'vitest'
import { scaledPrice, scaledTexts } from '../../../core/planning/scaled-price.ts'
import { type PricedPath, servePrice } from '../../../core/planning/serve-price.ts'
import { given } from './serve-fixture.ts'

const input = given({})
const [pool = ''] = Object.keys(input.policy.pools).filter((name) => name.includes('serve'))
const nodeHour = input.policy.pools[pool]?.price as { perNodeHour: number }
const priced: PricedPath = {
  policy: input.policy,
  desired: input.desired as { priced?: number },
  pools: input.world.pools,
  service: input.policy.services['support-llama']!,
  generations: [],
  leaving: [],
  path: [
    { old: 0, new: 0 },
    { old: 0, new: 1 },
  ],
  gateAfter: null,
  rising: { pool, gpus: input.policy.pools[pool]!.gpusPerNode },
}

it('an hour costs what as many as it may have cost; the way itself costs what it is', () => {
  const [plain, scaled] = [servePrice(priced), scaledPrice(priced, { min: 1, max: 3 })]
  expect(scaled.perHour.p95).toBeCloseTo(3 * nodeHour.perNodeHour, 2)
  expect({ ...scaled, perHour: plain.perHour }).toEqual(plain)
  expect(scaledPrice(priced, undefined)).toEqual(plain)
})

it('says from how much to how much, and which of these is agreed to', () => {
  const [least, most] = [nodeHour.perNodeHour, 3 * nodeHour.perNodeHour].map((dollars) => `$${dollars.toFixed(2)}`)
  expect(scaledTexts(priced, { min: 1, max: 3 })).toEqual([
    `KEDA scales it between 1 and 3 replicas, from ${least} to ${most} an hour: what is held, weighed and agreed to is the most`,
  ])
  expect(scaledTexts(priced, { min: 0, max: 3 })[0]).toContain('from $0.00 to')
  expect(scaledTexts(priced, undefined)).toEqual([])
})
