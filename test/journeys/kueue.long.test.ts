import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { type KubeObject, QUEUE_LABEL, refOf } from '../../core/kube.ts'
import { runOnceName } from '../../core/names.ts'
import { everyRow } from '../../flows/rows.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { clockOf, everyJob, fillPool, HOUR, looseEnds, MINUTE, stepIs } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'gpu-train'
const ROOM = `pool/${POOL}`
const BUDGET = 'budget/ml-monthly'
const NOTHING = { lanes: {}, sum: 0 }
/** Datasets that each need a whole node of a pool that has one; and whether Kueue owns it. */
const configOf = (names: string[], queue?: string) => ({
  ...example,
  pools: {
    ...example.pools,
    [POOL]: { ...example.pools[POOL], maxGpus: 8, ...(queue === undefined ? {} : { queue }) },
  },
  pipelines: Object.fromEntries(names.map((name) => [name, piped({ prefix: `${name}/` })])),
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
})
const laneOf = (name: string): string => `pipeline/${name}`
const upload = async (name: string) => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/a/`, rows: ['{}'] })
  await town.house.scanUploads()
  await town.advance(0)
  clockOf(town).set(town.house.clock.now() + 1000)
}
const jobOf = async (name: string, step = 'train') => {
  const lane = await town.lane(laneOf(name))
  const ref = { kind: 'Job', namespace: 'training', name: runOnceName(lane, lane, step) } as const
  return (await town.house.cluster.get(ref)) as KubeObject<'Job'> | null
}
const runs = (name: string) => async () => ((await jobOf(name))?.status?.ready ?? 0) > 0
const why = async (name: string) => (await town.house.why(laneOf(name))).text
const succeeded = async (name: string) =>
  town.until(`${name} succeeds`, async () => (await town.lane(laneOf(name))).state === 'succeeded')
/** The pool's limit, by which Kueue lends here as Karpenter does. */
const limit = (maxGpus: number) => {
  const pool = { instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'] as 'on-demand'[] }
  return town.house.cluster.apply(nodePoolObject({ name: POOL, ...pool, maxGpus }), 'signalbox-workload')
}
/** As Kueue does to a Job whose GPUs somebody else gets. */
const preempt = async (name: string) => {
  const job = (await jobOf(name)) as KubeObject<'Job'>
  return town.house.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { suspend: true } })
}

describe('a pool that Kueue owns', () => {
  it('is lent by Kueue: all Jobs are made at once and hold dollars alone, and each runs when it is admitted', async () => {
    town = await openTown({ config: configOf(['one', 'two'], 'gpu') })
    for (const name of ['one', 'two']) await upload(name)
    for (const name of ['one', 'two']) {
      expect((await jobOf(name))?.metadata.labels).toMatchObject({ [QUEUE_LABEL]: 'gpu' })
      expect((await town.lane(laneOf(name))).run).toMatchObject({ phase: 'steps', hold: { gpus: {} } })
    }
    expect(await town.held(ROOM)).toEqual(NOTHING)
    expect((await town.held(BUDGET)).lanes).toEqual({ 'pipeline/one': 22_383, 'pipeline/two': 22_383 })
    await town.until('the first runs', runs('one'))
    expect(await why('one')).toContain('running on')
    expect(await why('two')).toContain('Kueue has not admitted it yet: it waits in the LocalQueue gpu')
    expect((await jobOf('two'))?.spec?.suspend).toBe(true)
    await town.until('the second runs', runs('two'))
    expect(await stepIs(town, 'pipeline/one', 'train', 'done')()).toBe(true)
    for (const name of ['one', 'two']) await succeeded(name)
    for (const room of [ROOM, BUDGET]) expect(await town.held(room)).toEqual(NOTHING)
    expect(await looseEnds(town)).toEqual([])
  })

  it('what Kueue suspends and lets go again has neither failed nor been edited: its time and its cost stand still', async () => {
    town = await openTown({ config: configOf(['one'], 'gpu') })
    const jobs = await everyJob(town)
    await upload('one')
    await town.until('it runs', runs('one'))
    await limit(0)
    expect(await preempt('one')).toBe('patched')
    await town.advance(10 * HOUR)
    expect(await why('one')).toContain('Kueue has suspended it: it waits in the LocalQueue gpu again')
    expect(await town.lane('pipeline/one')).toMatchObject({ run: { phase: 'steps', ending: null } })
    await limit(8)
    await town.until('it runs again', runs('one'), 1)
    expect((await jobOf('one'))?.spec?.template.spec?.nodeSelector).toMatchObject({
      'node.kubernetes.io/instance-type': 'p5.48xlarge',
    })
    await succeeded('one')
    const [past] = await town.past('pipeline/one')
    expect(past).toMatchObject({ outcome: { kind: 'succeeded' }, run: { attempt: 1 } })
    expect(past?.cost).toBeLessThan(55.04)
    expect(jobs()).toEqual(['g1a1-evaluate', 'g1a1-train'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('what somebody’s pods use there keeps nothing of ours from being made', async () => {
    town = await openTown({ config: configOf(['one'], 'gpu') })
    await fillPool(town)
    await upload('one')
    expect(await jobOf('one')).not.toBeNull()
    expect((await town.house.why(ROOM)).text).toBe('it has no line: nothing of it is held here')
  })

  it('what could never fit is refused on paper, as anywhere', async () => {
    const config = configOf(['one'], 'gpu')
    town = await openTown({
      config: { ...config, pools: { ...config.pools, [POOL]: { ...config.pools[POOL], maxGpus: 4 } } },
    })
    await upload('one')
    expect(await town.settled('pipeline/one')).toMatchObject({ outcome: { kind: 'refused', reason: 'pool-too-small' } })
  })
})

describe('a pool that becomes Kueue’s', () => {
  it('while a run holds of it: that goes on as it was planned, its hold falls, and what comes holds nothing', async () => {
    town = await openTown({ config: configOf(['one', 'two']) })
    await upload('one')
    await town.until('it runs', runs('one'))
    expect(await town.held(ROOM)).toEqual({ lanes: { 'pipeline/one': 8 }, sum: 8 })
    town.setPolicy(configOf(['one', 'two'], 'gpu'))
    await upload('two')
    expect(await town.held(ROOM)).toEqual({ lanes: { 'pipeline/one': 8 }, sum: 8 })
    expect((await jobOf('two'))?.metadata.labels).toMatchObject({ [QUEUE_LABEL]: 'gpu' })
    await town.until('it is evaluated', stepIs(town, 'pipeline/one', 'evaluate', 'running'))
    expect((await jobOf('one', 'evaluate'))?.metadata.labels).not.toHaveProperty([QUEUE_LABEL])
    expect(await town.held(ROOM)).toEqual({ lanes: { 'pipeline/one': 1 }, sum: 1 })
    for (const name of ['one', 'two']) await succeeded(name)
    for (const room of [ROOM, BUDGET]) expect(await town.held(room)).toEqual(NOTHING)
    expect(await looseEnds(town)).toEqual([])
  })

  it('while a run stands in its line: it leaves that line, and its Job waits in Kueue’s queue', async () => {
    town = await openTown({ config: configOf(['one']) })
    await fillPool(town)
    await upload('one')
    expect(await town.lane('pipeline/one')).toMatchObject({
      run: { phase: 'waiting-for-room', line: { rooms: [ROOM] } },
    })
    town.setPolicy(configOf(['one'], 'gpu'))
    await town.advance(3 * MINUTE)
    expect(await everyRow(town.house.ports.ledger, 'line', `${ROOM}#`)).toEqual([])
    expect((await jobOf('one'))?.metadata.labels).toMatchObject({ [QUEUE_LABEL]: 'gpu' })
    expect(await town.held(ROOM)).toEqual(NOTHING)
    expect(await looseEnds(town)).toEqual([])
  })

  it('and ours again: a Job that Kueue has is not held, and counts by what it uses', async () => {
    town = await openTown({ config: configOf(['one', 'two'], 'gpu') })
    await upload('one')
    await town.until('it runs', runs('one'))
    town.setPolicy(configOf(['one', 'two']))
    await upload('two')
    expect(await town.lane('pipeline/two')).toMatchObject({ run: { phase: 'waiting-for-room' } })
    for (const name of ['one', 'two']) await succeeded(name)
    expect(await town.held(ROOM)).toEqual(NOTHING)
    expect(await looseEnds(town)).toEqual([])
  })
})
