import { afterEach, describe, expect, it } from 'vitest'
import { laneKinds } from '../../core/lane-kinds/catalogue.ts'
import { planCard } from '../../core/plan-text.ts'
import { LOOKED_AT } from '../../core/planning/learned.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { onPaper } from '../../flows/on-paper.ts'
import type { Ports } from '../../flows/ports.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { exampleWith } from '../core/training-fixture.ts'
import { piped } from '../variants.ts'
import { TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** Runs on a dataset of that name, of which training takes so long. */
const trained = async (day: string, minutes: number): Promise<void> => {
  await upload(town, day, { simulation: { tasks: { 'fine-tune': { minutes } } } })
  await town.answered(TRAIN)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
}
/** Uploads, and answers the plan that is asked about. */
const asked = async (day: string) => {
  await upload(town, day, { simulation: { tasks: { 'fine-tune': { minutes: 30 } } } })
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  return (await town.plan(TRAIN))!.plan
}
const USUAL = 'train: usually 30 min, the median of its last 3 runs; the policy says 1.5 h, and 3 h at most'

/** Counts what is read of past runs. */
const readingPast = () => {
  const limits: (number | undefined)[] = []
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    ledger: Object.assign(Object.create(ports.ledger), {
      list: (kind: 'past', page: { limit?: number }) => {
        if (kind === 'past') limits.push(page.limit)
        return ports.ledger.list(kind, page)
      },
    }),
  })
  return { wrap, limits }
}

describe('what past runs took', () => {
  it('is what a card says after three of them, with its source, and binds nobody to less', async () => {
    const { wrap, limits } = readingPast()
    town = await openTown({ wrap })
    await trained('a', 30)
    const first = (await town.past(TRAIN))[0]!.plan!
    await trained('b', 28)
    await trained('c', 50)
    limits.length = 0
    const plan = await asked('d')
    expect(limits).toEqual([LOOKED_AT])
    expect(planCard(plan).lines).toContain(USUAL)
    expect(plan.price.total.p50).toBeLessThan(first.price.total.p50)
    expect(plan.bounds.dollars).toBe(first.bounds.dollars)
    const [card] = await town.house.cards()
    expect(card?.card.lines).toContain(USUAL)
    expect((await town.house.why(TRAIN)).also).toContain('train usually takes 30 min, the median of its last 3 runs')
  })

  it('stays with what is asked about, whoever dies meanwhile: what was approved begins, and the next one learns of it', async () => {
    town = await openTown()
    for (const [day, minutes] of [['a', 30] as const, ['b', 28] as const, ['c', 50] as const])
      await trained(day, minutes)
    const plan = await asked('d')
    const { wrap, limits } = readingPast()
    await town.reopen(wrap)
    await town.answered(TRAIN)
    await town.until('it runs', async () => (await town.run(TRAIN))?.phase === 'steps')
    const begun = (await town.plan(TRAIN))!.plan
    expect(limits).toEqual([])
    expect([begun.digest, begun.learned, begun.price]).toEqual([plan.digest, plan.learned, plan.price])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect((await asked('e')).reasons).toContain(USUAL.replace('last 3', 'last 4'))
  })

  it('is of the stage in its own pool: an alternative elsewhere has the hours that the policy says, until it was run', async () => {
    const price = { perNodeHour: 55.04, spot: 22, source: 'AWS price list', date: '2026-11-01' }
    const spot = { instanceType: 'p5.48xlarge', gpusPerNode: 8, maxGpus: 8, capacityTypes: ['spot'], price }
    const alternatives = { spot: { stages: { train: { pool: 'gpu-spot' } } } }
    town = await openTown({
      config: exampleWith(['pools.gpu-spot', spot], ['pipelines.support-chats', { ...piped(), alternatives }]),
    })
    for (const day of ['a', 'b', 'c']) await trained(day, 30)
    const { alternatives: ways = [] } = await asked('d')
    // It is evaluated on the same pool either way, in ten minutes.
    expect(ways.map(({ name, hours }) => [name, hours])).toEqual([
      ['default', { p50: 0.67, p95: 3.5 }],
      ['spot', { p50: 1.67, p95: 3.5 }],
    ])
  })

  it('is what a plan on paper says, too', async () => {
    town = await openTown()
    for (const day of ['a', 'b', 'c']) await trained(day, 30)
    const bucket = 'acme-datasets'
    const key = await uploadDataset(town.house, { bucket, folder: 'support-chats/d/', rows: ['"d"'] })
    const { etag = '' } = (await town.house.ports.objects.head(bucket, key)) ?? {}
    const told = {
      type: 'dataset-uploaded',
      id: 'e',
      at: 0,
      versionId: null,
      replayed: false,
      requester: null,
    } as const
    const event = { ...told, bucket, key, etag }
    const { plan } = await onPaper(town.house.ports, event, { kinds: laneKinds, reactions })
    expect(plan?.reasons).toContain(USUAL)
  })

  it('tells people, once it is over, what to write where the policy is far off', async () => {
    town = await openTown()
    for (const day of ['a', 'b', 'c', 'd']) await trained(day, 30)
    const better = 'train takes 30 min, and money for 3 h is held for it: write `hours: { p50: 0.5, p95: 0.75 }` for it'
    const told = (await town.house.cards()).filter(({ card }) => card.title.includes('has a new version'))
    expect(told.map(({ card }) => card.lines)).toEqual([[better], [], [], []])
  })
})
