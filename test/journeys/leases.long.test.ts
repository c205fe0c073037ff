import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { poolsNow } from '../../flows/leases.ts'
import { Unavailable } from '../../flows/ports.ts'
import type { Command } from '../../local/house-type.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { HOUR, looseEnds, MINUTE, timeline } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'pool/gpu-train'
/** A lease of a node for six hours costs $330.24 at most, a training less. */
const configOf = (pool: object = {}, approvals: object = {}) => ({
  ...example,
  pools: {
    ...example.pools,
    'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8, leases: { maxGpus: 16, maxHours: 12 }, ...pool },
  },
  pipelines: Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [name, piped({ prefix: `${name}/`, train: { gpus: 8 } })]),
  ),
  approvals: { ...example.approvals, autoApproveBelow: 300, ...approvals },
})
const upload = async (name: string, minutes = 150) => {
  const simulation = { tasks: { 'fine-tune': { minutes } } }
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/a/`, rows: ['{}'], simulation })
  await town.house.scanUploads()
  await town.advance(0)
}
const lane = (name: string) => town.lane(`pipeline/${name}`)
const phase = async (name: string) => (await lane(name)).run?.phase
type Lease = Extract<Command, { kind: 'lease' }>
const lease = (given: Partial<Lease> = {}) =>
  town.house.command({
    ...{ kind: 'lease', lane: POOL, by: BEN, does: 'take', gpus: 8, until: town.house.clock.now() + 6 * HOUR },
    ...given,
  } as Lease)
const limit = async () => {
  const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-train' })
  return (found as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu']
}
const now = async () => {
  const all = await poolsNow(town.house.ports.ledger, { policy: town.policy, now: town.house.clock.now() })
  const found = all.find(({ pool }) => pool === 'gpu-train')
  return { ceiling: found?.ceiling, leases: found?.leases.map(({ id }) => id) }
}
const told = async () => (await timeline(town, POOL)).map(({ text }) => text)

describe('a lease', () => {
  it('is priced, asked about, lets a waiting run begin, and is over by itself: what runs is finished, the next waits', async () => {
    town = await openTown({ config: configOf() })
    await upload('a')
    await upload('b')
    expect([await phase('a'), await phase('b')]).toEqual(['steps', 'waiting-for-room'])
    expect(await lease()).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/lease of 8 GPUs until 2026-11-23 18:00 UTC/),
    })
    const plan = (await town.plan(POOL))?.plan
    expect(plan).toMatchObject({
      title: 'Lease 8 GPUs of gpu-train until 2026-11-23 18:00 UTC',
      bounds: { dollars: 330.24 },
    })
    expect(plan?.reasons.join('\n')).toMatch(/nothing is stopped, what runs then is finished/)
    expect([await limit(), await phase('b')]).toEqual(['8', 'waiting-for-room'])
    await town.answered(POOL)
    await town.advance(MINUTE)
    expect([await limit(), await phase('b'), await now()]).toEqual(['16', 'steps', { ceiling: 16, leases: ['g1'] }])
    expect((await town.held('budget/ml-monthly')).lanes).not.toHaveProperty(POOL)
    await town.advance(5 * HOUR)
    // It is the third that runs when the lease ends.
    await upload('a', 160)
    await upload('c', 170)
    await town.advance(50 * MINUTE)
    expect([await phase('a'), await phase('c')].filter((one) => one === 'steps').length).toBeGreaterThanOrEqual(1)
    const running = (await phase('c')) === 'steps' ? 'c' : 'a'
    await town.advance(10 * MINUTE)
    expect([await limit(), await now()]).toEqual(['8', { ceiling: 8, leases: [] }])
    expect(await town.settled(`pipeline/${running}`)).toMatchObject({ state: 'succeeded' })
    expect(await told()).toContainEqual(
      expect.stringMatching(/the lease g1 of 8 GPUs has ended: what runs is finished/),
    )
    expect(await town.settled('pipeline/b')).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  })

  it('while it is asked about keeps nobody in the line waiting for what comes free', async () => {
    town = await openTown({ config: configOf() })
    await upload('a', 30)
    await upload('b', 30)
    await lease()
    await town.until('b has begun', async () => (await phase('b')) === 'steps')
    expect((await town.lane(POOL)).run?.phase).toBe('asked')
    expect((await town.house.why(POOL)).text).toMatch(/waits for ana to answer pool-gpu-train/)
  })

  it('needs nobody where it costs less than the policy lets pass', async () => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 1000 }) })
    await lease()
    expect([await limit(), (await town.lane(POOL)).outcome?.kind]).toEqual(['16', 'succeeded'])
  })

  it('that is denied, that nobody answers or that is cancelled changes nothing', async () => {
    town = await openTown({ config: configOf() })
    await lease()
    await town.answered(POOL, 'deny', ANA, 'not this month')
    expect(await town.lane(POOL)).toMatchObject({ run: null, outcome: { kind: 'rejected' } })
    // Said again it is asked about again.
    expect(await town.house.command({ kind: 'retry', lane: POOL, by: BEN })).toMatchObject({ ok: true })
    expect((await town.lane(POOL)).run?.phase).toBe('asked')
    await town.house.command({ kind: 'cancel', lane: POOL, by: BEN })
    expect(await town.lane(POOL)).toMatchObject({ run: null, outcome: { kind: 'cancelled' } })
    await lease()
    await town.house.command({ kind: 'cancel', lane: POOL, by: BEN })
    expect(await town.lane(POOL)).toMatchObject({ run: null, outcome: { kind: 'cancelled' } })
    await lease()
    await town.settled(POOL)
    expect(await town.lane(POOL)).toMatchObject({ outcome: { kind: 'expired' } })
    expect([await limit(), await now()]).toEqual(['8', { ceiling: 8, leases: [] }])
  })

  it('may overlap another: each ends for itself', async () => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 1000 }) })
    await lease()
    await town.advance(HOUR)
    await lease({ until: town.house.clock.now() + HOUR })
    expect([await limit(), await now()]).toEqual(['24', { ceiling: 24, leases: ['g2', 'g1'] }])
    await town.advance(HOUR + 1000)
    expect([await limit(), await now()]).toEqual(['16', { ceiling: 16, leases: ['g1'] }])
    await town.advance(4 * HOUR)
    expect([await limit(), await now()]).toEqual(['8', { ceiling: 8, leases: [] }])
  })

  it('goes on by an extension, priced for what it adds, and ends when a person says so', async () => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 200 }) })
    await lease({ until: town.house.clock.now() + 3 * HOUR })
    expect(await now()).toEqual({ ceiling: 16, leases: ['g1'] })
    const longer = await lease({ does: 'extend', until: undefined, gpus: undefined, more: 4 * HOUR } as never)
    expect(longer).toMatchObject({ ok: true })
    expect((await town.plan(POOL))?.plan).toMatchObject({
      title: 'Extend the lease g1 of 8 GPUs of gpu-train until 2026-11-23 19:00 UTC',
      bounds: { dollars: 220.16 },
    })
    await town.answered(POOL)
    await town.advance(5 * HOUR)
    expect(await now()).toEqual({ ceiling: 16, leases: ['g1'] })
    expect(await lease({ does: 'end' })).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/lease g1 .* is over/),
    })
    expect([await limit(), await now()]).toEqual(['8', { ceiling: 8, leases: [] }])
    expect(await lease({ does: 'end' })).toEqual({ ok: false, detail: 'nothing is leased of gpu-train' })
  })

  it.each<[string, RegExp, () => unknown]>([
    ['it is given back', /the lease g1 of gpu-train is over/, () => lease({ does: 'end' })],
    [
      'nobody may lease any more',
      /lets nobody lease/,
      () => town.setPolicy(configOf({ leases: undefined }, { autoApproveBelow: 200 })),
    ],
  ])('whose extension is asked about asks nobody any more once %s', async (_, why, ends) => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 200 }) })
    await lease({ until: town.house.clock.now() + 3 * HOUR })
    await lease({ does: 'extend', until: undefined, gpus: undefined, more: 4 * HOUR } as never)
    expect(await town.question(POOL)).not.toBeNull()
    await ends()
    await town.advance(10 * MINUTE)
    expect(await town.question(POOL)).toBeNull()
    expect((await town.lane(POOL)).outcome).toMatchObject({ kind: 'refused', detail: expect.stringMatching(why) })
  })

  it('beyond what the policy allows is refused with what it allows; where it allows nothing, with what to write', async () => {
    town = await openTown({ config: configOf() })
    const refused = async (given: Partial<Lease>) => {
      const { ok, detail } = await lease(given)
      return [ok, detail]
    }
    const t = town.house.clock.now()
    expect(await refused({ gpus: 24 })).toEqual([
      false,
      expect.stringMatching(/lets 16 GPUs be leased together, and not 24/),
    ])
    expect(await refused({ gpus: 4 })).toEqual([false, '4 GPUs are no whole nodes of 8: say +8'])
    expect(await refused({ until: t + 13 * HOUR })).toEqual([
      false,
      'pools.gpu-train.leases lets one last 12 hours: until 2026-11-24 00:00 UTC at most',
    ])
    expect(await refused({ until: t - 1 })).toEqual([false, expect.stringMatching(/ahead/)])
    expect(await refused({ until: -1e300 })).toEqual([false, expect.stringMatching(/ahead/)])
    expect(await refused({ does: 'extend', more: HOUR })).toEqual([false, 'nothing is leased of gpu-train'])
    expect(await refused({ lane: 'pool/nowhere' })).toEqual([
      false,
      expect.stringMatching(/no pool pool\/nowhere; the policy has/),
    ])
    expect(await refused({ lane: 'pool/gpu-serve' })).toEqual([
      false,
      'the policy lets nobody lease of gpu-serve: write `leases: { maxGpus: 4, maxHours: 12 }` into pools.gpu-serve, or as much as you allow',
    ])
    await lease()
    expect(await refused({})).toEqual([false, expect.stringMatching(/is being asked about or carried out/)])
  })

  it('is an operator’s to ask for, where the policy names any', async () => {
    const operators = [{ id: ANA, name: 'Ana' }]
    town = await openTown({ config: configOf({}, { operators }) })
    expect(await lease()).toEqual({
      ok: false,
      detail: expect.stringMatching(/none of approvals\.operators, who alone may lease/),
    })
    expect(await lease({ by: ANA })).toMatchObject({ ok: true })
  })

  it('does not begin while its pool is frozen, and ends in a freeze as it would without', async () => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 1000 }) })
    const until = town.house.clock.now() + 8 * HOUR
    await lease()
    await town.house.command({ kind: 'freeze', lane: POOL, by: BEN, until })
    await lease({ until: until + HOUR })
    expect(await now()).toEqual({ ceiling: 16, leases: ['g1'] })
    await town.advance(7 * HOUR)
    expect([await limit(), await now()]).toEqual(['8', { ceiling: 8, leases: [] }])
    expect(await lane('a')).toMatchObject({ run: null })
  })

  it('is there after a restart in the midst, and over on time', async () => {
    town = await openTown({ config: configOf() })
    await lease()
    await town.reopen()
    await town.answered(POOL)
    await town.reopen()
    expect([await limit(), await now()]).toEqual(['16', { ceiling: 16, leases: ['g1'] }])
    await town.advance(6 * HOUR)
    await town.reopen()
    await town.advance(MINUTE)
    expect([await limit(), await now()]).toEqual(['8', { ceiling: 8, leases: [] }])
  })

  it('is over for who begins though the API server is away at its end for hours, and for Karpenter when that is back', async () => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 1000 }) })
    await lease({ until: town.house.clock.now() + HOUR })
    const { get, apply } = town.house.cluster
    const away = () => Promise.reject(new Unavailable('the API server is away'))
    await town.advance(50 * MINUTE)
    Object.assign(town.house.cluster, { get: away, apply: away })
    await town.advance(4 * HOUR)
    expect(await now()).toEqual({ ceiling: 8, leases: [] })
    expect(await town.lane(POOL)).toMatchObject({ rest: { why: 'unavailable', side: 'cluster' } })
    Object.assign(town.house.cluster, { get, apply })
    expect(await limit()).toBe('16')
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('8')
  })

  it('is not begun with where its NodePool cannot be set, and says why', async () => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 1000 }) })
    const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-train' })
    await town.house.cluster.delete({ kind: 'NodePool', namespace: null, name: 'gpu-train' }, found?.metadata.uid ?? '')
    await lease()
    expect(await town.settled(POOL)).toMatchObject({
      outcome: {
        kind: 'refused',
        reason: 'ceiling-not-set',
        detail: expect.stringMatching(/no NodePool.*bootstrap --apply/),
      },
    })
  })

  it('that would cost more than is left of the budget is refused', async () => {
    town = await openTown({ config: { ...configOf(), budget: { ...example.budget, dollars: 300 } } })
    await lease()
    expect(await town.settled(POOL)).toMatchObject({ outcome: { kind: 'refused', reason: 'budget-exceeded' } })
    expect((await town.house.why(POOL)).text).toMatch(
      /lease of 8 GPUs until .*: refused \(budget-exceeded\), .*over the \$300/,
    )
  })

  it('counts no more than the policy lets it by now', async () => {
    town = await openTown({ config: configOf({}, { autoApproveBelow: 1000 }) })
    await lease({ gpus: 16, until: town.house.clock.now() + 2 * HOUR })
    expect(await limit()).toBe('24')
    town.setPolicy(configOf({ leases: { maxGpus: 8, maxHours: 12 } }))
    await town.advance(6 * MINUTE)
    expect(await limit()).toBe('16')
  })
})
