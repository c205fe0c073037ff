import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { config, deliverAll, uploaded } from './delivering.ts'
import { ANA, openTown, type Town } from './town.ts'

const TRAIN = 'pipeline/support-chats'
let town: Town
afterEach(() => town.close())

describe('a hundred duplicated, shuffled, delayed deliveries', () => {
  it('end in the state the sources say, with one Job for each generation, attempt and step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(99)), async (dice) => {
        const { came, says, jobs } = await deliverAll(100, (sides) => (dice.next().value ?? 0) % sides)
        expect(came).toEqual(says)
        expect(jobs).toBeGreaterThan(1)
      }),
      // `test/slow/deliveries.ts` tries more.
      { numRuns: 1 },
    )
    town = await openTown({ config })
  }, 60_000)
})

describe('wakes that are lost', () => {
  const MINUTE = 60_000
  /** The queue takes no wake for which this holds. */
  const losing = async (isLost: (id: string, group: string) => boolean) => {
    const lost = { n: 0, on: true }
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      queue: {
        wake: async (group, id) => {
          if (!lost.on || !isLost(id, group)) return ports.queue.wake(group, id)
          lost.n++
          throw new Unavailable('SQS does not answer')
        },
      },
    })
    town = await openTown({ wrap })
    return lost
  }
  const upload = async () => {
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/day/', rows: ['{}'] })
    await town.house.deliver(uploaded('day'))
  }
  /** Until this is so, how long it took. */
  const took = async (what: string, done: () => Promise<boolean>): Promise<number> => {
    const since = town.house.clock.now()
    await town.until(what, done)
    return town.house.clock.now() - since
  }
  const asks = async () => (await town.question(TRAIN)) !== null
  const vote = async () => {
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    return town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
  }

  it('of every door and every lane, all the way: the minute’s tick finds each, and all is as if none had been lost', async () => {
    const lost = await losing((id) => !/^(tick|resync)\./.test(id))
    await upload()
    expect(await took('it asks', asks)).toBeLessThanOrEqual(MINUTE)
    const asked = (await town.question(TRAIN))?.openedAt ?? 0
    expect(await took('its card is posted', async () => (await town.house.cards()).length > 0)).toBeLessThanOrEqual(
      MINUTE,
    )
    expect(await vote()).toMatchObject({ status: 202 })
    expect(await took('it begins', async () => (await town.run(TRAIN))?.phase === 'steps')).toBeLessThanOrEqual(MINUTE)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
    // Two Jobs, each of whose ends is found by resync.
    expect(town.house.clock.now() - asked).toBeLessThan(60 * MINUTE)
    expect(
      await took('its card tells', async () => (await town.house.cards())[1]?.card.tone === 'good'),
    ).toBeLessThanOrEqual(MINUTE)
    expect(await town.house.cluster.list('Job')).toHaveLength(2)
    expect((await town.house.cards()).map(({ key }) => key.replace(/.*-g/, 'g'))).toEqual(['g1a1-notify', 'g1a1'])
    expect(lost.n).toBeGreaterThan(5)
  })

  it('of everybody for an hour, the tick’s too: it goes on a minute after they come again', async () => {
    const lost = await losing(() => true)
    await upload()
    await town.advance(60 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'idle', generation: 0 })
    lost.on = false
    expect(await took('it asks', asks)).toBeLessThanOrEqual(MINUTE)
    lost.on = true
    await vote()
    await town.advance(60 * MINUTE)
    expect((await town.question(TRAIN))?.votes).toEqual([])
    lost.on = false
    expect(await took('it begins', async () => (await town.run(TRAIN))?.phase === 'steps')).toBeLessThanOrEqual(MINUTE)
    lost.on = true
    await town.advance(6 * 60 * MINUTE)
    lost.on = false
    const step = async (name: string) => (await town.run(TRAIN))?.steps.find((mark) => mark.name === name)?.state
    expect(await took('it was trained', async () => (await step('train')) === 'done')).toBeLessThanOrEqual(5 * MINUTE)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
  })
})
