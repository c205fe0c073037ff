import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { openTown, type Town } from './town.ts'

const TRAIN = 'train/support-chats'
const SERVE = 'serve/support-llama'
const config = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }
let town: Town
afterEach(() => town.close())

const uploaded = (folder: string) => ({
  version: '0',
  id: `e-${folder}`,
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2026-11-23T12:00:00Z',
  detail: { bucket: { name: 'acme-datasets' }, object: { key: `support-chats/${folder}/manifest.json`, size: 9 } },
})
const aliased = (version: string) => ({
  source: 'signalbox.registry',
  detailType: 'Model Promotion Changed',
  detail: {
    deliveryId: `d-${version}`,
    entity: 'model_version_alias',
    action: 'created',
    timestamp: '2026-11-23T12:00:00+00:00',
    data: { name: 'support-llama', alias: 'champion', version },
  },
})

describe('1,000 duplicated, shuffled, delayed deliveries', () => {
  it('end in the state the sources say, with one Job for each generation, attempt and step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(99)), async (dice) => {
        const roll = (sides: number): number => (dice.next().value ?? 0) % sides
        town = await openTown({ config })
        const created = new Set<string>()
        let creates = 0
        await town.house.cluster.watch({}, ({ type, object }) => {
          if (object.kind !== 'Job' || type !== 'ADDED') return
          creates++
          created.add(object.metadata.name)
        })
        const versions = [
          await registerVersion(town.house, { model: 'support-llama' }),
          await registerVersion(town.house, { model: 'support-llama', simulation: { loadMinutes: 1 } }),
        ]
        const folders: string[] = []
        for (let round = 0; round < 4; round++) {
          folders.push(`day-${round}`)
          await uploadDataset(town.house, {
            bucket: 'acme-datasets',
            folder: `support-chats/day-${round}/`,
            rows: [`{"round":${round}}`],
          })
          await promote(town.house, 'support-llama', versions[round % 2] ?? '1')
          for (let n = 0; n < 125; n++) {
            await town.house.deliver(uploaded(folders[roll(folders.length)] ?? 'day-0'))
            await town.house.ports.bus.publish([aliased(versions[roll(2)] ?? '1')])
            if (roll(20) === 0) await town.advance(roll(100) * 30_000)
          }
        }
        await town.until(
          'both lanes are done',
          async () => (await town.lane(TRAIN)).state === 'succeeded' && (await town.lane(SERVE)).state === 'succeeded',
          48,
        )
        expect((await town.lane(TRAIN)).desired).toMatchObject({ key: 'support-chats/day-3/manifest.json' })
        expect((await town.lane(SERVE)).desired).toMatchObject({ version: versions[1] })
        expect(created.size).toBe(creates)
        const runs = (await town.house.ports.ledger.list('run', { limit: 1000 })).map(({ value }) => value)
        expect(runs.every(({ outcome, hold }) => outcome !== null && hold === null)).toBe(true)
        await town.close()
      }),
      { numRuns: 2 },
    )
    town = await openTown({ config })
  }, 60_000)
})

describe('deliveries that come three days late, as from a redriven failure queue', () => {
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
      await registerVersion(house, { model: 'support-llama', tags: { a: '2' } }),
    ]
    for (const version of versions) {
      await promote(house, 'support-llama', version)
      await town.settled(SERVE)
    }
    const state = async () => ({
      train: await town.lane(TRAIN),
      serve: await town.lane(SERVE),
      jobs: (await house.cluster.list('Job')).map(({ metadata }) => metadata.uid),
      deployments: (await house.cluster.list('Deployment')).map(({ metadata }) => metadata.name),
    })
    await town.advance(3 * 24 * 3_600_000)
    const before = await state()
    expect([before.train.generation, before.serve.generation]).toEqual([2, 2])
    for (let n = 0; n < 3; n++) {
      await house.deliver(uploaded('old'))
      await house.ports.bus.publish([aliased(versions[0] ?? '')])
      await town.advance(3_600_000)
    }
    expect(await state()).toEqual(before)
  })
})
