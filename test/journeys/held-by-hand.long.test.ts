import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, TRAIN, trainedUntil } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

type Spec = NonNullable<KubeObject<'Job'>['spec']>

const edited = async (change: Partial<Spec>): Promise<void> => {
  const [job] = await jobsOf(town)
  await (town.house.cluster as SimulatedCluster).edit(refOf(job as KubeObject), 'kubectl-edit', (live) => {
    const own = structuredClone(live) as KubeObject<'Job'>
    return { ...own, spec: { ...own.spec, ...change } } as KubeObject
  })
}

const atWork = async (minutes: number): Promise<void> => {
  town = await openTown()
  await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes } } } })
  await town.advance(HOUR)
}

describe('a Job that somebody lets make no pod', () => {
  it('stays so past every deadline, costs nothing meanwhile, says who did it, and goes on once it may', async () => {
    await atWork(90)
    await edited({ parallelism: 0 })
    await town.advance(10 * MINUTE)
    const { ran, ranFrom } = (await town.lane(TRAIN)).run!.steps[0]!
    expect([ran, ranFrom]).toEqual([expect.any(Number), null])
    await town.advance(50 * HOUR)
    expect((await town.lane(TRAIN)).rest?.text).toContain('kubectl-edit has set its parallelism to 0: it goes on once')
    expect((await town.lane(TRAIN)).run?.steps[0]).toMatchObject({ state: 'running', ran, ranFrom: null })
    await edited({ parallelism: 1 })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    const [past] = await town.past(TRAIN)
    expect(past?.cost).toBeGreaterThan(55.04 * 2)
    expect(past?.cost).toBeLessThan(55.04 * 3.5)
    expect(await looseEnds(town)).toEqual([])
  })
})

it('a deadline that somebody has set ends the Job in their name', async () => {
  await atWork(90)
  await edited({ activeDeadlineSeconds: 60 })
  const { state, outcome } = await town.settled(TRAIN)
  expect([state, outcome?.detail]).toEqual(['failed', 'it ran into its deadline of 1 min, which kubectl-edit has set'])
})
