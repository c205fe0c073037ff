import { afterEach, describe, expect, it } from 'vitest'
import example from '../../signalbox.config.ts'
import { piped } from '../variants.ts'
import { everyJob, looseEnds, TRAIN, trainedUntil } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** Something keeps its image from being pulled: an attempt that follows may do better. */
const LOST = { simulation: { tasks: { evaluate: { imagePull: 'fail' as const } } } }
const mend = () => town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from('{}'))
/** The training is finished, and the first evaluation has failed in passing. */
const half = async (config: unknown = example) => {
  town = await openTown({ config })
  const made = await everyJob(town)
  await trainedUntil(town, 'train', 'running', LOST)
  await town.until('it failed', async () => (await town.past(TRAIN)).length > 0)
  await mend()
  return made
}
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
})
