import { afterEach, expect, it } from 'vitest'
import { emptyDocument, SCHEMA } from '../../core/lane/document.ts'
import type { Write } from '../../flows/ledger-port.ts'
import { watchUntil } from '../../flows/minute.ts'
import { Unavailable, type WorkPorts } from '../../flows/ports.ts'
import { AT_ONCE, SERVED } from '../../flows/waking.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { virtualClock } from '../../local/clock.ts'
import { openTown, type Town } from '../journeys/town.ts'

let town: Town
afterEach(() => town.close())

const MINUTE = 60_000

/** One minute of a watch over the town's ledger, on a clock of its own; `at` is called as time passes. */
const minute = async (at: (second: number) => Promise<void> = async () => undefined) => {
  const { ports } = town.house
  const began = ports.clock.now()
  const clock = virtualClock(began)
  const woken: { group: string; after: number }[] = []
  const troubles: unknown[] = []
  const mine: WorkPorts = {
    ...ports,
    clock,
    queue: { wake: async (group) => void woken.push({ group, after: clock.now() - began }) },
  }
  await watchUntil(mine, {
    ...CATALOGUES,
    until: began + MINUTE,
    pause: async (ms) => {
      clock.set(clock.now() + ms)
      await at(clock.now() - began)
    },
    onError: (error) => troubles.push(error),
  })
  return { woken, troubles, lasted: clock.now() - began }
}

const due = (group: string, after: number, side: string | null = null) => ({
  due: { group, by: 'lane' },
  at: town.house.ports.clock.now() + after,
  was: null,
  side,
})

it('what falls due within its minute is woken to the second, each once', async () => {
  town = await openTown()
  await town.house.ports.ledger.commit([due('pipeline/a', 3_000), due('pipeline/b', 41_500), due('pipeline/c', 90_000)])
  const { woken, lasted } = await minute()
  expect(woken).toEqual([
    { group: 'pipeline/a', after: 3_000 },
    { group: 'pipeline/b', after: 42_000 },
  ])
  expect(lasted).toBe(MINUTE)
})

it('also what was written down meanwhile; what was due before is the tick’s, and so is what waits for a far side', async () => {
  town = await openTown()
  const { ledger } = town.house.ports
  await ledger.commit([due('pipeline/old', -1_000), due('pipeline/far', 2_000, 'registry')])
  const { woken } = await minute(async (passed) => {
    if (passed === 10_000) await ledger.commit([due('pipeline/new', 12_000)])
  })
  expect(woken).toEqual([{ group: 'pipeline/new', after: 12_000 }])
})

it('a cluster that cannot be watched keeps nothing that falls due waiting', async () => {
  town = await openTown()
  const { ledger, cluster } = town.house.ports
  await ledger.commit([due('pipeline/a', 5_000)])
  cluster.watch = async () => {
    throw new Unavailable('the API server does not answer')
  }
  const { woken, troubles } = await minute()
  expect(woken).toEqual([{ group: 'pipeline/a', after: 5_000 }])
  expect(troubles.map(String)).toEqual(['Unavailable: the API server does not answer'])
})

it('a ledger that does not answer for a while ends no watch', async () => {
  town = await openTown()
  const { ledger } = town.house.ports
  await ledger.commit([due('pipeline/a', 5_000)])
  const asked = ledger.due
  let away = false
  ledger.due = async (...given) => {
    if (away) throw new Unavailable('DynamoDB does not answer')
    return asked(...given)
  }
  const { woken, troubles } = await minute(async (passed) => {
    away = passed >= 4_000 && passed < 8_000
  })
  expect(woken).toEqual([{ group: 'pipeline/a', after: 8_000 }])
  expect(troubles).toHaveLength(4)
})

it('what falls due is woken to the second also behind many that were due before, and that a newer release has left', async () => {
  town = await openTown()
  const { ledger, clock } = town.house.ports
  for (let n = 0; n < 300; n++) await ledger.commit(newer(`pipeline/n-${n}`, clock.now() + (n < 250 ? -1_000 : 500)))
  await ledger.commit([due('pipeline/a', 5_000)])
  expect((await minute()).woken).toEqual([{ group: 'pipeline/a', after: 5_000 }])
})

it('behind as many of ours as a minute serves a few are woken all the same, the oldest; the rest is left to the tick', async () => {
  town = await openTown()
  const { ledger } = town.house.ports
  for (let n = 0; n < SERVED + 10; n++) await ledger.commit([due(`pipeline/n-${n}`, -1_000)])
  const falling = Array.from({ length: AT_ONCE + 5 }, (_, n) => `pipeline/f-${n}`)
  for (const [n, lane] of falling.entries()) await ledger.commit([due(lane, 5_000 + n)])
  expect((await minute()).woken.map(({ group }) => group).sort()).toEqual(falling.slice(0, AT_ONCE).sort())
})

const newer = (lane: string, at: number): Write[] => [
  { put: 'lane', id: lane, revision: 0, value: { ...emptyDocument(town.policy, lane), schema: SCHEMA + 1, due: at } },
  { due: { group: lane, by: 'lane' }, at, was: null, side: null },
]
