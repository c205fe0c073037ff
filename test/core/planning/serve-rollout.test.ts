import { describe, expect, it } from 'vitest'
import type { ServeDesired } from '../../../core/desired.ts'
import { planServe } from '../../../core/planning/serve.ts'
import {
  config,
  type Given,
  given,
  hour,
  image,
  movesOf,
  none,
  now,
  planned,
  planOf,
  serve,
  written,
} from './serve-fixture.ts'

const full = { used: 16, heldByOthers: 8 }

describe('a rollout', () => {
  it('says of weights among our results that nobody measured here that they are not pinned; it is the same plan', () => {
    const desired = { ...serve('8'), source: 's3://results/results/job/model' }
    const [made, byHand] = [planOf({ desired }), planOf({ desired: { ...desired, unpinned: 'unknown' } })]
    const not = expect.stringMatching(/^not pinned, and not registered by a pipeline/)
    expect(byHand.reasons).toContainEqual(not)
    expect(made.reasons).not.toContainEqual(not)
    expect(byHand.digest).toBe(made.digest)
  })

  it('of weights that no pipeline of ours is known to have registered is asked about, whatever it adds to the cost', () => {
    const rest = { approvals: { ...config().approvals, autoApproveBelow: 50_000 } }
    const [ours, own] = ['s3://results/results/job/model', { ours: true as const }]
    const asked = (desired: Partial<ServeDesired>, more: Given = {}) =>
      planOf({ rest, desired: { ...serve('8'), ...desired }, ...more }).approval
    expect(asked({})).toMatchObject({
      required: true,
      why: expect.stringMatching(/^not pinned: whoever may write to /),
    })
    expect(asked({ source: ours, ...own })).toMatchObject({ required: false })
    expect(asked({ source: ours })).toMatchObject({ required: true, why: expect.stringContaining('not proven') })
    expect(asked({ source: ours, unpinned: 'pipeline' })).toMatchObject({ required: true })
    // The version that stands was decided on: more of it, or its pods made anew, is a matter of money.
    expect(asked({}, { desired: serve('7'), generation: 1, model: { replicas: 3 } })).toMatchObject({ required: false })
    expect(asked({}, { desired: serve('7'), standing: [] })).toMatchObject({ required: false })
    expect(asked({}, { baseline: null, standing: [], generation: 1 })).toMatchObject({ required: true })
  })

  it('counts what its nodes do not end as taken, holds it, and stays inside of what was approved with it', () => {
    const beside = (stuck: number, within?: Given['within']) =>
      planOf({ pool: { stuck }, model: { maxUnavailable: 1 }, ...(within && { within }) })
    expect([beside(4).strategy?.name, beside(4).bounds.gpus]).toEqual(['surge', { 'gpu-serve': 16 }])
    expect([beside(8).strategy?.name, beside(8).bounds.gpus]).toEqual(['one-out-one-in', { 'gpu-serve': 16 }])
    const { bounds } = planOf()
    expect(bounds.gpus).toEqual({ 'gpu-serve': 12 })
    expect(beside(4, bounds).bounds.gpus).toEqual(bounds.gpus)
    expect(beside(4, bounds).strategy?.name).toBe('one-out-one-in')
  })

  it('surges where one more replica fits, judged before others follow', () => {
    const plan = planOf()
    expect(plan.strategy?.name).toBe('surge')
    expect(written(plan)).toBe('g1=2 g2=1 → gate → judge → to all → g1=1 g2=1 → g1=1 g2=2 → to g2 → g1=0 g2=2 → notify')
    expect(plan.steps.map(({ name }) => name)).toEqual([
      'move-1',
      'gate',
      'judge',
      'traffic-1',
      'move-2',
      'move-3',
      'traffic-2',
      'move-4',
      'notify',
    ])
    expect(plan.title).toBe('Serve support-llama v8 with 2 replicas instead of v7 (generation 1)')
  })

  it('takes one out before one comes in where the pool is full', () => {
    const plan = planOf({ pool: full })
    expect(plan.strategy?.name).toBe('one-out-one-in')
    expect(written(plan)).toBe('g1=1 → g1=1 g2=1 → gate → judge → to all → g1=0 g2=1 → to g2 → g1=0 g2=2 → notify')
    expect(plan.bounds.gpus).toEqual({ 'gpu-serve': 8 })
  })

  it('is refused with its numbers where it would wait for ever', () => {
    expect(planned({ pool: full, model: { maxUnavailable: 0 } })).toEqual({
      kind: 'refuse',
      reason: 'would-deadlock',
      detail:
        'serving v8 by surge needs 4 more GPUs at its peak; gpu-serve has 0 free of 16 (16 used, 0 held): it would wait for ever. ' +
        'To cure it, lower replicas to 1, raise pools.gpu-serve.maxGpus by 4, or set maxUnavailable to 1',
    })
  })

  it('says first which room costs nothing: what pods keep that their nodes do not end', () => {
    expect(planned({ pool: { ...full, stuck: 4 }, model: { maxUnavailable: 0 } })).toMatchObject({
      detail: expect.stringContaining(
        'To cure it, delete the Node whose pods do not end and keep 4 GPUs, or raise pools',
      ),
    })
  })

  it('waits for what others hold for a while, priced and bound as it will be then', () => {
    const alone = planOf({ pool: { used: 12, heldByOthers: 4 }, model: { maxUnavailable: 0 } })
    const { reasons, ...plan } = planOf({
      pool: { ...full, heldByOthers: 8, passing: 4 },
      model: { maxUnavailable: 0 },
    })
    expect(plan).toMatchObject({ bounds: alone.bounds, price: alone.price, steps: alone.steps })
    expect(reasons).toContain(
      'gpu-serve has 4 free of 16 (12 used, 0 held), with 4 that others hold for a while: it waits for those',
    )
    expect(alone.reasons.join()).not.toContain('for a while')
  })

  it('takes the way that fits now before one that it would have to wait for', () => {
    const plan = planOf({ pool: { ...full, heldByOthers: 8, passing: 4 } })
    expect(plan.strategy?.name).toBe('one-out-one-in')
    expect(plan.reasons.join()).not.toContain('for a while')
  })

  it('is refused where it would wait for ever even then', () => {
    expect(planned({ pool: { used: 20, heldByOthers: 12, passing: 4 }, model: { maxUnavailable: 0 } })).toMatchObject({
      reason: 'would-deadlock',
      detail: expect.stringContaining(
        '0 free of 16 (16 used, 0 held), with 4 that others hold for a while: it would wait',
      ),
    })
  })

  it('says what stands in the end', () => {
    expect(planOf().stands).toEqual({ 'gpu-serve': 8 })
    expect(
      planOf({
        desired: none,
        standing: [
          [1, '7', 2],
          [2, '8', 1],
        ],
      }).stands,
    ).toEqual({ 'gpu-serve': 8 })
  })

  it('counts what others hold and do not use yet', () => {
    expect(planned({ pool: { used: 8, heldByOthers: 8 }, model: { maxUnavailable: 0 } })).toMatchObject({
      detail: expect.stringContaining('0 free of 16 (8 used, 8 held)'),
    })
  })

  it('applies its objects with the first new replica, and never touches a generation that does not stand', () => {
    const plan = planOf({
      standing: [
        [1, '6', 0],
        [2, '7', 2],
      ],
      baseline: [2, '7'],
      generation: 3,
      pool: full,
    })
    expect(movesOf(plan).map(({ objects }) => objects.map(({ kind }) => kind))).toEqual([
      [],
      ['Deployment', 'Service'],
      [],
      [],
    ])
    expect(written(plan)).not.toContain('g1')
  })

  it('takes what was never judged away first, and the baseline last', () => {
    const plan = planOf({
      standing: [
        [1, '7', 2],
        [2, '8', 1],
      ],
      desired: serve('9'),
      generation: 3,
      pool: { used: 16, heldByOthers: 4 },
    })
    expect(written(plan)).toBe(
      'g2=0 g1=2 → g2=0 g1=2 g3=1 → gate → judge → to all → g2=0 g1=1 g3=1 → g2=0 g1=1 g3=2 → to g3 → g2=0 g1=0 g3=2 → notify',
    )
  })

  it('continues from where an earlier attempt stopped, and judges before anything moves', () => {
    const plan = planOf({
      standing: [
        [1, '7', 1],
        [2, '8', 1],
      ],
      attempt: 2,
      pool: { used: 8, heldByOthers: 0 },
    })
    expect(written(plan)).toBe('g1=1 g2=1 → gate → judge → to all → g1=1 g2=2 → to g2 → g1=0 g2=2 → notify')
    expect(movesOf(plan)[0]).toMatchObject({
      objects: [{ kind: 'Deployment' }, { kind: 'Service' }],
      point: { old: 1, new: 1 },
    })
  })

  it('starts with one replica where nothing served before', () => {
    const plan = planOf({ standing: [], baseline: null, generation: 1 })
    expect(plan.strategy?.name).toBe('first')
    expect(written(plan)).toBe('g1=1 → gate → judge → to g1 → g1=2 → notify')
    expect(plan.undo).toContain('nothing that was judged served before')
  })

  it('moves to another pool without counting on GPUs that leave the old one', () => {
    const plan = planOf({ change: { pool: 'gpu-old' }, pool: { used: 0, usedByLane: 0 } })
    expect(plan.bounds.gpus).toEqual({ 'gpu-old': 8, 'gpu-serve': 8 })
    expect(plan.price.sources).toHaveLength(2)
  })

  it('counts a whole node for replicas that share none', () => {
    const wide = { gpusPerReplica: 5 }
    expect(planOf({ model: wide, change: { gpusPerReplica: 5 } }).strategy?.name).toBe('one-out-one-in')
    expect(planned({ model: { ...wide, replicas: 3 } })).toMatchObject({ kind: 'refuse', reason: 'pool-too-small' })
  })

  it('holds what the way back restores: the replicas that the baseline had, whatever is wanted of it by now', () => {
    const scaledDown = given({ standing: [[1, '7', 1]], model: { replicas: 1 } })
    const gpusWith = (replicas: number) => {
      const result = planServe({ ...scaledDown, baseline: { generation: 1, desired: serve('7'), replicas } })
      return result.kind === 'plan' ? result.plan.bounds.gpus : result
    }
    expect([1, 4].map(gpusWith)).toEqual([{ 'gpu-serve': 8 }, { 'gpu-serve': 16 }])
  })

  it('stays inside the GPUs that were approved, whatever has become free since', () => {
    const { bounds } = planOf({ pool: full })
    expect(planOf({ within: bounds }).strategy?.name).toBe('one-out-one-in')
    expect(planOf({ within: { ...bounds, gpus: {} }, model: { maxUnavailable: 0 } }).strategy?.name).toBe('surge')
  })
})

