import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openStores } from '../../local/stores.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { everyJob, HOUR, looseEnds, TRAIN, trainedUntil } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
let bucket: string
afterEach(() => town.close())

/** Something keeps its image from being pulled: an attempt that follows may do better. */
const LOST = { simulation: { tasks: { evaluate: { imagePull: 'fail' as const } } } }
const mend = (behaviour: Record<string, unknown> = {}): Promise<void> =>
  town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from(JSON.stringify(behaviour)))
/** The training is finished, and the first evaluation has failed in passing. */
const half = async (config: unknown = example) => {
  const stores = openStores(null)
  bucket = join(stores.buckets, 'acme-datasets')
  town = await openTown({ config, stores })
  const made = await everyJob(town)
  await trainedUntil(town, 'train', 'running', LOST)
  await town.until('it failed', async () => (await town.past(TRAIN)).length > 0)
  await mend()
  return made
}
/** The policy with another amount of its budget. */
const budgetOf = (dollars: number): unknown => ({ ...example, budget: { ...example.budget, dollars } })
/** Goes on until this attempt has ended, whichever went before. */
const ended = async (attempt: number) => {
  await town.until(`attempt ${attempt} has ended`, async () => {
    const { outcome, run } = await town.lane(TRAIN)
    return run === null && outcome?.attempt === attempt
  })
  return town.lane(TRAIN)
}
/** The policy with another ceiling of the pool that is trained in. */
const ceilingOf = (config: object, maxGpus: number): unknown => {
  const { pools } = config as typeof example
  return { ...config, pools: { ...pools, 'gpu-train': { ...pools['gpu-train'], maxGpus } } }
}

describe('an attempt that carries over what was paid for (law 7)', () => {
  it('needs nothing of the pool of a stage that it carries over: it may be closed by now', async () => {
    const config = { ...example, pipelines: { 'support-chats': piped({ evaluate: { pool: 'gpu-serve' } }) } }
    const made = await half(config)
    town.setPolicy(ceilingOf(config, 0))
    expect(await ended(2)).toMatchObject({ state: 'succeeded' })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('needs of its budget what remains: it begins where all that was approved has no room any more', async () => {
    const made = await half()
    // $223.83 was approved and $9.17 is spent; the evaluation costs $29.35 at most on the node that is there.
    town.setPolicy(budgetOf(100))
    expect(await ended(2)).toMatchObject({ state: 'succeeded' })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('costs no more than was held for it then, and says what to raise', async () => {
    await half()
    await mend({ tasks: { evaluate: { minutes: 300 } } })
    town.setPolicy(budgetOf(100))
    await town.until('it runs', async () => (await town.lane(TRAIN)).run?.hold != null)
    expect((await town.held('budget/ml-monthly')).sum).toBe(2935)
    const { outcome } = await ended(2)
    expect(outcome).toMatchObject({
      reason: 'bound-reached',
      detail: expect.stringMatching(/\$29\.35 that it may at most.*raise the budget, which had no room for more/),
    })
    expect((await town.run(TRAIN, 1, 2))?.cost).toBeLessThanOrEqual(29.35)
  })

  it('is refused, and begins once its budget allows, by what remains: nothing is paid for twice, on paper neither', async () => {
    const made = await half()
    town.setPolicy(budgetOf(10))
    const refused = async () => {
      const { state, held, outcome } = await town.lane(TRAIN)
      return [state, (held ?? outcome)?.detail]
    }
    const said = (dollars: string) => ['refused', expect.stringContaining(`up to ${dollars} for this one`)]
    expect([(await ended(2)).state, await refused()]).toEqual(['refused', said('$58.71')])
    await town.advance(HOUR)
    expect([await refused(), (await town.house.why(TRAIN)).text]).toEqual([said('$58.71'), said('$58.71')[1]])
    town.setPolicy(budgetOf(70))
    expect(await ended(3)).toMatchObject({ state: 'succeeded' })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a3-evaluate'])
  })

  it('begins so too where its manifest is gone by then: what was made of that needs it no more', async () => {
    const made = await half()
    town.setPolicy(budgetOf(10))
    await ended(2)
    rmSync(join(bucket, 'support-chats/a/manifest.json'))
    await town.advance(2 * HOUR)
    expect((await town.lane(TRAIN)).state).toBe('refused')
    town.setPolicy(budgetOf(70))
    expect(await ended(3)).toMatchObject({ state: 'succeeded' })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a3-evaluate'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('is refused for a whole training again once what it would carry over was written over', async () => {
    await half()
    town.setPolicy(budgetOf(10))
    await ended(2)
    const { name } = await town.lane(TRAIN)
    const made = await town.house.objects.list('acme-results', `results/${name}-g1a1-train-`)
    for (const { key } of made) await town.house.objects.write('acme-results', key, Buffer.from('other'))
    town.setPolicy(budgetOf(70))
    await town.advance(HOUR)
    expect(await town.lane(TRAIN)).toMatchObject({
      state: 'refused',
      held: { detail: expect.stringContaining('up to $223.83 for this one') },
    })
  })
})
