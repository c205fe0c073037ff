import { expect, it } from 'vitest'
import { openedAt, openingsOf } from '../../../core/planning/opening.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { emptyPool, emptyWorld, exampleWith, NOW } from '../training-fixture.ts'

const HOUR = 3_600_000
/** It is 09:00. */
const hours = { zone: 'UTC', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 8 }] }
const policy = parsePolicy(exampleWith(['pools.gpu-train.hours', hours], ['pools.gpu-train.maxGpus', 0]))
const ceilings = (at: number, over: Parameters<typeof emptyPool>[1] = {}, now = NOW) => {
  const pools = { 'gpu-train': emptyPool('gpu-train', { ceiling: 0, ...over }), 'gpu-serve': emptyPool('gpu-serve') }
  const world = openedAt({ policy, world: emptyWorld({ pools }), now }, at)
  return Object.values(world.pools).map(({ ceiling }) => ceiling)
}

it('a pool is as high as its hours make it at that time, or by now where that is past; one without hours stays as it is', () => {
  expect(ceilings(NOW + 11 * HOUR)).toEqual([8, 16])
  expect(ceilings(NOW + HOUR)).toEqual([0, 16])
  expect(ceilings(NOW, {}, NOW + 11 * HOUR)).toEqual([8, 16])
  expect(ceilings(NOW - 12 * HOUR)).toEqual([0, 16])
})

it('is never lower than it is, stays as a rung caps it, and has no ceiling where it has none', () => {
  expect(ceilings(NOW + 11 * HOUR, { ceiling: 16 })).toEqual([16, 16])
  expect(ceilings(NOW + 11 * HOUR, { capped: 'cap-pools' })).toEqual([0, 16])
  expect(ceilings(NOW + 11 * HOUR, { ceiling: null })).toEqual([null, 16])
})

it('once the month has turned nothing of it is spent, what is held stays so, and no rung of the one before caps a pool', () => {
  const TURN = Date.UTC(2026, 11, 1)
  expect(ceilings(TURN, { capped: 'cap-pools' })).toEqual([8, 16])
  expect(ceilings(TURN - 1, { capped: 'cap-pools' })).toEqual([0, 16])
  expect(ceilings(TURN, { capped: 'cap-pools' }, TURN)).toEqual([0, 16])
  const dollars = (at: number) =>
    openedAt({ policy, world: emptyWorld({ pools: {}, dollars: { spent: 900, held: 70 } }), now: NOW }, at).dollars
  expect([dollars(TURN), dollars(TURN - 1)]).toEqual([
    { spent: 0, held: 70 },
    { spent: 900, held: 70 },
  ])
})

it('times at which pools open are in order, each once, of those pools alone', () => {
  const opens = (pool: string, at: number) => emptyPool(pool, { rises: { at, gpus: 8 } })
  const pools = { a: opens('a', 30), b: opens('b', 10), c: opens('c', 30), d: opens('d', 5), e: emptyPool('e') }
  expect(openingsOf(new Set(['a', 'b', 'c', 'e', 'gone']), emptyWorld({ pools }))).toEqual([10, 30])
})
