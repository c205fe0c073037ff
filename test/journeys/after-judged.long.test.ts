import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { label } from '../../core/names.ts'
import { SERVING_TASK, TASK_LABEL } from '../../core/workloads/serving.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { looseEnds, MINUTE, MODEL, replicasOf, SERVE, served, stepIs } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'gpu-serve'

/** What Karpenter may have standing in the pool from now on. */
const limit = (maxGpus: number) => {
  const pool = { instanceType: 'g6e.12xlarge', gpusPerNode: 4, capacityTypes: ['on-demand'] as 'on-demand'[] }
  return town.house.cluster.apply(nodePoolObject({ name: POOL, ...pool, maxGpus }), 'signalbox-workload')
}
const replicas = async (generation: number) => {
  const pods = (await town.house.cluster.list('Pod')) as KubeObject<'Pod'>[]
  return pods.filter(
    ({ metadata: { labels = {} } }) =>
      labels[TASK_LABEL] === SERVING_TASK && labels[label('generation')] === String(generation),
  )
}
const nodeOf = async (generation: number): Promise<KubeObject> => {
  const [pod] = await replicas(generation)
  const nodes = await town.house.cluster.list('Node')
  return nodes.find(({ metadata }) => metadata.name === pod?.spec?.nodeName) as KubeObject
}
/** Version 2 at its gate, on a pool of so many GPUs. */
const atGate = async (maxGpus: number): Promise<void> => {
  const config = structuredClone(example)
  Object.assign(config.pools[POOL] ?? {}, { maxGpus })
  town = await openTown({ config })
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE)
  await town.until('it is at its gate', stepIs(town, SERVE, 'gate', 'running'))
}
const cost = async (): Promise<string | undefined> =>
  (await town.house.why(SERVE)).also?.find((text) => text.startsWith('it has cost'))

describe('a rollout whose judged replica loses its node, and none is to be had', () => {
  it('says that it waits for one, for as long as a move waits, and none of it is booked, nor does its bound end it', async () => {
    await atGate(16)
    const node = await nodeOf(2)
    await limit(8)
    await town.house.cluster.delete(refOf(node), node.metadata.uid ?? '')
    await town.until('it was judged', stepIs(town, SERVE, 'move-2', 'running'))
    await town.advance(2 * MINUTE)
    const [before, { text }] = [await cost(), await town.house.why(SERVE)]
    expect(text).toContain('none of generation 2 is ready: generation 1 stays as it is: waiting for a node')
    await town.advance(50 * MINUTE)
    expect(await cost()).toBe(before)
    const { outcome } = await town.settled(SERVE)
    expect(outcome).toMatchObject({
      reason: 'not-healthy',
      detail: expect.stringMatching(/after 65 minutes still .*waiting for a node/),
    })
    const [past] = (await town.past(SERVE)).slice(-1)
    expect(`it has cost $${past?.cost.toFixed(2)}`).toBe(before?.slice(0, before.indexOf(' of')))
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('and with a node again it goes on, and costs what it has on nodes', async () => {
    await atGate(16)
    const node = await nodeOf(2)
    await limit(8)
    await town.house.cluster.delete(refOf(node), node.metadata.uid ?? '')
    await town.advance(40 * MINUTE)
    await limit(16)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    const [past] = (await town.past(SERVE)).slice(-1)
    expect(past?.cost).toBeLessThan(4)
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('a version that crashes once it was judged', () => {
  it.each([8, 16])('ends within minutes with what its program said, on a pool of %d GPUs', async (maxGpus) => {
    await atGate(maxGpus)
    const { source } = (await town.lane(SERVE)).desired as unknown as { source: string }
    const [bucket = '', ...path] = source.replace('s3://', '').split('/')
    const crash = new TextEncoder().encode(JSON.stringify({ exitCode: 1 }))
    await town.house.objects.write(bucket, `${path.join('/')}simulation.json`, crash)
    await town.advance(9 * MINUTE)
    for (const pod of await replicas(2)) await town.house.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
    await town.advance(15 * MINUTE)
    const { outcome } = await town.settled(SERVE)
    expect(outcome).toMatchObject({
      reason: 'exit-code',
      detail: expect.stringMatching(/ended with exit 1 \(it was restarted 3 times\)\. Last log lines: /),
    })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await looseEnds(town)).toEqual([])
  })
})
