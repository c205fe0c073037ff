import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { hang, podsOf } from './hanging.ts'
import { clockOf, HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, SLOW, say, served, stepIs } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'gpu-serve'
const open = async (maxGpus: number, service: object = {}): Promise<void> => {
  const config = structuredClone(example)
  Object.assign(config.pools[POOL] ?? {}, { maxGpus })
  Object.assign(config.services?.[MODEL] ?? {}, service)
  town = await openTown({ config })
  await served(town)
}
const promoted = async (simulation?: Parameters<typeof registerVersion>[1]['simulation']): Promise<void> =>
  promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
/** What a pod's node has is taken for as long as it hangs: its pool has so many GPUs beside it. */
const lost = async ({ spec }: KubeObject<'Pod'>, maxGpus: number): Promise<void> => {
  const { cluster } = town.house
  const pool = { instanceType: 'g6e.12xlarge', gpusPerNode: 4, capacityTypes: ['on-demand'] as 'on-demand'[] }
  await cluster.apply(nodePoolObject({ name: POOL, ...pool, maxGpus }), 'signalbox-workload')
  const node = (await cluster.list('Node')).find(({ metadata }) => metadata.name === spec?.nodeName)
  if (node !== undefined) await cluster.delete(refOf(node), node.metadata.uid ?? '')
}
/** Its ceiling is what it was all the same. */
const ceilingStays = (maxGpus: number): void => {
  const { cluster } = town.house
  const [list, get] = [cluster.list.bind(cluster), cluster.get.bind(cluster)]
  const asWas = <O extends KubeObject | null>(object: O): O =>
    object?.kind === 'NodePool' && object.metadata.name === POOL
      ? { ...object, spec: { ...(object as KubeObject<'NodePool'>).spec, limits: { 'nvidia.com/gpu': maxGpus } } }
      : object
  cluster.list = async (...asked) => (await list(...asked)).map(asWas)
  cluster.get = async (ref) => asWas(await get(ref))
}
const told = async (): Promise<string[]> =>
  (await town.house.cards()).map(({ card }) => card.title).filter((title) => title.includes('kubectl delete node'))

describe('a pod that its node never ends', () => {
  it('of what a rollout takes away last: the way ends well, its GPUs stay held, and people are told once which Node to delete', async () => {
    await open(16)
    const [one] = await podsOf(town, 1)
    const letGo = hang(town, one!)
    await promoted()
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect((await town.held(`pool/${POOL}`)).sum).toBe(12)
    await town.advance(3 * HOUR)
    expect(await told()).toEqual([
      expect.stringMatching(`^generation 1: its pod had to end by .* kubectl delete node ${one?.spec?.nodeName} .*its 4 GPUs stay held$`), // biome-ignore format: a line
    ])
    expect((await town.house.why(SERVE)).text).toContain(`kubectl delete node ${one?.spec?.nodeName}`)
    letGo()
    await town.advance(10 * MINUTE)
    expect((await town.held(`pool/${POOL}`)).sum).toBe(8)
    expect((await town.house.why(SERVE)).text).not.toContain('kubectl delete node')
    expect(await looseEnds(town)).toEqual([])
  })

  it('in the midst of a rollout in a pool that has room beside it: what is brought up next is held beside it', async () => {
    await open(24, { replicas: 3 })
    const gone = await podsOf(town, 1)
    const letGo = gone.map((one) => hang(town, one))
    await promoted()
    await town.answered(SERVE)
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'succeeded' })
    expect((await town.held(`pool/${POOL}`)).sum).toBe(24)
    for (const go of letGo) go()
    expect(await looseEnds(town)).toEqual([])
  })

  it('in the midst of a rollout in a full pool: who cancels it is heeded, and its way back ends though nothing has room beside it', async () => {
    await open(12)
    const letGo = (await podsOf(town, 1)).map((one) => hang(town, one, () => lost(one, 8)))
    await promoted()
    await town.answered(SERVE)
    const waits = async (): Promise<boolean> => (await town.house.why(SERVE)).text.includes('kubectl delete node')
    await town.until('a node hangs', waits)
    await town.advance(20 * MINUTE)
    const { generation, attempt } = await town.lane(SERVE)
    await say(town, 'cancel', { lane: SERVE, saw: { generation, attempt } })
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'cancelled' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await town.house.ports.ledger.counts()).not.toHaveProperty('contended')
    for (const go of letGo.toReversed()) go()
    expect(await looseEnds(town)).toEqual([])
  })

  it('in the midst of a rollout in a full pool, for good: it goes back once nobody ends that pod but a person, and another attempt goes around that node', async () => {
    await open(12)
    const [one, two] = await podsOf(town, 1)
    const hung = { is: null as KubeObject<'Pod'> | null }
    const letGo = [one!, two!].map((pod) =>
      hang(
        town,
        pod,
        async () => {
          hung.is = pod
          await lost(pod, 8)
          ceilingStays(12)
        },
        () => hung.is === null,
      ),
    )
    await promoted()
    await town.answered(SERVE)
    await town.until('it has ended', async () =>
      (await town.past(SERVE)).some(({ outcome }) => outcome.kind === 'failed'),
    )
    const [ended] = (await town.past(SERVE)).filter(({ outcome }) => outcome.kind === 'failed')
    const names = `kubectl delete node ${hung.is?.spec?.nodeName}`
    expect(ended?.outcome).toMatchObject({ reason: 'node-lost', detail: expect.stringContaining(names) })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    const lostAt = ended?.run.steps.find(({ state }) => state === 'failed')?.endedAt ?? 0
    expect((ended?.endedAt ?? 0) - lostAt).toBeLessThan(20 * MINUTE)
    // One goes before another comes, and the card says why.
    await town.until('it asks again', async () => (await town.question(SERVE)) !== null)
    const plan = (await town.plan(SERVE))?.plan
    expect([plan?.attempt, plan?.strategy?.name, plan?.bounds.gpus]).toEqual([2, 'one-out-one-in', { [POOL]: 12 }])
    expect(plan?.reasons).toContainEqual(expect.stringContaining(names))
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect([await replicasOf(town), await told()]).toEqual([{ 2: 2 }, [expect.stringContaining(names)]])
    for (const go of letGo.toReversed()) go()
    expect(await looseEnds(town)).toEqual([])
  })

  it('at rest is told, and a rollout is asked about, held and carried out beside it', async () => {
    await open(24)
    const [one] = await podsOf(town, 1)
    const letGo = hang(town, one!)
    await town.house.cluster.delete(refOf(one!), one?.metadata.uid ?? '')
    await town.advance(HOUR)
    expect(await told()).toHaveLength(1)
    await promoted()
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const plan = (await town.plan(SERVE))?.plan
    expect(plan?.reasons).toContainEqual(expect.stringContaining(`kubectl delete node ${one?.spec?.nodeName}`))
    expect(plan?.bounds.gpus).toEqual({ [POOL]: 16 })
    await town.answered(SERVE)
    const asked = clockOf(town).now()
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(clockOf(town).now() - asked).toBeLessThan(25 * MINUTE)
    expect(await told()).toHaveLength(1)
    letGo()
    expect(await looseEnds(town)).toEqual([])
  })

  it('of what a way back takes away: what is promoted as the mend is planned once that is seen, and not an hour later', async () => {
    await open(24)
    await promoted(SLOW)
    await town.answered(SERVE)
    await town.until('it is at its gate', stepIs(town, SERVE, 'gate', 'running'))
    const [one] = await podsOf(town, 2)
    const letGo = hang(town, one!)
    await town.until('it goes back', async () => (await town.lane(SERVE)).run?.phase === 'back')
    await promoted()
    const since = clockOf(town).now()
    await town.until('v3 is asked about', async () => (await town.plan(SERVE))?.plan.generation === 3)
    expect(clockOf(town).now() - since).toBeLessThan(15 * MINUTE)
    letGo()
  })
})

