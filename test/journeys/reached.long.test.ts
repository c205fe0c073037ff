import { afterEach, describe, expect, it } from 'vitest'
import { openPrometheusStandIn, type PrometheusStandIn } from '../effects/metrics/prometheus-stand-in.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { laddered, laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, served, TRAIN, timeline, upload } from './scenes.ts'
import { isSuspended, preemptible, suspending, trains } from './suspended.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const TURN = Date.UTC(2026, 11, 1)
const free = { ...example.approvals, autoApproveBelow: 1e9 }
const said = async (lane = TRAIN) => (await timeline(town, lane)).map(({ text }) => text)

describe('a stage that leaves the policy while it is at work', () => {
  const stages = preemptible()['support-chats'].stages
  const [train, ...others] = stages
  const renamed = {
    'support-chats': { ...preemptible()['support-chats'], stages: [{ ...train, name: 'other' }, ...others] },
  }

  it.each([
    ['since it was renamed', renamed],
    ['with its pipeline', {}],
  ])('%s, is suspended as it was planned, with the tick that sees the crossing', async (_, pipelines) => {
    const policy = (dollars: number, more = {}) => {
      const given = suspending(more)
      return { ...given, budget: { ...given.budget, dollars } } as never
    }
    town = await openTown({ at: TURN - 14 * HOUR, config: policy(1e6) })
    await trains(town, 170)
    town.setPolicy(policy(1e6, { pipelines }))
    await town.advance(10 * MINUTE)
    town.setPolicy(policy(1000, { pipelines }))
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.advance(MINUTE)
    expect(await isSuspended(town)).toBe(true)
    const spent = await laddersOf(town).spent()
    await town.advance(HOUR)
    // The node is gone after a few minutes.
    expect((await laddersOf(town).spent()) - spent).toBeLessThan(20)
    expect((await said()).filter((text) => text.includes('is suspended'))).toHaveLength(1)
  })
})

