import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { lane } from '../../scripts/lane.ts'
import { deliverAll } from '../journeys/delivering.ts'

/** Orders of a thousand deliveries; `npm test` tries one of a hundred. */
const ORDERS = 10

/** Whatever is delivered twice, shuffled or late: it ends in the state the sources say. */
await lane(async (check) => {
  const dice = fc.sample(fc.infiniteStream(fc.nat(99)), { seed: 20_261_124, numRuns: ORDERS })
  for (const [n, rolls] of dice.entries())
    await check(`order ${n + 1} of 1,000 deliveries: one Job for each generation, attempt and step`, async () => {
      const { came, says } = await deliverAll(1000, (sides) => (rolls.next().value ?? 0) % sides)
      if (!isDeepStrictEqual(came, says)) throw new Error(`${JSON.stringify(came)} instead of ${JSON.stringify(says)}`)
    })
})