it('pods that may drain for longer than a move is patient are on time, and what that costs was approved', async () => {
  const lifecycle = { preStop: { sleep: { seconds: 2400 } } }
  const pod = { terminationGracePeriodSeconds: 2800, containers: [{ name: 'vllm', lifecycle }] }
  await open(16, { loadMinutes: { p50: 2, p95: 5 }, pod })
  await promoted()
  await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  expect((await town.plan(SERVE))?.plan.reasons).toContainEqual(expect.stringContaining('may take 47 min to end'))
  await town.answered(SERVE)
  expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
  expect(await replicasOf(town)).toEqual({ 2: 2 })
  expect(await told()).toEqual([])
  expect(await looseEnds(town)).toEqual([])
})

describe('a gate’s pod on a node that hangs', () => {
  const atGate = async (maxGpus: number, replicas: number): Promise<() => void> => {
    await open(maxGpus, { replicas, maxUnavailable: 2 })
    await promoted({ tasks: { 'gate-check': { minutes: 400 } } })
    await town.answered(SERVE)
    await town.until('it is at its gate', stepIs(town, SERVE, 'gate', 'running'))
    await town.advance(2 * MINUTE)
    const [gate] = await podsOf(town, 2, 'gate-check')
    return hang(town, gate!)
  }

  it('keeps nobody from going back from an outage that was agreed to', async () => {
    const letGo = await atGate(4, 1)
    const { generation, attempt } = await town.lane(SERVE)
    await say(town, 'cancel', { lane: SERVE, saw: { generation, attempt } })
    const since = clockOf(town).now()
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'cancelled' })
    expect(await replicasOf(town)).toEqual({ 1: 1 })
    expect(clockOf(town).now() - since).toBeLessThan(10 * MINUTE)
    letGo()
    expect(await looseEnds(town)).toEqual([])
  })

  it('nor something newer from being asked about', async () => {
    const letGo = await atGate(24, 2)
    await promoted()
    const since = clockOf(town).now()
    await town.until('v3 is asked about', async () => (await town.plan(SERVE))?.plan.generation === 3)
    expect(clockOf(town).now() - since).toBeLessThan(5 * MINUTE)
    letGo()
  })
})
