import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { whyOf } from '../../flows/why.ts'
import { CATALOGUES } from '../../functions/door.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { BUDGET, laddered, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, MODEL, SERVE, SLOW, served, timeline } from './scenes.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const TURN = Date.UTC(2026, 11, 1)
const LATE = TURN - 6 * HOUR
const unasked = { ...example.approvals, autoApproveBelow: 1e9 }
const service = example.services?.[MODEL]

/** The example's service with two replicas, or one while a rung says so; crossed at a share of $1000, or of more. */
const floors = ({ dollars = 1000, floor = 1 as number | null, more = {} } = {}) =>
  laddered(dollars, [{ at: 0.02, do: 'cap-pools', serving: 'floor' } as never], {
    approvals: unasked,
    services: { [MODEL]: { ...service, replicas: 2, ...(floor === null ? {} : { floor }) } },
    ...more,
  })
const RICH = floors({ dollars: 100_000 })
const replicas = async () =>
  (await town.house.cluster.list('Deployment'))
    .map((one) => (one as { spec?: { replicas?: number } }).spec?.replicas)
    .filter((count) => count !== 0)
const why = async () => (await whyOf(town.house.ports, SERVE, CATALOGUES)).text
const stands = async (given: object = RICH) => {
  town = await openTown({ at: LATE, config: given })
  await served(town)
  await town.advance(20 * MINUTE)
  expect(await replicas()).toEqual([2])
}
const crosses = async (config: object = floors()) => {
  town.setPolicy(config)
  await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
}

describe('serving: floor', () => {
  it('has a service make do with its floor within the minute, without an outage, and with its replicas again when the month turns', async () => {
    await stands()
    await crosses()
    await town.until('it is at its floor', async () => (await replicas())[0] === 1, 1)
    await town.settled(SERVE)
    expect(await why()).toMatch(/it makes do with its `floor`, as `serving: 'floor'` of cap-pools says: \$\d/)
    const [, plan] = await town.past(SERVE)
    expect(plan?.outcome).toMatchObject({ kind: 'succeeded' })
    expect((await laddersOf(town).titles()).filter((title) => title.includes('cap-pools'))).toHaveLength(0)
    await town.advance(HOUR)
    expect(await replicas()).toEqual([1])
    town.setPolicy(floors({ dollars: 10_000 }))
    await town.advance(TURN - town.house.clock.now() + 20 * MINUTE)
    expect(await replicas()).toEqual([2])
    expect(await why()).not.toContain('floor')
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    ['the budget is raised', RICH],
    ['the rung says so no more', laddered(1000, [{ at: 0.02, do: 'cap-pools' }], { ...RICH, budget: undefined })],
    ['it is in shadow', { ...floors(), budget: { ...floors().budget, mode: 'shadow' } }],
    ['the service has no floor any more', floors({ floor: null })],
  ])('has its replicas again where %s', async (_, edit) => {
    await stands()
    await crosses()
    await town.until('it is at its floor', async () => (await replicas())[0] === 1, 1)
    const { budget } = edit as { budget?: object }
    town.setPolicy({
      ...edit,
      budget: budget ?? { ...RICH.budget, dollars: 1000, ladder: [{ at: 0.02, do: 'cap-pools' }] },
    })
    await town.until('it has its replicas', async () => (await replicas())[0] === 2, 1)
    await town.settled(SERVE)
    expect(await looseEnds(town)).toEqual([])
  })

  it('asks where the policy asks, and a lift brings it back', async () => {
    const asked = { more: { approvals: example.approvals } }
    await stands()
    await crosses(floors(asked))
    await town.answered(SERVE)
    await town.until('it is at its floor', async () => (await replicas())[0] === 1, 1)
    await town.settled(SERVE)
    await town.house.command({ kind: 'lift', rung: 'cap-pools', by: BEN, why: 'a launch' })
    await town.answered(BUDGET)
    await town.until('it asks', async () => (await town.question(SERVE)) !== null, 1)
    await town.answered(SERVE)
    await town.until('it has its replicas', async () => (await replicas())[0] === 2, 1)
  })

  it('agreed to with it and not begun, a version is planned as ever once it is over: nothing of that binds what people are asked then', async () => {
    await stands()
    await town.advance(TURN - town.house.clock.now() - 2 * HOUR)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } } as never))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const way = async () => (await town.plan(SERVE))?.plan.strategy?.name
    expect(await way()).toBe('surge')
    await crosses()
    await town.advance(2 * MINUTE)
    expect(await way()).toBe('one-out-one-in')
    await town.house.command({ kind: 'freeze', lane: SERVE, by: BEN, until: TURN + HOUR })
    await town.answered(SERVE)
    await town.advance(2 * MINUTE)
    expect((await town.lane(SERVE)).rest?.why).toBe('frozen')
    await town.advance(TURN - town.house.clock.now() + 15 * MINUTE)
    expect([await way(), (await town.question(SERVE))?.state]).toEqual(['surge', 'open'])
  })

  it('crossed in the middle of a rollout, that goes on as it was approved, and the floor comes after it', async () => {
    await stands()
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
    await town.answered(SERVE)
    await town.until('it rolls out', async () => (await town.lane(SERVE)).run?.phase === 'steps')
    await crosses()
    await town.until('it is at its floor', async () => JSON.stringify(await replicas()) === '[1]', 3)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 2 })
    const lowest = (await timeline(town, SERVE)).filter(({ text }) => text.includes('nobody answers'))
    expect(lowest).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })

  it('a version that fails its gate meanwhile leaves what was judged as it stands', async () => {
    await stands()
    await crosses()
    await town.until('it is at its floor', async () => (await replicas())[0] === 1, 1)
    await town.settled(SERVE)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: SLOW, tags: { n: '2' } }),
    )
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'failed' })
    expect(await replicas()).toEqual([1])
  })

  it('what is scaled by hand meanwhile is brought to the floor again', async () => {
    await stands()
    await crosses()
    await town.until('it is at its floor', async () => (await replicas())[0] === 1, 1)
    await town.settled(SERVE)
    const [deployment] = await town.house.cluster.list('Deployment')
    const cluster = town.house.cluster as SimulatedCluster
    await cluster.edit(refOf(deployment as KubeObject), 'kubectl-scale', (live) => {
      ;(live as KubeObject<'Deployment'>).spec!.replicas = 2
      return live
    })
    await town.until('it is scaled', async () => (await replicas())[0] === 2, 1)
    await town.until('it is at its floor', async () => (await replicas())[0] === 1, 1)
  })

  it('leaves alone a service without a floor', async () => {
    await stands(floors({ dollars: 100_000, floor: null }))
    await crosses(floors({ floor: null }))
    await town.advance(HOUR)
    expect(await replicas()).toEqual([2])
  })
})
