import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../core/policy.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { resync } from '../../flows/resync.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { clockOf, HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, say, served, stepIs } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const { [MODEL]: _, ...others } = example.services ?? {}
const without: Config = { ...example, services: others, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }
const open = async () => {
  town = await openTown()
  await served(town)
  expect((await town.held('pool/gpu-serve')).sum).toBe(8)
  town.setPolicy(without)
}
const asks = async () => (await town.question(SERVE)) !== null

it('a service that leaves the policy goes only once a person has said so, and its GPUs go back', async () => {
  await open()
  await town.until('it asks', asks, 1)
  expect(Object.values(await replicasOf(town))).toEqual([2])
  const [card] = (await town.house.cards()).filter(({ card: { question } }) => question !== null)
  expect(card?.card.title).toContain(`Retire the service ${MODEL}`)
  await town.answered(SERVE)
  expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', baseline: null })
  expect(await replicasOf(town)).toEqual({})
  expect((await town.held('pool/gpu-serve')).sum).toBe(0)
  const { generation } = await town.lane(SERVE)
  await town.advance(6 * HOUR)
  expect((await town.lane(SERVE)).generation).toBe(generation)
  expect(await looseEnds(town)).toEqual([])
})

it('goes though its pool was lowered below what stands: what only gives back needs no room', async () => {
  town = await openTown()
  await served(town)
  const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 0 } }
  town.setPolicy({ ...without, pools })
  await town.answered(SERVE)
  expect(await town.settled(SERVE, 3)).toMatchObject({ state: 'succeeded' })
  expect((await town.held('pool/gpu-serve')).sum).toBe(0)
})

it('frozen, it is left alone: nobody is woken for it before the thaw, and then it is asked about', async () => {
  await open()
  const now = clockOf(town).now()
  await town.house.command({ kind: 'freeze', lane: '*', until: now + 12 * HOUR, by: ANA })
  await town.advance(HOUR)
  const { writtenAt } = await town.lane(SERVE)
  const { woken } = await resync(town.house.ports, reactions)
  expect(woken).toBe(0)
  await town.advance(6 * HOUR)
  expect((await town.lane(SERVE)).writtenAt).toBe(writtenAt)
  expect(await town.question(SERVE)).toBeNull()
  await town.until('it asks', asks, 6)
})

it('denied, it goes on answering, is not asked about again, and a person may say retry', async () => {
  await open()
  await town.answered(SERVE, 'deny')
  expect(await town.settled(SERVE)).toMatchObject({ state: 'rejected' })
  await town.advance(6 * HOUR)
  expect(Object.values(await replicasOf(town))).toEqual([2])
  expect((await town.held('pool/gpu-serve')).sum).toBe(8)
  expect(await say(town, 'retry', { lane: SERVE })).toMatchObject({ ok: true })
  await town.answered(SERVE)
  expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
  expect(await replicasOf(town)).toEqual({})
})

it('put back while it is asked about: the question closes, and what stands is what is wanted', async () => {
  await open()
  await town.until('it asks', asks, 1)
  town.setPolicy(example)
  await town.advance(12 * MINUTE)
  expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', run: null, desired: { kind: 'serve' } })
  expect(Object.values(await replicasOf(town))).toEqual([2])
})

it('put back after it was retired: the promoted version is served again', async () => {
  await open()
  await town.answered(SERVE)
  await town.settled(SERVE)
  town.setPolicy(example)
  await town.answered(SERVE)
  expect(await town.settled(SERVE, 3)).toMatchObject({ state: 'succeeded' })
  expect(Object.values(await replicasOf(town))).toContain(2)
})

describe('what somebody takes away by hand', () => {
  const deleteAll = async () => {
    for (const { kind, metadata } of await town.house.cluster.list('Deployment', { namespace: 'serving' }))
      await town.house.cluster.delete({ kind, namespace: 'serving', name: metadata.name }, metadata.uid ?? '')
  }
  const free = async () => (await town.held('pool/gpu-serve')).sum === 0

  it('before the rule leaves: nothing is asked, and nothing stays held', async () => {
    town = await openTown()
    await served(town)
    await deleteAll()
    town.setPolicy(without)
    await town.until('it is free', free, 1)
    expect(await town.question(SERVE)).toBeNull()
  })

  it('while it is asked about: approved, there is nothing to take away', async () => {
    await open()
    await town.until('it asks', asks, 1)
    await deleteAll()
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
    await town.until('it is free', free, 1)
  })

  it('after it was denied: its GPUs go back', async () => {
    await open()
    await town.answered(SERVE, 'deny')
    await town.settled(SERVE)
    await deleteAll()
    await town.until('it is free', free, 1)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'rejected' })
  })
})

it('put back for a while and taken out again it is asked about again', async () => {
  await open()
  await town.until('it asks', asks, 1)
  const inShadow = structuredClone(example)
  inShadow.services![MODEL]!.mode = 'shadow'
  town.setPolicy(inShadow)
  await town.advance(12 * MINUTE)
  expect(await town.question(SERVE)).toBeNull()
  town.setPolicy(without)
  await town.until('it asks', asks, 1)
})

it('where nobody may ask unknown it is asked about all the same: the policy itself is who asks', async () => {
  town = await openTown()
  await served(town)
  const approvals = { ...without.approvals, unknownRequester: 'refuse' as const }
  town.setPolicy({ ...without, approvals })
  await town.until('it asks', asks, 1)
})