describe('the price of a rollout', () => {
  it('is the additional nodes for as long as weights load and the gate asks, and before and after', () => {
    // One node more at $80/h through two loads (5–15 min) and one gate (3–10 min), while two of before end (15–330 s), and 21–32 min: in the end as many as before as a rule.
    const { price, bounds } = planOf()
    expect(price).toMatchObject({
      total: { p50: 46, p95: 110.67 },
      perHour: { p50: 80, p95: 160 },
      nowPerHour: 80,
      gpuHours: { p50: 0.9, p95: 3.4 },
    })
    const nodes = { 'gpu-serve': { instanceType: 'p5.48xlarge', capacityTypes: ['on-demand'] } }
    expect(bounds).toEqual({
      // And what the node may cost while its pod ends, 330 s, and on the first day, if each replica has one of its own.
      dollars: 166.01 + 7.33 + 1920,
      answering: 2,
      gpus: { 'gpu-serve': 12 },
      nodes,
      unavailable: 1,
      until: now + 4 * hour,
    })
  })

  it('is nothing where the pool is full, since no more nodes run than before', () => {
    expect(planOf({ pool: full }).price.total).toEqual({ p50: 0, p95: 0 })
  })

  it('is weighed with the first day of what it adds to the running cost, and the plan says so', () => {
    const plan = planOf({
      standing: [],
      baseline: null,
      rest: { approvals: { ...config().approvals, autoApproveBelow: 1900 } },
    })
    expect(plan.approval.required).toBe(true)
    expect(plan.approval.why).toContain('$1,920.00 for the first 24 h')
    expect(plan.bounds.dollars).toBeGreaterThan(1920)
  })
})

