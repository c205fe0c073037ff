import { afterEach, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const wants = (replicas: number) =>
  ({ ...example, services: { [MODEL]: { ...example.services?.[MODEL], replicas } } }) as typeof example
const asks = () => town.until('it asks', async () => (await town.question(SERVE)) !== null)

it.each(['denied', 'never answered'])(
  'more replicas, %s: it stays so for as long as so many are wanted, and no longer',
  async (how) => {
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 32 } }
    town = await openTown({ config: { ...wants(2), pools } as typeof example })
    const set = (replicas: number): void => town.setPolicy({ ...wants(replicas), pools } as typeof example)
    await served(town)
    set(3)
    await asks()
    if (how === 'denied') await town.answered(SERVE, 'deny')
    await town.settled(SERVE)
    const { state, attempt } = await town.lane(SERVE)
    expect(state).toBe(how === 'denied' ? 'rejected' : 'expired')
    await town.advance(3 * HOUR)
    expect(await town.lane(SERVE)).toMatchObject({ state, attempt })
    expect((await town.house.why(SERVE)).text).toContain('or another number of them')
    // As it stands: nobody has to be asked.
    set(2)
    await town.advance(10 * MINUTE)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 1 })
    set(4)
    await asks()
    await town.answered(SERVE)
    await town.settled(SERVE)
    expect([await replicasOf(town), await looseEnds(town)]).toEqual([{ 1: 4 }, []])
  },
)

it('what serves has as many as the policy has of it, also while the version that is wanted was denied', async () => {
  const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 32 } }
  town = await openTown({ config: { ...wants(2), pools } as typeof example })
  const set = (replicas: number): void => town.setPolicy({ ...wants(replicas), pools } as typeof example)
  const asked = async (title: string, verdict: 'approve' | 'deny'): Promise<void> => {
    await asks()
    expect((await town.plan(SERVE))?.plan.title).toBe(`Scale v1 (generation 1), which serves ${MODEL}, ${title}`)
    await town.answered(SERVE, verdict)
    await town.advance(30 * MINUTE)
  }
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE, 'deny')
  await town.advance(20 * MINUTE)
  expect(await town.question(SERVE)).toBe(null)
  set(4)
  await asked('from 2 to 4 replicas', 'approve')
  set(1)
  await asked('from 4 to 1 replica', 'approve')
  expect([await replicasOf(town), await looseEnds(town)]).toEqual([{ 1: 1 }, []])
  // Who has said no is not asked again about so many.
  set(3)
  await asked('from 1 to 3 replicas', 'deny')
  await town.advance(3 * HOUR)
  expect([await replicasOf(town), await town.question(SERVE)]).toEqual([{ 1: 1 }, null])
  expect(await town.lane(SERVE)).toMatchObject({ generation: 2, state: 'rejected' })
})

it.each(['denied', 'never answered'])(
  'a version that is %s says nothing of the replicas of what serves: they are asked about on their own',
  async (how) => {
    const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 32 } }
    town = await openTown({ config: { ...wants(2), pools } as typeof example })
    await served(town)
    // One release does both.
    town.setPolicy({ ...wants(3), pools } as typeof example)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await asks()
    const v2 = (await town.question(SERVE))!.id
    if (how === 'denied') await town.answered(SERVE, 'deny')
    await town.until('it asks anew', async () => ![undefined, v2].includes((await town.question(SERVE))?.id))
    expect((await town.plan(SERVE))?.plan.title).toBe(
      `Scale v1 (generation 1), which serves ${MODEL}, from 2 to 3 replicas`,
    )
    await town.answered(SERVE)
    await town.advance(3 * HOUR)
    expect([await replicasOf(town), await town.question(SERVE), await looseEnds(town)]).toEqual([{ 1: 3 }, null, []])
    expect(await town.lane(SERVE)).toMatchObject({ generation: 2, state: how === 'denied' ? 'rejected' : 'expired' })
  },
)

it('nor does a "no" to bringing some of it back keep another number of it from being asked about', async () => {
  const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], maxGpus: 32 } }
  town = await openTown({ config: { ...wants(2), pools } as typeof example })
  const denied = async (): Promise<void> => {
    await asks()
    await town.answered(SERVE, 'deny')
    await town.advance(30 * MINUTE)
  }
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await denied()
  const [first] = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl-scale', (live) => {
    Object.assign((live as KubeObject<'Deployment'>).spec ?? {}, { replicas: 1 })
    return live
  })
  await denied()
  expect(await town.question(SERVE)).toBe(null)
  town.setPolicy({ ...wants(4), pools } as typeof example)
  await asks()
  expect((await town.plan(SERVE))?.plan.title).toBe(
    `Scale v1 (generation 1), which serves ${MODEL}, from 1 to 4 replicas`,
  )
  await denied()
  await town.advance(3 * HOUR)
  // Once.
  expect([await replicasOf(town), await town.question(SERVE)]).toEqual([{ 1: 1 }, null])
})
