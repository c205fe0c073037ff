import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../core/desired.ts'
import type { Config } from '../../core/policy.ts'
import { registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { config, tellOf, watched } from './drifting.ts'
import { clockOf, emptyPool, fillPool, HOUR, looseEnds, MINUTE, MODEL, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-'))
})
afterEach(async () => {
  await town.close()
  await rm(dataDir, { recursive: true, force: true })
})

const SCAN = 'pipeline/scan'
const { on: _, register: __, ...rest } = piped()
interface Over {
  approvals?: object
  dollars?: number
  over?: object
}
const policyOf = ({ approvals = {}, dollars = 5000, over = {} }: Over): Config =>
  ({
    ...example,
    pools: { ...example.pools, 'gpu-train': { ...example.pools?.['gpu-train'], maxGpus: 8 } },
    budget: { ...example.budget, dollars },
    services: watched(),
    pipelines: {
      'support-chats': {
        ...piped(over as never),
        on: { ...piped().on, drift: { service: MODEL }, ...(over as { on?: object }).on },
      },
      scan: { ...rest, on: { version: { model: MODEL } }, ...over },
    },
    approvals: { ...example.approvals, requesters: { '000000000000': ANA }, ...approvals },
  }) as Config
const shadow = { mode: 'shadow' }
const stranger = (folder: string) =>
  uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: `support-chats/${folder}/`,
    rows: [`"${folder}"`],
  })
const ran = async (lane = TRAIN) =>
  (await town.past(lane)).map(({ run, outcome }) => {
    const { key, weights } = run.desired as TrainDesired
    return `${weights?.version ?? key.split('/')[1]} ${outcome.kind}`
  })
const remove = (folder: string) =>
  rm(join(dataDir, `buckets/acme-datasets/support-chats/${folder}`), { recursive: true })

describe('what waits while its rule is in shadow for a while', () => {
  it('a version of a model beside one that is approved and in line: people are asked about it', async () => {
    const asked: Over = { approvals: { autoApproveBelow: 0, expiry: '8h' } }
    town = await openTown({ config: policyOf(asked), dataDir })
    await town.advance(10 * MINUTE)
    await fillPool(town)
    await registerVersion(town.house, { model: MODEL })
    await town.answered(SCAN, 'approve', BEN)
    await registerVersion(town.house, { model: MODEL, tags: { n: '2' } })
    await town.advance(2 * MINUTE)
    town.setPolicy(policyOf({ ...asked, over: shadow }))
    await town.advance(20 * MINUTE)
    expect(await town.house.why(SCAN)).toMatchObject({
      text: expect.stringMatching(/switched to shadow.*it is looked at again once that acts/),
    })
    town.setPolicy(policyOf(asked))
    await emptyPool(town)
    const version = async () => ((await town.lane(SCAN)).run?.desired as { weights?: { version: string } })?.weights
    await town.until('it is asked about', async () => (await version())?.version === '2', 3)
    await town.answered(SCAN, 'approve', BEN)
    await town.until('it has ended well', async () => (await ran(SCAN)).includes('2 succeeded'), 6)
    expect(await looseEnds(town)).toEqual([])
  })

  it('a dataset beside one that is approved and in line: who wrote it is proven still', async () => {
    const asked: Over = { approvals: { autoApproveBelow: 0, expiry: '8h', unknownRequester: 'refuse' } }
    town = await openTown({ config: policyOf(asked), dataDir })
    await fillPool(town)
    await upload(town, 'a')
    await town.answered(TRAIN, 'approve', BEN)
    await upload(town, 'b')
    await town.advance(12 * MINUTE)
    town.setPolicy(policyOf({ ...asked, over: shadow }))
    await town.advance(20 * MINUTE)
    town.setPolicy(policyOf(asked))
    await town.until('it is asked about', async () => (await town.question(TRAIN)) !== null, 3)
    expect((await town.lane(TRAIN)).run).toMatchObject({
      desired: { key: 'support-chats/b/manifest.json', requester: ANA, proven: true },
    })
  })

  it('a dataset that came meanwhile: who wrote it is proven, and may not agree to it', async () => {
    const asked: Over = { approvals: { autoApproveBelow: 0, expiry: '8h' } }
    town = await openTown({ config: policyOf({ ...asked, over: shadow }), dataDir })
    await upload(town, 'a')
    await town.advance(HOUR)
    expect((await timeline(town)).length).toBeLessThan(6)
    town.setPolicy(policyOf(asked))
    await town.until('it is asked about', async () => (await town.question(TRAIN)) !== null, 1)
    expect((await town.lane(TRAIN)).run).toMatchObject({ desired: { requester: ANA, proven: true } })
  })

  it('a stranger’s dataset beside one that is refused for now: that begins, and this is judged after it', async () => {
    const free: Over = { approvals: { autoApproveBelow: 1e9, unknownRequester: 'refuse' } }
    town = await openTown({ config: policyOf({ ...free, dollars: 50 }), dataDir })
    await upload(town, 'a')
    await town.advance(12 * MINUTE)
    await stranger('b')
    await town.advance(12 * MINUTE)
    town.setPolicy(policyOf({ ...free, dollars: 50, over: shadow }))
    await town.advance(10 * MINUTE)
    // What comes in shadow moves nothing of that either.
    await stranger('c')
    await town.advance(12 * MINUTE)
    town.setPolicy(policyOf(free))
    await town.until('the newest is judged', async () => (await ran()).includes('c refused'), 10)
    expect((await ran()).filter((one) => !one.startsWith('b '))).toEqual(['a refused', 'a succeeded', 'c refused'])
  })
})

