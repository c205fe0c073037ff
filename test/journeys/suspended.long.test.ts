import { afterEach, describe, expect, it } from 'vitest'
import example from '../example.ts'
import { BUDGET, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import { isSuspended, preemptible, suspending, trainJob, trains, whyTrain } from './suspended.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const TURN = Date.UTC(2026, 11, 1)
/** Six hours before the month turns. */
const LATE = TURN - 6 * HOUR
const { rungs, spent } = {
  rungs: () => laddersOf(town).rungs(),
  spent: () => laddersOf(town).spent(),
}
const crossed = async () => {
  await town.until('it is crossed', async () => (await rungs()).length > 0)
  await town.advance(MINUTE)
}
const RICH = { ...suspending(), budget: { ...suspending().budget, dollars: 10_000 } }
const texts = async () => (await timeline(town)).map(({ text }) => text)

describe('suspend-preemptible', () => {
  it('suspends a stage that lets itself be within the tick that sees it, which costs nothing until the month turns, and goes on for the hours that were left', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    const before = await trainJob(town)
    await crossed()
    expect(await isSuspended(town)).toBe(true)
    expect(await whyTrain(town)).toMatch(
      /^Fine-tune .*: suspended by suspend-preemptible of ml-monthly: it goes on by itself afterwards; until 2026-12-01 .*at the latest: \$2\d\.\d\d of nodes have crossed 2 % of ml-monthly/,
    )
    expect((await town.lane(TRAIN)).rest).toMatchObject({ why: 'suspended' })
    expect(await texts()).toContainEqual(expect.stringMatching(/^“Fine-tune .*” is suspended: \$2/))
    expect((await laddersOf(town).titles()).filter((title) => title.includes('is suspended'))).toHaveLength(1)
    // Its node is taken away once nothing runs there.
    await town.advance(30 * MINUTE)
    const [cost, ran] = [await spent(), (await town.lane(TRAIN)).run?.steps[0]?.ran ?? 0]
    expect(await town.held('pool/gpu-train')).toMatchObject({ lanes: { [TRAIN]: 8 } })
    await town.advance(TURN - town.house.clock.now() - MINUTE)
    expect(await spent()).toBe(cost)
    expect(await isSuspended(town)).toBe(true)
    await town.advance(5 * MINUTE)
    expect(await isSuspended(town)).toBe(false)
    const after = await trainJob(town)
    expect(after.metadata.uid).toBe(before.metadata.uid)
    // The hours that it has worked are none that it still has.
    expect(after.spec?.activeDeadlineSeconds).toBeLessThan((before.spec?.activeDeadlineSeconds ?? 0) - ran / 1000 + 600)
    expect(await texts()).toContainEqual(expect.stringMatching(/” goes on: suspend-preemptible holds it no more$/))
    // The new month's dollars are counted by themselves, and would be crossed as well.
    town.setPolicy(RICH)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    ['the budget is raised', RICH],
    ['the rung leaves the ladder', { budget: { name: 'ml-monthly', dollars: 1000 } }],
    ['the budget is in shadow', { budget: { ...suspending().budget, mode: 'shadow' } }],
    ['the stage is preemptible no more', { pipelines: preemptible(false) }],
  ])('lets it go on where %s', async (_, edit) => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    expect(await isSuspended(town)).toBe(true)
    town.setPolicy({ ...suspending(), ...edit })
    await town.advance(11 * MINUTE)
    expect(await isSuspended(town)).toBe(false)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('holds what is under way though its pipeline has left the policy meanwhile, until the rung is over', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    town.setPolicy({ ...suspending(), pipelines: {} })
    await town.advance(2 * HOUR)
    expect(await isSuspended(town)).toBe(true)
    expect(await whyTrain(town)).toContain('suspended by suspend-preemptible')
    await town.advance(TURN - town.house.clock.now() + 11 * MINUTE)
    expect(await isSuspended(town)).toBe(false)
    // Else what it costs from then on crosses the rung of the new month.
    const { budget, ...given } = suspending()
    town.setPolicy({ ...given, pipelines: {}, budget: { ...budget, dollars: 1e6 } })
    await town.advance(4 * HOUR)
    expect((await town.lane(TRAIN)).run).toBeNull()
    expect(await looseEnds(town)).toEqual([])
  })

  it('lets it go on where a person lifts it', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    const { ledger } = town.house.ports
    expect((await ledger.list('rung', { prefix: `${BUDGET}#`, limit: 9 }))[0]?.value.saves).toBeGreaterThan(40)
    await town.house.command({ kind: 'lift', rung: 'suspend-preemptible', by: BEN, why: 'the demo is on Friday' })
    await town.answered(BUDGET)
    await town.advance(2 * MINUTE)
    expect(await isSuspended(town)).toBe(false)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('touches no stage that does not let itself be, and none in shadow', async () => {
    town = await openTown({ at: LATE, config: suspending({ pipelines: example.pipelines }) })
    await trains(town)
    await crossed()
    expect([await isSuspended(town), (await town.lane(TRAIN)).rest?.why]).toEqual([false, 'working'])
    const config = suspending()
    town.setPolicy({ ...config, budget: { ...config.budget, mode: 'shadow' } })
    await town.advance(11 * MINUTE)
    expect([await isSuspended(town), (await town.lane(TRAIN)).rest?.why]).toEqual([false, 'working'])
  })

  it('lets no stage begin that would be suspended at once: neither the next one, nor that of a new run, which holds nothing', async () => {
    town = await openTown({ at: LATE, config: suspending({ pipelines: preemptible(false, true) }) })
    await trains(town, 60)
    await crossed()
    expect(await isSuspended(town)).toBe(false)
    await town.until('it has trained', async () => (await town.lane(TRAIN)).run?.steps[0]?.state === 'done')
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'suspended' } })
    expect(await whyTrain(town)).toContain('begins by itself once that is over')
    town.setPolicy(suspending())
    await town.advance(11 * MINUTE)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    await upload(town, 'b')
    await town.advance(2 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, rest: { why: 'suspended' }, run: { hold: null } })
    expect((await town.held('pool/gpu-train')).sum).toBe(0)
    await town.advance(TURN - town.house.clock.now() + 10 * MINUTE)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('what it goes on as', () => {
  it('ends rather than going on on machines that nobody approved, and asks about them', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    await town.advance(30 * MINUTE)
    const cost = await spent()
    const { price, ...pool } = example.pools['gpu-train'] as NonNullable<(typeof example.pools)[string]>
    const dearer = { ...pool, instanceType: 'p5e.48xlarge', price: { ...price, perNodeHour: 200 } }
    const approvals = { ...RICH.approvals, autoApproveBelow: 0 }
    town.setPolicy({ ...RICH, approvals, pools: { ...example.pools, 'gpu-train': dearer } } as never)
    await town.until('it is asked about', async () => (await town.question(TRAIN)) !== null)
    expect((await town.past(TRAIN))[0]?.outcome).toMatchObject({
      ...{ kind: 'failed', reason: 'other-machines' },
      detail: expect.stringMatching(/it was ended before it went on with “Fine-tune/),
    })
    expect([(await town.lane(TRAIN)).attempt, await spent()]).toEqual([2, cost])
  })
})

