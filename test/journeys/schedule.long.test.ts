import { afterEach, expect, it } from 'vitest'
import example from '../../signalbox.config.ts'
import { piped } from '../variants.ts'
import { DAY, emptyPool, fillPool, HOUR, looseEnds, MINUTE, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const LANE = 'pipeline/nightly'
const { on: _, ...rest } = piped()

it('a schedule begins its pipeline once a night; of nights that nobody was there the last one counts', async () => {
  const config = {
    ...example,
    pipelines: { nightly: { ...rest, on: { schedule: { cron: '0 2 * * *', zone: 'Europe/Berlin' } } } },
    approvals: { ...example.approvals, unknownRequester: 'refuse', autoApproveBelow: 1000 },
  }
  town = await openTown({ config })
  const generation = async () => (await town.lane(LANE)).generation
  // It is noon: last night was before the policy said so.
  await town.advance(12 * HOUR)
  expect(await generation()).toBe(0)
  await town.advance(HOUR + 6 * MINUTE)
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1 })
  expect((await town.past(LANE))[0]?.plan?.title).toMatch(/as scheduled for 2026-11-24 01:00 UTC$/)
  await town.advance(20 * HOUR)
  expect(await generation()).toBe(1)
  expect(await looseEnds(town)).toEqual([])
})

it('trains anew each night, also after one whose model did not hold, and while one is at work or asked about nothing new begins', async () => {
  const on = { schedule: { cron: '0 2 * * *', zone: 'Europe/Berlin' } }
  const [train, evaluate, ...others] = rest.stages
  const bad = { ...evaluate, gates: [{ metric: 'score', op: '>=', value: 2 }] }
  const config = {
    ...example,
    pipelines: { nightly: { ...rest, stages: [train, bad, ...others], on } },
    approvals: { ...example.approvals, unknownRequester: 'refuse', autoApproveBelow: 1000 },
  }
  town = await openTown({ config: config as never })
  await town.advance(60 * HOUR)
  const titles = (await town.past(LANE)).map(({ plan }) => plan?.title)
  expect(titles).toEqual([1, 2].map(() => expect.not.stringContaining('keeping')))
  expect(await town.lane(LANE)).toMatchObject({ generation: 2, outcome: { kind: 'failed', reason: 'gate' } })
  // Nobody answers for three nights: the one question stays.
  town.setPolicy({ ...config, approvals: { ...config.approvals, autoApproveBelow: 0, expiry: '90h' } } as never)
  await town.advance(20 * HOUR)
  const first = await town.question(LANE)
  await town.advance(48 * HOUR)
  expect([first?.state, (await town.question(LANE))?.id]).toEqual(['open', first?.id])
})

it('nobody is asked about a night’s run since the one before found no room', async () => {
  const on = { ...piped().on, schedule: { cron: '0 2 * * *', zone: 'UTC' } }
  const config = {
    ...example,
    pools: { ...example.pools, 'gpu-train': { ...example.pools?.['gpu-train'], maxGpus: 8 } },
    pipelines: { 'support-chats': { ...piped(), on } },
    approvals: { ...example.approvals, unknownRequester: 'anyone', autoApproveBelow: 1e9 },
  }
  town = await openTown({ config: config as never })
  await fillPool(town)
  await upload(town)
  await town.advance(6 * HOUR)
  expect((await town.lane(TRAIN)).outcome).toMatchObject({ kind: 'expired', reason: 'no-room' })
  await town.advance(15 * HOUR)
  const plans = async () => (await town.past(TRAIN)).map(({ plan }) => plan?.approval)
  expect(await plans()).toEqual([1, 2].map(() => expect.objectContaining({ required: false })))
})

it('a night’s run that found no room in time is told, and begins once there is some, until the next night comes', async () => {
  const on = { schedule: { cron: '0 2 * * 2', zone: 'UTC' } }
  const config = {
    ...example,
    pools: { ...example.pools, 'gpu-train': { ...example.pools?.['gpu-train'], maxGpus: 8 } },
    pipelines: { nightly: { ...rest, on } },
    approvals: { ...example.approvals, unknownRequester: 'refuse', autoApproveBelow: 1000 },
  }
  town = await openTown({ config })
  await fillPool(town)
  await town.advance(19 * HOUR)
  expect((await town.lane(LANE)).outcome).toMatchObject({ kind: 'refused', reason: 'no-room' })
  expect((await town.house.why(LANE)).text).toMatch(/^refused \(no-room\): there was no room .* it begins once/)
  await town.advance(10 * HOUR)
  expect((await town.past(LANE)).map(({ outcome }) => outcome.reason)).toEqual(['no-room'])
  await emptyPool(town)
  await town.advance(6 * MINUTE)
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
  await town.advance(2 * DAY)
  expect(await town.past(LANE)).toHaveLength(2)
  expect(await looseEnds(town)).toEqual([])
})
