import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { type KubeObject, refOf } from '../../core/kube.ts'
import example from '../example.ts'
import { clockOf, HOUR, jobsOf, looseEnds, MINUTE, stepIs, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** Three times what `train` takes at the most: how long Kubernetes lets its Job be at work. */
const HOURS = 9
const configOf = (nodeWithin?: string) => {
  const config = structuredClone(example)
  return {
    ...config,
    approvals: { ...config.approvals, autoApproveBelow: 1e9 },
    pipelines: {
      'support-chats': { ...config.pipelines!['support-chats']!, ...(nodeWithin === undefined ? {} : { nodeWithin }) },
    },
  }
}
/** What Karpenter may start in the pool from now on. */
const limit = (maxGpus: number) => {
  const pool = { instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'] as 'on-demand'[] }
  return town.house.cluster.apply(nodePoolObject({ name: 'gpu-train', ...pool, maxGpus }), 'signalbox-workload')
}
/** A town whose cloud has no machine left by the time that the Job is made. */
const waiting = async (nodeWithin?: string, minutes = 10): Promise<void> => {
  town = await openTown({ config: configOf(nodeWithin) })
  const { cluster } = town.house
  const create = cluster.create.bind(cluster)
  cluster.create = async (object) => {
    if (object.kind === 'Job') await limit(0)
    return create(object)
  }
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes } } } })
  await town.until('it waits', async () => (await town.lane(TRAIN)).rest?.text.includes('waiting for a node') === true)
  cluster.create = create
}
const job = async () => (await jobsOf(town))[0] as KubeObject<'Job'>
const seconds = async () => (await job()).spec?.activeDeadlineSeconds ?? 0

describe('waiting for a node is not work', () => {
  it('and has its own end, beyond what the work may take: it costs nothing, and what was held goes back', async () => {
    await waiting()
    const since = clockOf(town).now()
    await town.advance((HOURS + 6) * HOUR)
    expect((await town.lane(TRAIN)).run).toMatchObject({ phase: 'steps', ending: null })
    expect(await town.held('pool/gpu-train')).toMatchObject({ sum: 8 })
    expect(await town.house.why(TRAIN)).toMatchObject({
      text: expect.stringContaining('waiting for a node'),
      also: ['it has cost $0.00 of at most $223.83 so far'],
    })
    const { outcome } = await town.settled(TRAIN)
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'no-node',
      detail: expect.stringMatching(/\(24 h\): waiting for a node/),
    })
    expect(clockOf(town).now() - since).toBeGreaterThan(23.8 * HOUR)
    expect(clockOf(town).now() - since).toBeLessThan(24.2 * HOUR)
    expect((await town.past(TRAIN)).at(-1)?.cost).toBe(0)
    expect(await looseEnds(town)).toEqual([])
    expect(await town.held('pool/gpu-train')).toEqual({ lanes: {}, sum: 0 })
    expect(await jobsOf(town)).toEqual([])
  })

  it('ends as the policy in force says, also where that was changed while it waited', async () => {
    await waiting('2d')
    await town.advance(30 * HOUR)
    expect((await town.lane(TRAIN)).run?.ending).toBeNull()
    town.setPolicy(configOf('90m'))
    const { outcome } = await town.settled(TRAIN, 2)
    expect(outcome).toMatchObject({ reason: 'no-node', detail: expect.stringContaining('(1.5 h)') })
  })

  it('takes nothing of its hours: what gets its node after twenty of them has all that it had', async () => {
    await waiting()
    const made = await seconds()
    expect(made).toBe((HOURS + 24) * 3600)
    await town.advance(20 * HOUR)
    await limit(8)
    await town.until('it runs', async () => ((await job()).status?.ready ?? 0) > 0)
    await town.advance(MINUTE)
    const { metadata, status } = await job()
    const [pod] = (await town.house.cluster.list('Pod')).filter(({ metadata: { name } }) =>
      name.startsWith(metadata.name),
    )
    const ends = new Date(status?.startTime ?? 0).getTime() + 1000 * (await seconds())
    const from = new Date((pod as KubeObject<'Pod'>).status?.startTime ?? 0).getTime()
    expect(ends - from).toBe(HOURS * HOUR)
    const { state } = await town.settled(TRAIN)
    expect(state).toBe('succeeded')
    expect((await town.past(TRAIN)).at(-1)?.cost).toBeLessThan(20)
  })
})

describe('a Job that somebody suspends and lets go again', () => {
  it('has the hours that remain, though Kubernetes counts from the resume', async () => {
    town = await openTown({ config: configOf() })
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 150 } } } })
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'))
    await town.until('it runs', async () => ((await job()).status?.ready ?? 0) > 0)
    await town.advance(2 * HOUR)
    const suspended = async (suspend: boolean) =>
      town.house.cluster.patch(refOf(await job()), (await job()).metadata.uid ?? '', { spec: { suspend } })
    await suspended(true)
    await town.advance(48 * HOUR)
    const left = HOURS - 2
    expect((await seconds()) / 3600).toBeCloseTo(left, 1)
    await suspended(false)
    await town.until('it runs', async () => ((await job()).status?.ready ?? 0) > 0)
    await town.advance(MINUTE)
    const { status } = await job()
    const ends = new Date(status?.startTime ?? 0).getTime() + 1000 * (await seconds())
    expect((ends - clockOf(town).now()) / HOUR).toBeCloseTo(left, 0)
  })
})