it('cancelled on its way it goes back: what stood stands again, with the replicas that it had', async () => {
  await open()
  await town.answered(SERVE)
  await town.until('it takes replicas away', stepIs(town, SERVE, 'move-1', 'running'), 1)
  expect(await say(town, 'cancel', { lane: SERVE })).toMatchObject({ ok: true })
  expect(await town.settled(SERVE, 3)).toMatchObject({ state: 'cancelled' })
  expect(Object.values(await replicasOf(town))).toEqual([2])
  expect((await town.held('pool/gpu-serve')).sum).toBe(8)
  await town.advance(HOUR)
  expect(await town.lane(SERVE)).toMatchObject({ state: 'cancelled', run: null })
})

describe('a Deployment that somebody deletes alone', () => {
  const orphan = async () => {
    const [one] = await town.house.cluster.list('Deployment', { namespace: 'serving' })
    const ref = { kind: 'Deployment' as const, namespace: 'serving', name: one?.metadata.name ?? '' }
    await (town.house.cluster as SimulatedCluster).orphan(ref)
  }
  const clear = async () => {
    for (const { metadata } of await town.house.cluster.list('ReplicaSet', { namespace: 'serving' }))
      await town.house.cluster.delete(
        { kind: 'ReplicaSet', namespace: 'serving', name: metadata.name },
        metadata.uid ?? '',
      )
  }

  it('before its rule leaves: it is not said to be gone, and once what runs on is deleted nothing is held', async () => {
    town = await openTown()
    await served(town)
    await orphan()
    town.setPolicy(without)
    await town.until('it is refused', async () => (await town.lane(SERVE)).state === 'refused', 1)
    expect((await town.lane(SERVE)).outcome).toMatchObject({ reason: 'pods-without-deployment' })
    await clear()
    await town.until('it is retired', async () => (await town.lane(SERVE)).state === 'succeeded', 1)
    expect((await town.held('pool/gpu-serve')).sum).toBe(0)
  })

  it('before another version is promoted: that is not served beside it', async () => {
    town = await openTown()
    await served(town)
    await orphan()
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.until('it is refused', async () => (await town.lane(SERVE)).state === 'refused', 1)
    await clear()
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded' })
    expect((await town.held('pool/gpu-serve')).sum).toBe(8)
  })
})

it('refused for an autoscaler it is asked about once that is gone', async () => {
  town = await openTown()
  await served(town)
  const [one] = await town.house.cluster.list('Deployment', { namespace: 'serving' })
  const scaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'by-requests', namespace: 'serving' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: one?.metadata.name }, maxReplicas: 4 },
  }
  await town.house.cluster.create(scaler as never)
  town.setPolicy(without)
  await town.until('it is refused', async () => (await town.lane(SERVE)).state === 'refused', 1)
  const [made] = await town.house.cluster.list('HorizontalPodAutoscaler', { namespace: 'serving' })
  await town.house.cluster.delete(
    { kind: 'HorizontalPodAutoscaler', namespace: 'serving', name: 'by-requests' },
    made?.metadata.uid ?? '',
  )
  await town.until('it asks', asks, 1)
})

describe('a rule that goes while a rollout is on its way', () => {
  const onItsWay = async (): Promise<void> => {
    town = await openTown()
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
    await town.answered(SERVE)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
  }
  const ended = async () => {
    await town.until('it ends', async () => (await town.past(SERVE)).some(({ run }) => run.generation === 2), 2)
    return (await town.past(SERVE)).at(-1)?.outcome
  }

  it('takes what is not judged back, says so, and then what serves is asked about', async () => {
    await onItsWay()
    town.setPolicy(without)
    expect(await ended()).toMatchObject({ kind: 'cancelled', reason: 'not-configured' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', baseline: null })
    expect(await replicasOf(town)).toEqual({})
    expect(await looseEnds(town)).toEqual([])
  })

  it('also in a freeze, which no way back waits for', async () => {
    await onItsWay()
    await town.house.command({ kind: 'freeze', lane: SERVE, until: clockOf(town).now() + 12 * HOUR, by: ANA })
    await town.advance(MINUTE)
    town.setPolicy(without)
    expect(await ended()).toMatchObject({ kind: 'cancelled', reason: 'not-configured' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('and where it is in shadow from then on, nobody is asked about anything', async () => {
    await onItsWay()
    const [rule] = Object.values(example.services ?? {})
    town.setPolicy({ ...example, services: { ...others, [MODEL]: { ...rule!, mode: 'shadow' } } })
    expect(await ended()).toMatchObject({ detail: 'its rule was switched to shadow' })
    await town.advance(HOUR)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await town.question(SERVE)).toBeNull()
    expect(await looseEnds(town)).toEqual([])
  })
})

it('put back while it is being taken away: what stood stands again', async () => {
  await open()
  await town.answered(SERVE)
  await town.until('it is taken away', stepIs(town, SERVE, 'move-1', 'running'))
  town.setPolicy(example)
  await town.until(
    'it stands',
    async () => (await town.lane(SERVE)).baseline !== null && (await replicasOf(town))['1'] === 2,
    2,
  )
  await town.advance(HOUR)
  expect(await replicasOf(town)).toEqual({ 1: 2 })
  expect(await looseEnds(town)).toEqual([])
})