describe('people who are asked for nothing but ask-always', () => {
  const policy = (dollars: number, autoApproveBelow = 1e9) =>
    laddered(dollars, [{ at: 0.02, do: 'ask-always' }], {
      approvals: { ...example.approvals, autoApproveBelow },
    }) as never
  const isAsked = async (
    autoApproveBelow = 1e9,
    from = TURN - 4 * HOUR,
    { at = TURN - 6 * HOUR, far = between() } = {},
  ) => {
    town = await openTown({ at, config: policy(1e6, autoApproveBelow), wrap: far.wrap })
    await served(town)
    town.setPolicy(policy(1000, autoApproveBelow))
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.advance(Math.max(MINUTE, from - town.house.clock.now()))
    await upload(town, 'a')
    await town.until('it is asked', async () => (await town.question(TRAIN)) !== null)
  }

  it('are asked no more once the budget is raised: it begins, and nothing of it expires', async () => {
    await isAsked()
    town.setPolicy(policy(1e6))
    await town.until('it begins', async () => (await town.run(TRAIN))?.phase === 'steps')
    expect(await town.question(TRAIN)).toBeNull()
    expect(await said()).toContain('the rung that had it asked about is over: the question was closed')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('are asked no more once it is lifted, nor in the next month', async () => {
    await isAsked()
    await town.house.command({ kind: 'lift', rung: 'ask-always', by: ANA, why: 'we know' })
    await town.answered('budget/ml-monthly', 'approve', BEN)
    await town.until('it begins', async () => (await town.run(TRAIN))?.phase === 'steps')
    await town.settled(TRAIN)
    await town.close()
    await isAsked(1e9, TURN - HOUR)
    await town.advance(TURN + 2 * MINUTE - town.house.clock.now())
    expect((await town.run(TRAIN))?.phase).toBe('steps')
  })

  it('have not said no where nobody could plan it anew before the question would have ended', async () => {
    const far = between()
    await isAsked(1e9, 0, { at: TURN - 30 * HOUR, far })
    far.fails('cluster', 'away')
    town.setPolicy(policy(1e6))
    await town.advance(6 * HOUR)
    expect((await town.run(TRAIN))?.outcome ?? null).toBeNull()
    far.answers('cluster')
    await town.until('it begins', async () => (await town.run(TRAIN))?.phase === 'steps')
    expect((await town.past(TRAIN)).map(({ outcome }) => outcome.kind)).toEqual([])
  })

  it('who would be asked in any case stay asked', async () => {
    await isAsked(0)
    town.setPolicy(policy(1e6, 0))
    await town.advance(30 * MINUTE)
    expect([await laddersOf(town).rungs(), (await town.question(TRAIN))?.state]).toEqual([[], 'open'])
  })
})

describe('what the policy says of work while that is under way', () => {
  const policy = (more: object) => ({
    ...example,
    approvals: free,
    pipelines: { 'support-chats': { ...piped({ train: { hours: { p50: 2, p95: 4 } } as never }), ...more } },
  })
  const works = async () => {
    let prometheus: PrometheusStandIn | undefined
    town = await openTown({
      config: policy({}) as never,
      metrics: (clock) => {
        prometheus = openPrometheusStandIn(clock)
        return prometheus.metrics
      },
    })
    await upload(town, 'a', { simulation: { minutes: 600 } })
    await town.until('it runs', async () => (await town.run(TRAIN))?.steps[0]?.ranFrom != null)
    const { made } = (await town.run(TRAIN))?.steps[0] ?? {}
    for (let gpu = 0; gpu < 8; gpu++)
      prometheus?.sets(
        'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
        { namespace: made?.ref.namespace ?? '', pod: `${made?.ref.name}-abcde`, gpu: String(gpu) },
        0,
      )
    await town.advance(30 * MINUTE)
  }

  it('of GPUs that idle reaches it: people are told, asked, and asked no more once it says nothing of that', async () => {
    await works()
    town.setPolicy(policy({ idle: { tell: '15m', ask: '1h' } }))
    await town.advance(35 * MINUTE)
    expect((await said()).filter((text) => text.includes('do nothing since'))).toHaveLength(1)
    await town.until('they are asked', async () => (await town.question(TRAIN))?.more?.ends === true)
    town.setPolicy(policy({}))
    await town.advance(12 * MINUTE)
    expect(await said()).toContain('it is asked about no more')
  })

  it('of its bound reaches it: people are asked for more, and asked no more once it is ended there', async () => {
    await works()
    town.setPolicy(policy({ onBound: 'ask' }))
    await town.until('they are asked', async () => (await town.question(TRAIN))?.more?.dollars !== undefined)
    town.setPolicy(policy({}))
    await town.advance(12 * MINUTE)
    expect(await said()).toContain('more is needed no more: the question was closed')
    expect((await town.run(TRAIN))?.phase).toBe('steps')
  })
})

describe('GPUs that idle, of which people are asked whether their training shall end', () => {
  it('are asked about no more as it is suspended, and those of the pod that goes on are told of and asked about anew', async () => {
    let prometheus: PrometheusStandIn | undefined
    const stage = { preemptible: true, hours: { p50: 20, p95: 30 } }
    const policy = (dollars: number) =>
      laddered(dollars, [{ at: 0.02, do: 'suspend-preemptible' }], {
        approvals: free,
        pipelines: { 'support-chats': { ...piped({ train: stage as never }), idle: {}, onBound: 'end' } },
      }) as never
    town = await openTown({
      at: TURN - 4 * HOUR,
      config: policy(1e6),
      metrics: (clock) => {
        prometheus = openPrometheusStandIn(clock)
        return prometheus.metrics
      },
    })
    await trains(town, 1500)
    const { made } = (await town.run(TRAIN))?.steps[0] ?? {}
    const idles = (suffix: string) => {
      for (let gpu = 0; gpu < 8; gpu++) {
        const labels = { namespace: made?.ref.namespace ?? '', pod: `${made?.ref.name}-${suffix}`, gpu: String(gpu) }
        prometheus?.sets('DCGM_FI_PROF_GR_ENGINE_ACTIVE', labels, 0)
      }
    }
    idles('abcde')
    await town.until('they are asked', async () => (await town.question(TRAIN))?.more?.ends === true)
    town.setPolicy(policy(1000))
    await town.until('it stands still', async () => (await town.lane(TRAIN)).rest?.why === 'suspended')
    await town.advance(MINUTE)
    expect(await town.question(TRAIN)).toBeNull()
    town.setPolicy(policy(1e6))
    await town.until('it goes on', async () => (await town.run(TRAIN))?.steps[0]?.ranFrom != null)
    idles('fghij')
    await town.until('they are asked again', async () => (await town.question(TRAIN))?.more?.ends === true)
    expect((await said()).filter((text) => text.includes('nobody ends it by that'))).toHaveLength(2)
  })
})

describe('a pool that leaves the policy', () => {
  const POOL = 'pool/gpu-more'
  const DAY = { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '24:00', maxGpus: 24 }
  const rule = { ...example.pools['gpu-train'], maxGpus: 8 }
  const policy = (more: object | null, autoApproveBelow = 1e9) => ({
    ...example,
    pools: { ...example.pools, ...(more === null ? {} : { 'gpu-more': { ...rule, ...more } }) },
    approvals: { ...example.approvals, autoApproveBelow },
  })
  const limit = async () => {
    const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-more' })
    return (found as { spec?: { limits?: Record<string, string> } } | null)?.spec?.limits?.['nvidia.com/gpu']
  }
  const leases = { leases: { maxGpus: 16, maxHours: 24 } }
  const leased = () =>
    town.house.command({
      ...{ kind: 'lease', lane: POOL, by: BEN, does: 'take', gpus: 16 },
      until: town.house.clock.now() + 6 * HOUR,
    } as never)

  it.each([
    ['a lease', leases],
    ['hours', { hours: { zone: 'UTC', ceilings: [DAY] } }],
  ])('takes back what %s had raised, once, and what was leased of it ends in its time', async (_, more) => {
    town = await openTown({ config: policy(more) as never })
    await town.advance(6 * MINUTE)
    if ('leases' in more) await leased()
    await town.until('it is raised', async () => Number(await limit()) === 24)
    town.setPolicy(policy(null))
    await town.advance(12 * MINUTE)
    expect(Number(await limit())).toBe(8)
    const { revision } = (await town.house.ports.ledger.read([{ kind: 'lane', id: POOL }]))[0] ?? {}
    await town.advance(HOUR)
    expect((await town.house.ports.ledger.read([{ kind: 'lane', id: POOL }]))[0]?.revision).toBe(revision)
    await town.advance(6 * HOUR)
    expect((await said(POOL)).filter((text) => text.includes('has ended'))).toHaveLength('leases' in more ? 1 : 0)
    town.setPolicy(policy(more))
    await town.advance(12 * MINUTE)
    expect(Number(await limit())).toBe('leases' in more ? 8 : 24)
    expect(await looseEnds(town, [POOL])).toEqual([])
  })

  it('while a lease of it is asked about: the question closes within minutes, saying so', async () => {
    town = await openTown({ config: policy(leases, 0) as never })
    await leased()
    await town.until('it is asked', async () => (await town.question(POOL)) !== null)
    await town.advance(20 * MINUTE)
    town.setPolicy(policy(null, 0))
    await town.advance(12 * MINUTE)
    expect(await town.question(POOL)).toBeNull()
    expect((await town.lane(POOL)).outcome).toMatchObject({ kind: 'cancelled', reason: 'not-configured' })
  })
})