describe('the GPUs that it holds', () => {
  it('are found again: it stays suspended, and waits for as long as it takes, where its pool is lower once the lease is over that it began on', async () => {
    const { ...pool } = example.pools['gpu-train']
    const leased = (maxGpus: number, dollars: number) => ({
      ...suspending({
        pools: { ...example.pools, 'gpu-train': { ...pool, maxGpus, leases: { maxGpus: 8, maxHours: 12 } } },
      }),
      budget: { ...suspending().budget, dollars },
    })
    town = await openTown({ at: TURN - 60 * HOUR, config: leased(0, 1_000_000) as never })
    const until = town.house.clock.now() + 3 * HOUR
    await town.house.command({ kind: 'lease', lane: 'pool/gpu-train', by: BEN, does: 'take', gpus: 8, until } as never)
    await town.advance(12 * MINUTE)
    await trains(town)
    town.setPolicy(leased(0, 100) as never)
    await crossed()
    await town.advance(4 * HOUR)
    town.setPolicy(leased(0, 1_000_000) as never)
    await town.advance(30 * HOUR)
    expect([await rungs(), await isSuspended(town)]).toEqual([[], true])
    expect(await whyTrain(town)).toContain(
      'could not be let go: the ceiling of gpu-train is 0 GPUs by now, and it needs 8',
    )
    expect((await texts()).filter((text) => text.includes('could not be let go'))).toHaveLength(1)
    expect((await laddersOf(town).titles()).filter((title) => title.includes('stays suspended'))).toHaveLength(1)
    town.setPolicy(leased(8, 1_000_000) as never)
    await town.advance(11 * MINUTE)
    expect(await isSuspended(town)).toBe(false)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('each time that it goes on', () => {
  /** Suspended and let go so often, of 178 minutes in all; whether it was ended by its bound. */
  const cycled = async (cycles: number): Promise<string> => {
    const big = { ...RICH, budget: { ...RICH.budget, dollars: 1_000_000 } }
    town = await openTown({ at: TURN - 40 * HOUR, config: big })
    await trains(town, 178)
    const most = (await town.plan(TRAIN))?.plan.bounds.dollars ?? 0
    for (let cycle = 0; cycle < cycles && (await town.lane(TRAIN)).run !== null; cycle++) {
      await town.advance(20 * MINUTE)
      town.setPolicy({ ...RICH, budget: { ...RICH.budget, dollars: 20 } })
      await crossed()
      await town.advance(40 * MINUTE)
      town.setPolicy(big)
      await town.advance(12 * MINUTE)
    }
    const { outcome } = await town.settled(TRAIN)
    await town.advance(30 * MINUTE)
    expect(await spent()).toBeLessThan(most)
    expect(await looseEnds(town)).toEqual([])
    return outcome?.reason ?? ''
  }

  it('another node is started for it, which counts: it is ended before it costs more than it may', async () => {
    expect(await cycled(0)).toBe('')
    await town.close()
    expect(await cycled(3)).toBe('bound-reached')
  })
})

describe('what somebody does to it meanwhile', () => {
  const patch = async (change: Record<string, unknown>) => {
    const { metadata } = await trainJob(town)
    const ref = { kind: 'Job', namespace: metadata.namespace ?? '', name: metadata.name } as const
    await town.house.cluster.patch(ref, metadata.uid ?? '', change)
    await town.advance(2 * MINUTE)
  }

  it('what a user has suspended stays so when the rung is over', async () => {
    town = await openTown({ at: LATE, config: RICH })
    await trains(town)
    await town.advance(15 * MINUTE)
    await patch({ spec: { suspend: true } })
    town.setPolicy({ ...RICH, budget: { ...RICH.budget, dollars: 500 } })
    await crossed()
    await town.advance(MINUTE)
    expect(await whyTrain(town)).toContain('leaves it as it is: somebody else has suspended it')
    await town.advance(TURN - town.house.clock.now() + HOUR)
    expect([await rungs(), await isSuspended(town)]).toEqual([[], true])
    town.setPolicy(RICH)
    await patch({ spec: { suspend: false } })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('who lets it go is set right; who takes the mark off keeps it suspended', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    await patch({ spec: { suspend: false } })
    expect(await isSuspended(town)).toBe(true)
    await patch({ metadata: { annotations: { 'signalbox.dev/suspended-by': null } } })
    town.setPolicy(RICH)
    await town.advance(HOUR)
    expect([await rungs(), await isSuspended(town)]).toEqual([[], true])
    await patch({ spec: { suspend: false } })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('who lets it go every few seconds, for hours, has it suspended again each time; people are told once, and the timeline of it keeps short', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    const { metadata } = await trainJob(town)
    const ref = { kind: 'Job', namespace: metadata.namespace ?? '', name: metadata.name } as const
    let suspends = 0
    for (let looks = 0; looks < 240; looks++) {
      if (await isSuspended(town)) {
        suspends++
        await town.house.cluster.patch(ref, metadata.uid ?? '', { spec: { suspend: false } })
      }
      await town.advance(5000)
    }
    // Once a minute in the end: no more often than the meter's tick.
    expect(suspends).toBeGreaterThan(20)
    expect(suspends).toBeLessThan(30)
    const lines = (await texts()).filter((text) => text.includes('is suspended again'))
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.length).toBeLessThan(6)
    expect(lines[0]).toMatch(/^“Fine-tune .*” is suspended again: somebody has let it go$/)
    expect((await laddersOf(town).titles()).filter((title) => title.includes('has let it go'))).toHaveLength(1)
    await town.advance(2 * MINUTE)
    expect(await isSuspended(town)).toBe(true)
    expect(await whyTrain(town)).toMatch(/somebody has let it go \d+ times, and it is suspended again each time/)
    town.setPolicy(RICH)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('who lets it go each quarter of an hour, all day, spends no more on it than it may cost', async () => {
    town = await openTown({ at: Date.UTC(2026, 11, 1) - 60 * HOUR, config: suspending() })
    await trains(town, 24 * 60)
    await crossed()
    const most = (await town.plan(TRAIN))?.plan.bounds.dollars ?? 0
    const { metadata } = await trainJob(town)
    const ref = { kind: 'Job', namespace: metadata.namespace ?? '', name: metadata.name } as const
    for (let times = 0; times < 60 && (await town.lane(TRAIN)).run !== null; times++) {
      if (await isSuspended(town)) await town.house.cluster.patch(ref, metadata.uid ?? '', { spec: { suspend: false } })
      await town.advance(15 * MINUTE)
    }
    expect(await town.lane(TRAIN)).toMatchObject({ outcome: { kind: 'failed', reason: 'bound-reached' } })
    expect(await laddersOf(town).spent()).toBeLessThanOrEqual(most)
  })

  it('a cancel takes it away, and something newer takes its place', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    expect(await say(town, 'cancel')).toMatchObject({ ok: true })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled' })
    expect(await looseEnds(town)).toEqual([])
  })

  it('a freeze keeps it suspended for as long as that lasts', async () => {
    town = await openTown({ at: TURN - 4 * HOUR, config: suspending() })
    await trains(town)
    await crossed()
    const until = TURN + 2 * HOUR
    await town.house.command({ kind: 'freeze', lane: TRAIN, until, by: BEN } as never)
    await town.advance(TURN - town.house.clock.now() + HOUR)
    expect([await rungs(), await isSuspended(town)]).toEqual([[], true])
    expect(await whyTrain(town)).toContain('frozen until')
    await town.advance(HOUR + 10 * MINUTE)
    expect(await isSuspended(town)).toBe(false)
    town.setPolicy(RICH)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  })

  it('one that is deleted has failed', async () => {
    town = await openTown({ at: LATE, config: suspending() })
    await trains(town)
    await crossed()
    const { metadata } = await trainJob(town)
    const ref = { kind: 'Job', namespace: metadata.namespace ?? '', name: metadata.name } as const
    await town.house.cluster.delete(ref, metadata.uid ?? '')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', outcome: { reason: 'deleted' } })
    expect(await looseEnds(town)).toEqual([])
  })

  it.each(['approve', 'nobody'] as const)(
    'crossed while people are asked for more of it (%s), it is suspended all the same, and they are asked again before it goes on',
    async (verdict) => {
      const all = preemptible()
      const asking = { 'support-chats': { ...all['support-chats'], onBound: 'ask' } }
      town = await openTown({ at: TURN - 10 * HOUR, config: { ...RICH, pipelines: asking } })
      await trains(town, 600)
      await town.until('it asks for more', async () => (await town.question(TRAIN)) !== null)
      town.setPolicy({ ...suspending(), pipelines: asking })
      await crossed()
      await town.advance(MINUTE)
      expect([await isSuspended(town), await town.question(TRAIN)]).toEqual([true, null])
      expect(await whyTrain(town)).toContain('suspended by suspend-preemptible')
      await town.advance(5 * HOUR)
      expect([await isSuspended(town), (await town.lane(TRAIN)).rest?.why]).toEqual([true, 'suspended'])
      town.setPolicy({ ...RICH, pipelines: asking })
      await town.until('it asks again', async () => (await town.question(TRAIN)) !== null)
      expect(await isSuspended(town)).toBe(true)
      if (verdict === 'approve') await town.answered(TRAIN)
      await town.until('it is over', async () => (await town.lane(TRAIN)).run === null, 30)
      const [past] = await town.past(TRAIN)
      expect(past?.outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
      expect(past?.cost).toBeGreaterThan(verdict === 'approve' ? 300 : 180)
      expect(past?.cost).toBeLessThan(verdict === 'approve' ? 450 : 224)
    },
  )
})
