import { afterEach, describe, expect, it } from 'vitest'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import { aliased, config, uploaded } from './delivering.ts'
import { openTown, type Town } from './town.ts'

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'
let town: Town
afterEach(() => town.close())

describe('deliveries that come two days late, as from a redriven failure queue', () => {
  it('resurrect nothing: neither an older dataset nor an alias that has moved on', async () => {
    town = await openTown({ config })
    const { house } = town
    const upload = (folder: string) =>
      uploadDataset(house, {
        bucket: 'acme-datasets',
        folder: `support-chats/${folder}/`,
        rows: [`{"day":"${folder}"}`],
      })
    for (const folder of ['old', 'new']) {
      await upload(folder)
      await house.deliver(uploaded(folder))
      await town.settled(TRAIN)
      await town.advance(60_000)
    }
    const versions = [
      await registerVersion(house, { model: 'support-llama', tags: { a: '1' } }),
      await registerVersion(house, { model: 'support-llama', tags: { a: '1', b: '2' } }),
    ]
    for (const version of versions) {
      await promote(house, 'support-llama', version)
      await town.answered(SERVE)
      await town.settled(SERVE)
    }
    /** How often a lane was looked at, and when last, is all that may change. */
    const laneOf = async (name: string) => {
      const { rest, writtenAt: _, ...lane } = await town.lane(name)
      return { ...lane, rest: { ...rest, tries: 0 } }
    }
    const state = async () => ({
      train: await laneOf(TRAIN),
      serve: await laneOf(SERVE),
      runs: (await town.past(TRAIN)).length + (await town.past(SERVE)).length,
      cards: await house.cards(),
      jobs: (await house.cluster.list('Job')).map(({ metadata }) => metadata.uid),
      deployments: (await house.cluster.list('Deployment')).map(({ metadata }) => metadata.name),
    })
    await town.advance(2 * 24 * 3_600_000)
    const before = await state()
    expect([before.train.generation, before.serve.generation]).toEqual([2, 2])
    for (let n = 0; n < 3; n++) {
      await house.deliver(uploaded('old'))
      await house.ports.bus.publish([aliased(versions[0] ?? '')])
      await town.advance(600_000)
    }
    expect(await state()).toEqual(before)
  })
})