describe('what gave way to something newer that is gone from its source', () => {
  it('is still whose its source has proven it to be, who may not agree to it', async () => {
    town = await openTown({ config: policyOf({ approvals: { autoApproveBelow: 0, expiry: '8h' } }), dataDir })
    await upload(town, 'a')
    await town.advance(12 * MINUTE)
    await upload(town, 'b')
    await town.advance(12 * MINUTE)
    await remove('b')
    const wanted = async () => (await town.lane(TRAIN)).run?.desired as TrainDesired | undefined
    await town.until('it is wanted again', async () => (await wanted())?.key === 'support-chats/a/manifest.json', 1)
    expect(await wanted()).toMatchObject({ requester: ANA, proven: true })
  })
})

describe('what was refused for now, and is gone from its source', () => {
  it('keeps nothing behind it: what waits is judged', async () => {
    const free: Over = { approvals: { autoApproveBelow: 1e9, unknownRequester: 'refuse' } }
    town = await openTown({ config: policyOf({ ...free, dollars: 50 }), dataDir })
    await upload(town, 'a')
    await town.advance(12 * MINUTE)
    await stranger('b')
    await town.advance(12 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ desired: { key: 'support-chats/a/manifest.json' } })
    await remove('a')
    await town.until(
      'what waited is judged',
      async () => JSON.stringify((await town.lane(TRAIN)).desired).includes('/b/'),
      1,
    )
    town.setPolicy(policyOf(free))
    await town.advance(HOUR)
    expect((await town.lane(TRAIN)).rest?.text).toContain('who asked is unknown')
    // As it was, it is wanted again.
    await upload(town, 'a')
    await town.until('it trains', async () => (await ran()).includes('a succeeded'), 4)
  })

  it.each(['it is no manifest any more', 'it lies under no rule of its lane'])('nor where %s', async (how) => {
    const free: Over = { approvals: { autoApproveBelow: 1e9, unknownRequester: 'refuse' } }
    town = await openTown({ config: policyOf({ ...free, dollars: 50 }), dataDir })
    await upload(town, 'a')
    await town.advance(12 * MINUTE)
    await stranger('b')
    await town.advance(12 * MINUTE)
    const { dataset } = piped().on
    const nested = { ...rest, on: { dataset: { ...dataset, prefix: 'support-chats/a/' } } }
    const { pipelines, ...others } = policyOf({ ...free, dollars: 50 })
    if (how.startsWith('it is no'))
      await town.house.objects.write('acme-datasets', 'support-chats/a/manifest.json', Buffer.from('{oops'))
    else town.setPolicy({ ...others, pipelines: { ...pipelines, nested } } as Config)
    await town.until(
      'what waited is judged',
      async () => JSON.stringify((await town.lane(TRAIN)).desired).includes('/b/'),
      1,
    )
    const told = (await timeline(town)).length
    await town.advance(3 * HOUR)
    expect((await timeline(town)).length).toBeLessThan(told + 20)
  })

  it('leaves an alert to begin on the newest that is there, once what refused that has passed', async () => {
    town = await openTown({ config: { ...config, services: watched({ coolDown: '30m' }) }, dataDir })
    await upload(town, 'z')
    await town.settled(TRAIN)
    const less = {
      ...config,
      services: watched({ coolDown: '30m' }),
      budget: { ...config.budget, dollars: 50 },
    } as Config
    town.setPolicy(less)
    await town.advance(HOUR)
    await upload(town, 'a')
    await town.advance(12 * MINUTE)
    await tellOf(town, { since: clockOf(town).now() })
    await town.advance(10 * MINUTE)
    await remove('a')
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({
      desired: { key: 'support-chats/z/manifest.json', drift: {} },
      outcome: { kind: 'refused' },
    })
    town.setPolicy({ ...config, services: watched({ coolDown: '30m' }) })
    await town.until('people are asked', async () => (await town.question(TRAIN)) !== null, 1)
  })
})
