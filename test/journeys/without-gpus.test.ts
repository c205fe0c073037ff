import { afterEach, describe, expect, it } from 'vitest'
import { nodePoolObject } from '../../core/bootstrap/node-pools.ts'
import type { KubeObject } from '../../core/kube.ts'
import { planText } from '../../core/plan-text.ts'
import { poolsNow } from '../../flows/leases.ts'
import { spendIn } from '../../flows/spend.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { accountWatched } from './accounts.ts'
import { laddersOf } from './ladder.ts'
import { HOUR, looseEnds, MINUTE, timeline } from './scenes.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'pool/cpu'
const IMAGE = example.pipelines!['support-chats']!.stages[0]!.image
/** A stage that needs no GPU. */
const PREP = { name: 'prep', image: IMAGE, command: ['python3', 'prep.py'], pool: 'cpu', gpus: 0 }
const HOURS = { p50: 1, p95: 2 }
const CPU = {
  instanceType: 'm7i.4xlarge',
  gpusPerNode: 0,
  maxNodes: 1,
  price: { perNodeHour: 0.81, source: 'AWS price list', date: '2026-11-01' },
}

/** Pipelines of one stage each on a pool without GPUs, unasked. */
const configOf = (pool: object = {}, more: object = {}) => ({
  ...example,
  pools: { ...example.pools, cpu: { ...CPU, ...pool } },
  pipelines: Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [
      name,
      { on: piped({ prefix: `${name}/` }).on, stages: [{ ...PREP, hours: HOURS }] },
    ]),
  ),
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
  ...more,
})
const upload = async (name: string, minutes = 60) => {
  const simulation = { tasks: { prep: { minutes } } }
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/a/`, rows: ['{}'], simulation })
  await town.house.scanUploads()
  await town.advance(0)
}
const phase = async (name: string) => (await town.lane(`pipeline/${name}`)).run?.phase
const why = async (lane: string) => (await town.house.why(lane)).text
const limits = async () => {
  const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'cpu' })
  return (found as KubeObject<'NodePool'>).spec?.limits
}
/** Somebody bootstraps it, or sets its limit by hand. */
const limit = (maxGpus: number) =>
  town.house.cluster.apply(nodePoolObject({ ...town.policy.pools['cpu']!, name: 'cpu', maxGpus }), 'signalbox-workload')
const nodes = async () =>
  (await town.house.cluster.list('Node', { labels: { 'karpenter.sh/nodepool': 'cpu' } })) as KubeObject<'Node'>[]
const lease = () =>
  town.house.command({
    ...{ kind: 'lease', lane: POOL, by: BEN, does: 'take', gpus: 1, until: town.house.clock.now() + 6 * HOUR },
  })
const GPU_WORDS = /\bGPUs?\b/

describe('a stage without GPUs', () => {
  it('is priced, bound, asked about, held, told and metered as a node, and no GPU is held for it', async () => {
    town = await openTown({ config: { ...configOf(), approvals: example.approvals } })
    const account = await accountWatched(town)
    await upload('a')
    const { plan } = (await town.plan('pipeline/a'))!
    expect(plan).toMatchObject({
      steps: [{ title: 'Run prep on 1 node of cpu', gpus: 1, counts: 'nodes', perHour: 0.81 }, {}],
      bounds: { gpus: { cpu: 1 }, nodes: { cpu: { counts: 'nodes', instanceType: 'm7i.4xlarge' } } },
      price: { gpuHours: { p50: 0, p95: 0 }, nodeHours: HOURS },
    })
    // An hour as a rule, the node boots in 3 minutes and is empty for 11.
    expect(plan.price.total.p50).toBeCloseTo(0.81 * (1 + 14 / 60), 2)
    const card = (await town.house.cards()).find(({ card: { title } }) => title.startsWith('Approve?'))?.card
    expect(card?.facts).toContainEqual({ label: 'Nodes', value: 'cpu ≤ 1' })
    const told = [planText(plan, null), JSON.stringify(card)].join('\n')
    expect(told).toContain('prep on cpu, as pipelines.a says: one node to itself, and no GPU')
    expect(told).toContain('cpu: 1 of 1 nodes free (0 held or used by others), 0 of them up; needs 1')
    expect(told).toContain('m7i.4xlarge on-demand $0.81/h a node (AWS price list, 2026-11-01)')
    expect(told).toContain('node-hours')
    expect(told.replaceAll(/and no GPU|nodes without GPUs/g, '')).not.toMatch(GPU_WORDS)
    await town.answered('pipeline/a')
    await town.until('it runs', async () => (await nodes()).length === 1 && (await phase('a')) === 'steps')
    expect((await town.held(POOL)).sum).toBe(1)
    expect((await timeline(town, 'pipeline/a')).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^holds 1 node of cpu and \$/),
    )
    expect((await town.settled('pipeline/a')).outcome).toMatchObject({ kind: 'succeeded' })
    await town.advance(HOUR)
    expect(await nodes()).toEqual([])
    const { dollars, by } = await spendIn(town.house.ports.ledger, town.house.clock.now())
    expect(by.pool.map(({ of }) => of)).toEqual(['cpu'])
    expect(dollars).toBeGreaterThan(0.81)
    expect(dollars).toBeCloseTo(account.dollars('cpu'), 2)
    const [{ cost = 0 } = {}] = await town.past('pipeline/a')
    const paid = Object.fromEntries(by.lane.map(({ of, dollars: each }) => [of, each]))
    // The lane pays for the whole node while its pod has it.
    expect(paid['pipeline/a']).toBeCloseTo(cost, 1)
    expect(paid['idle beside pods'] ?? 0).toBe(0)
    expect(await looseEnds(town)).toEqual([])
  })

  it('waits for a node in the pool’s line, and says so in nodes; two never share one', async () => {
    town = await openTown({ config: configOf() })
    await upload('a')
    await upload('b')
    expect([await phase('a'), await phase('b')]).toEqual(['steps', 'waiting-for-room'])
    expect(await why('pipeline/b')).toContain('cpu has 0 of 1 nodes free for it, and it needs 1')
    town.setPolicy(configOf({ maxNodes: 2 }))
    await limit(2)
    await town.until('both run', async () => (await phase('b')) === 'steps' && (await nodes()).length === 2)
    await town.until('both are done', async () => {
      const all = await Promise.all(['a', 'b'].map((name) => town.lane(`pipeline/${name}`)))
      return all.every(({ outcome }) => outcome?.kind === 'succeeded')
    })
    expect(await looseEnds(town)).toEqual([])
  })

  it('says at its pool’s ceiling how many nodes stand, where somebody has lowered its NodePool', async () => {
    town = await openTown({ config: configOf({ maxNodes: 2 }) })
    const create = town.house.cluster.create.bind(town.house.cluster)
    town.house.cluster.create = async (object) => {
      if (object.kind === 'Job') await limit(0)
      return create(object)
    }
    await upload('a')
    await town.advance(20 * MINUTE)
    expect(await why('pipeline/a')).toContain('cpu is at its ceiling (0 of 0 nodes stand, and it asks for 1)')
  })
})

describe('a pool without GPUs', () => {
  it('is leased by the node, and is over by itself', async () => {
    town = await openTown({
      config: { ...configOf({ leases: { maxNodes: 2, maxHours: 12 } }), approvals: example.approvals },
    })
    expect(await lease()).toMatchObject({ ok: true, detail: expect.stringMatching(/lease of 1 node until/) })
    const { plan } = (await town.plan(POOL))!
    expect(plan).toMatchObject({
      title: expect.stringMatching(/^Lease 1 node of cpu until/),
      bounds: { dollars: 4.86 },
      price: { nodeHours: { p95: 6 }, gpuHours: { p95: 0 } },
    })
    expect(planText(plan, null)).not.toMatch(GPU_WORDS)
    await town.answered(POOL)
    await town.advance(MINUTE)
    expect(await limits()).toEqual({ nodes: '2' })
    await town.advance(6 * HOUR)
    expect(await limits()).toEqual({ nodes: '1' })
    const texts = (await timeline(town, POOL)).map(({ text }) => text)
    expect(texts).toContainEqual(expect.stringMatching(/the lease g1 of 1 node has ended/))
    expect(texts).toContainEqual('its ceiling is 1 node, and was 2 nodes: `maxNodes` of the policy say 1')
    expect(texts.filter((text) => !text.startsWith('holds no GPUs')).join('\n')).not.toMatch(GPU_WORDS)
    expect(await looseEnds(town)).toEqual([])
  })

  it('is capped by a rung at the nodes that it has', async () => {
    const budget = { name: 'ml-monthly', dollars: 1000, ladder: [{ at: 0.001, do: 'cap-pools' }] }
    const at = Date.UTC(2026, 10, 30, 20)
    town = await openTown({ at, config: configOf({ maxNodes: 3 }, { budget }) })
    await upload('a', 120)
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.advance(MINUTE)
    expect(await limits()).toEqual({ nodes: '1' })
    const [pool] = (
      await poolsNow(town.house.ports.ledger, { policy: town.policy, now: town.house.clock.now() })
    ).filter((one) => one.pool === 'cpu')
    expect(pool).toMatchObject({ ceiling: 1, own: 3 })
    expect((await timeline(town, POOL)).map(({ text }) => text)).toContainEqual(
      'its ceiling is 1 node, and was 3 nodes: `maxNodes` of the policy say 3; cap-pools of ml-monthly lets it have 1 at most',
    )
    await upload('b')
    await town.advance(10 * MINUTE)
    expect(await phase('b')).toBe('waiting-for-room')
    await town.until('the month turns', async () => (await limits())?.['nodes'] === '3')
    expect((await town.settled('pipeline/b')).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  })
})
