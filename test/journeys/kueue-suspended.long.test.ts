import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { FENCE_SUSPEND, SUSPENDED_BY } from '../../core/pods/suspended.ts'
import { sidesAway } from '../../flows/far-sides.ts'
import type { Ports } from '../../flows/ports.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { BUDGET, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, TRAIN, timeline } from './scenes.ts'
import { isSuspended, suspending, trainJob, trains, whyTrain } from './suspended.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const TURN = Date.UTC(2026, 11, 1)
const LATE = TURN - 6 * HOUR
const POOL = 'gpu-train'

/** The training pool is Kueue's, and $20 of nodes, or so many, suspend what is preemptible. */
const lent = (dollars = 1000) => {
  const pools = { ...example.pools, [POOL]: { ...example.pools[POOL], maxGpus: 8, queue: 'gpu' } }
  const config = suspending({ pools })
  return { ...config, budget: { ...config.budget, dollars } }
}
const RICH = lent(10_000)
const workload = async () =>
  ((await town.house.cluster.list('Workload')) as KubeObject<'Workload'>[]).find(({ metadata }) =>
    metadata.name.includes('-train-'),
  ) as KubeObject<'Workload'>
/** Somebody says whether the Workload is active, as `kubectl` does. */
const says = async (active: boolean) =>
  (town.house.cluster as SimulatedCluster).edit(refOf(await workload()), 'kubectl-patch', (live) => ({
    ...live,
    spec: { ...(live as KubeObject<'Workload'>).spec, active },
  }))
const crossed = async () => {
  await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
  await town.advance(MINUTE)
}
const lifted = async () => {
  await town.house.command({ kind: 'lift', rung: 'suspend-preemptible', by: BEN, why: 'a demo' })
  await town.answered(BUDGET)
  await town.advance(MINUTE)
}
/** The pool's limit, by which Kueue lends here. */
const limit = (maxGpus: number) => {
  const pool = { instanceType: 'p5.48xlarge', gpusPerNode: 8, capacityTypes: ['on-demand'] as 'on-demand'[] }
  return town.house.cluster.apply(nodePoolObject({ name: POOL, ...pool, maxGpus }), 'signalbox-workload')
}
const texts = async () => (await timeline(town)).map(({ text }) => text)
const active = async () => (await workload()).spec?.active