describe('what an approval binds', () => {
  it('is the same for every strategy', () => {
    expect(planOf({ pool: full }).digest).toBe(planOf().digest)
    expect(planOf().interrupts).toEqual(['v7 (generation 1) is replaced by v8'])
  })

  it('is the same for every attempt, and another for another version or policy', () => {
    expect(planOf({ attempt: 2 }).digest).toBe(planOf().digest)
    expect(planOf({ desired: serve('9') }).digest).not.toBe(planOf().digest)
    expect(planOf({ model: { args: ['--max-num-seqs=8'] } }).digest).not.toBe(planOf().digest)
    expect(
      planOf({
        model: {
          gate: { image, checks: [{ metric: 'exact_match', op: '>=', value: 0.8 }], minutes: { p50: 3, p95: 11 } },
        },
      }).digest,
    ).not.toBe(planOf().digest)
  })
})

it('the largest service that a policy may have makes a plan that a row of the ledger keeps, and a larger one is refused by name', () => {
  const gateOf = (count: number, width: number) => ({
    image,
    checks: Array.from({ length: count }, (_, n) => ({
      metric: `m${n}`.padEnd(width, 'm'),
      op: '>=' as const,
      value: 0.8,
    })),
  })
  const shapes: [Given['model'], Given['model']][] = [
    [{ args: ['$'.repeat(10_500)] }, { args: ['$'.repeat(12_000)] }],
    [{ args: ['漢'.repeat(3_500)] }, { args: ['漢'.repeat(4_000)] }],
    [{ gate: gateOf(88, 80) }, { gate: gateOf(110, 80) }],
    [{ gate: gateOf(250, 0) }, { gate: gateOf(350, 0) }],
  ]
  for (const [large, larger] of shapes) {
    expect(planned({ model: large! }).kind).toBe('plan')
    expect(() => planned({ model: larger! })).toThrow(
      'services.support-llama: a service has at most 12000 bytes in all',
    )
  }
})

it.each([340, 260])(
  'a rollout of %d replicas, more moves than a row of the ledger keeps, is refused on paper',
  (replicas) => {
    const rest = { budget: { dollars: 1e9 }, pools: { ...config().pools } }
    const pool = { ...rest.pools['gpu-serve']!, maxGpus: 1_368 }
    const many = planned({
      model: { replicas },
      rest: { ...rest, pools: { ...rest.pools, 'gpu-serve': pool } },
      standing: [[1, '7', replicas]],
      pool: { ceiling: 1_368, provisioned: 1_368 },
    })
    expect(many).toMatchObject({ kind: 'refuse', reason: 'plan-too-large' })
  },
)