describe('a rung suspends what Kueue lends to', () => {
  it('by its Workload, which costs nothing; lifted, it waits in its queue, and goes on as the same Job for the hours that were left', async () => {
    town = await openTown({ at: LATE, config: lent() })
    await trains(town)
    const before = await trainJob(town)
    await crossed()
    expect([await isSuspended(town), await active()]).toEqual([true, false])
    for (const { metadata } of [await trainJob(town), await workload()])
      expect(metadata.annotations).toMatchObject({ [SUSPENDED_BY]: 'ml-monthly#suspend-preemptible' })
    expect(await whyTrain(town)).toMatch(/: suspended by suspend-preemptible of ml-monthly: it goes on by itself/)
    expect((await town.lane(TRAIN)).rest).toMatchObject({ why: 'suspended' })
    const [card] = (await town.house.cards()).filter(({ card: { title } }) => title.includes('is suspended'))
    expect(card?.card.lines.at(-1)).toMatch(/Kueue lends its GPUs to others, .* waits in the LocalQueue gpu by itself$/)
    expect(await town.held(`pool/${POOL}`)).toEqual({ lanes: {}, sum: 0 })
    await town.advance(30 * MINUTE)
    const [cost, ran] = [await laddersOf(town).spent(), (await town.lane(TRAIN)).run?.steps[0]?.ran ?? 0]
    await limit(0)
    await town.advance(2 * HOUR)
    expect(await laddersOf(town).spent()).toBe(cost)
    await lifted()
    expect([await isSuspended(town), await active()]).toEqual([true, true])
    for (const { metadata } of [await trainJob(town), await workload()])
      expect(metadata.annotations).not.toHaveProperty([SUSPENDED_BY])
    expect(await whyTrain(town)).toContain('Kueue has suspended it: it waits in the LocalQueue gpu again')
    await town.advance(HOUR)
    expect((await town.lane(TRAIN)).run?.steps[0]?.ran).toBe(ran)
    town.setPolicy(RICH)
    await limit(8)
    await town.until('it runs again', async () => (await trainJob(town)).status?.ready === 1)
    const after = await trainJob(town)
    expect(after.metadata.uid).toBe(before.metadata.uid)
    expect(after.spec?.activeDeadlineSeconds).toBeLessThan((before.spec?.activeDeadlineSeconds ?? 0) - ran / 1000 + 600)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect((await town.past(TRAIN))[0]?.run.attempt).toBe(1)
    expect(await looseEnds(town)).toEqual([])
  })

  it('also what waits in its queue yet: it is not let go meanwhile, and is once the rung is over', async () => {
    town = await openTown({ at: LATE, config: RICH })
    await trains(town)
    await limit(0)
    const job = await trainJob(town)
    // As Kueue does to what it lends to somebody else.
    await town.house.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { suspend: true } })
    await town.advance(30 * MINUTE)
    town.setPolicy(lent(20))
    await crossed()
    await town.advance(MINUTE)
    expect(await active()).toBe(false)
    await limit(8)
    await town.advance(HOUR)
    expect(await isSuspended(town)).toBe(true)
    town.setPolicy(RICH)
    await town.advance(11 * MINUTE)
    expect([await isSuspended(town), await active()]).toEqual([false, true])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('who activates it is set right, and named; what Kueue takes away and makes anew is, too', async () => {
    town = await openTown({ at: LATE, config: lent() })
    await trains(town)
    await crossed()
    await says(true)
    await town.advance(2 * MINUTE)
    expect([await isSuspended(town), await active()]).toEqual([true, false])
    expect(await texts()).toContainEqual(expect.stringMatching(/is suspended again: kubectl-patch has let it go$/))
    const first = await workload()
    await town.house.cluster.delete(refOf(first), first.metadata.uid ?? '')
    await town.advance(5 * MINUTE)
    expect((await workload()).metadata.uid).not.toBe(first.metadata.uid)
    expect([await isSuspended(town), await active()]).toEqual([true, false])
    expect(await whyTrain(town)).toContain('has let it go 2 times, and it is suspended again each time')
    town.setPolicy(RICH)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('what a person has deactivated stays so when the rung is over', async () => {
    town = await openTown({ at: LATE, config: RICH })
    await trains(town)
    await says(false)
    await town.advance(15 * MINUTE)
    expect(await isSuspended(town)).toBe(true)
    town.setPolicy(lent(5))
    await crossed()
    await town.advance(MINUTE)
    expect(await whyTrain(town)).toContain('leaves it as it is: somebody else has deactivated its Workload')
    town.setPolicy(RICH)
    await town.advance(2 * HOUR)
    expect([await laddersOf(town).rungs(), await active()]).toEqual([[], false])
    await says(true)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })
})

/** A town whose Workloads are seen, and written, so. */
const townOf = (cluster: (real: Ports['cluster']) => Partial<Ports['cluster']>) =>
  openTown({
    at: LATE,
    config: lent(),
    wrap: (ports) => ({ ...ports, cluster: { ...ports.cluster, ...cluster(ports.cluster) } }),
  })

describe('a Workload that cannot be written', () => {
  it('since Kueue has made none yet: that is told, and tried again', async () => {
    let there = false
    town = await townOf((real) => ({
      list: async (kind, where) => (kind === 'Workload' && !there ? [] : real.list(kind, where)),
    }))
    await trains(town)
    await crossed()
    expect(await whyTrain(town)).toContain('it could not be suspended: Kueue has made no Workload of it yet')
    expect(await isSuspended(town)).toBe(false)
    there = true
    await town.advance(6 * MINUTE)
    expect(await isSuspended(town)).toBe(true)
  })

  it.each([
    ['not-allowed', 'the cluster does not let us'],
    ['away', 'cluster list: 503'],
  ] as const)('since it is %s: that is told, its Job is looked at and ends as ever', async (how, said) => {
    const far = between()
    far.fails('cluster', how, {
      when: ([first]) => first === 'Workload' || (first as { kind?: string }).kind === 'Workload',
    })
    town = await openTown({ at: LATE, config: lent(), wrap: far.wrap })
    await trains(town)
    await crossed()
    expect(await whyTrain(town)).toContain(`it could not be suspended: ${said}`)
    expect(await sidesAway(town.house.ports.ledger)).toEqual({})
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('since Kueue writes it between: it is read again', async () => {
    let writes = 0
    town = await townOf((real) => ({
      patch: async (ref, uid, change) => {
        if (ref.kind === 'Workload' && writes++ < 2) {
          const note = String(writes)
          await real.patch(ref, uid, { metadata: { annotations: { note } } })
        }
        return real.patch(ref, uid, change)
      },
    }))
    await trains(town)
    await crossed()
    expect([writes, await active()]).toEqual([3, false])
  })
})

/** Whether it says of an object from which revision on it is suspended, or not. */
const isFenced = ([, , change]: unknown[]): boolean => JSON.stringify(change ?? null).includes(FENCE_SUSPEND)

it.each([
  ['crossing', 1],
  ['crossing', 2],
  ['lift', 1],
  ['lift', 2],
] as const)(
  'a process that dies at a %s after its write %d of two leaves the Workload inactive exactly while the rung is in force',
  async (moment, last) => {
    const far = between()
    town = await openTown({ at: LATE, config: lent(), wrap: far.wrap })
    await trains(town)
    if (moment === 'lift') {
      await crossed()
      expect(await active()).toBe(false)
    }
    let writes = 0
    far.after = ({ side, name, values }) => {
      if (side === 'cluster' && name === 'patch' && isFenced(values) && ++writes === last) far.dies(0)
    }
    if (moment === 'lift') town.setPolicy(RICH)
    for (let minutes = 0; minutes < 300 && !far.isDead(); minutes++) await town.advance(MINUTE).catch(() => undefined)
    expect(far.isDead()).toBe(true)
    far.after = () => undefined
    far.revive()
    await town.reopen(far.wrap)
    await town.advance(12 * MINUTE)
    expect([await isSuspended(town), await active()]).toEqual(moment === 'lift' ? [false, true] : [true, false])
    expect((await town.lane(TRAIN)).run?.steps[0]?.suspended?.undone).toBeUndefined()
    town.setPolicy(RICH)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  },
)

it('a Workload that Kueue or a person has deactivated is said to be so, and told once; activated, it goes on', async () => {
  town = await openTown({ at: LATE, config: lent(1e6) })
  await trains(town)
  await says(false)
  await town.advance(2 * MINUTE)
  expect(await whyTrain(town)).toMatch(
    /Kueue admits it no more: kubectl-patch has deactivated its Workload, .*active":true/,
  )
  await town.advance(5 * HOUR)
  const cards = (await town.house.cards()).filter(({ card: { title } }) => title.includes('kept from beginning'))
  expect(cards.length).toBe(1)
  await says(true)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
})

it('also where it was deactivated while its Job waited in the queue, of which nobody tells', async () => {
  town = await openTown({ at: LATE, config: lent(1e6) })
  await trains(town)
  const job = await trainJob(town)
  await limit(0)
  await town.house.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { suspend: true } })
  await town.advance(10 * MINUTE)
  expect(await whyTrain(town)).toContain('waits in the LocalQueue gpu again')
  await says(false)
  await town.advance(HOUR + 5 * MINUTE)
  expect(await whyTrain(town)).toContain('Kueue admits it no more')
})
