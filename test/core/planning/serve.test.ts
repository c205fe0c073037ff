import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../core/digest.ts'
import { generationName, label } from '../../../core/names.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import {
  config,
  type Given,
  given,
  hour,
  identity,
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

describe('nothing is to be done', () => {
  it('where the generation that was judged stands alone', () => {
    expect(planned({ standing: [[1, '7', 2]], desired: serve('7'), generation: 1 })).toEqual({
      kind: 'nothing',
      reason: 'v7 stands alone with 2 replicas',
    })
  })

  it('where another generation of the same version stands: it is adopted, not rolled', () => {
    expect(
      planned({
        standing: [
          [1, '7', 2],
          [2, '8', 0],
        ],
        desired: serve('7'),
        generation: 3,
      }),
    ).toMatchObject({ kind: 'nothing' })
  })

  it('where no version is promoted and the baseline stands, or nothing does', () => {
    expect(planned({ desired: none })).toMatchObject({ kind: 'nothing' })
    expect(planned({ desired: none, standing: [], baseline: null })).toEqual({
      kind: 'nothing',
      reason: 'no version of support-llama is promoted that can be served, and nothing is served',
    })
  })
})

describe('a standing version', () => {
  it('is only scaled where its number of replicas is not what the policy says', () => {
    const plan = planOf({ standing: [[1, '7', 1]], desired: serve('7'), generation: 1, attempt: 2 })
    expect(written(plan)).toBe('g1=2 → notify')
    expect(plan.title).toBe('Scale support-llama v7 from 1 to 2 replicas')
  })

  it('that was adopted is freed of others without another load', () => {
    const plan = planOf({
      standing: [
        [1, '7', 2],
        [2, '8', 1],
      ],
      desired: serve('7'),
      generation: 3,
    })
    expect(written(plan)).toBe('g2=0 g1=2 → notify')
    expect(plan.strategy?.name).toBe('scale')
    expect(movesOf(plan)[0]?.objects[0]?.metadata.name).toBe(generationName(identity, 1))
  })

  it('is judged before it counts when it never was, though it stands as wanted', () => {
    const plan = planOf({
      standing: [[1, '7', 1]],
      desired: serve('7'),
      generation: 1,
      attempt: 2,
      baseline: null,
      model: { replicas: 1 },
    })
    expect(written(plan)).toBe('g1=1 → gate → judge → to g1 → notify')
  })

  it('whose pods are wanted to be others is not edited: that is said, and planned as a generation of its own', () => {
    const changed = {
      standing: [[1, '7', 2]] as [number, string, number][],
      desired: serve('7'),
      attempt: 2,
      change: { digest: 'older' },
    }
    expect(planServe(given({ ...changed, generation: 1 }))).toMatchObject({ kind: 'plan', edits: true })
    const result = planServe(given({ ...changed, generation: 2 }))
    expect(result).toMatchObject({
      plan: { title: 'Serve support-llama v7 with 2 replicas instead of v7 (generation 1)' },
    })
    expect(result).not.toHaveProperty('edits')
    expect(result.kind === 'plan' && written(result.plan)).toContain('gate → judge')
  })
})

describe('no promoted version', () => {
  it('returns to the baseline without a gate', () => {
    const plan = planOf({
      desired: none,
      standing: [
        [1, '7', 1],
        [2, '8', 1],
      ],
      generation: 3,
    })
    expect(written(plan)).toBe('g2=1 g1=2 → g2=0 g1=2 → notify')
    expect(plan).toMatchObject({
      strategy: null,
      title: 'Return support-llama to v7 (generation 1)',
      interrupts: ['v8 (generation 2) is replaced by v7 (generation 1)'],
    })
  })

  it('counts what is free where the baseline stands, whatever pool the policy has for it by now', () => {
    const standing: Given['standing'] = [
      [1, '7', 1],
      [2, '8', 1],
    ]
    const elsewhere = { used: 16, usedByLane: 0, heldByOthers: 16 }
    const full = given({ desired: none, standing, generation: 3, change: { pool: 'gpu-old' }, pool: elsewhere })
    const { policy, world } = full
    const seen = world.pools['gpu-serve']!
    const stepsWith = (others: number) => {
      const old = { ...seen, pool: 'gpu-old', used: 8 + others, usedByLane: 8, heldByOthers: others }
      const result = planServe({
        ...full,
        policy: { ...policy, pools: { ...policy.pools, 'gpu-old': policy.pools['gpu-serve']! } },
        world: { ...world, pools: { ...world.pools, 'gpu-old': old } },
      })
      return result.kind === 'plan' ? written(result.plan) : result
    }
    expect(stepsWith(0)).toBe('g2=1 g1=2 → g2=0 g1=2 → notify')
    expect(stepsWith(8)).toBe('g2=0 g1=1 → g2=0 g1=2 → notify')
  })

  it('makes the baseline’s version anew where somebody deleted its Deployment: a generation of its own, and judged', () => {
    const plan = planOf({ desired: none, standing: [[2, '8', 1]], generation: 3 })
    expect(plan.desired).toEqual(none)
    expect(written(plan)).toBe('to g2 → g2=1 g3=1 → gate → judge → to all → g2=1 g3=2 → to g3 → g2=0 g3=2 → notify')
  })

  it('takes away what was never judged where there is no baseline', () => {
    expect(written(planOf({ desired: none, standing: [[1, '8', 1]], baseline: null }))).toBe('g1=0 → notify')
  })
})

describe('a serving lane is refused', () => {
  it.each([
    ['a service that the policy does not have', { rest: { services: {} } }, 'not-configured'],
    [
      'a pool without a price',
      { rest: { pools: { 'gpu-serve': { ...config().pools['gpu-serve']!, price: null } } } },
      'missing-price',
    ],
    ['a Deployment that Argo CD owns', { change: { ownedBy: 'Argo CD' as const } }, 'owned-by-gitops'],
    ['a Deployment that an autoscaler scales', { change: { scaledBy: 'llama' } }, 'autoscaler-cannot-pause'],
    ['a replica larger than a node', { model: { gpusPerReplica: 16 } }, 'pool-too-small'],
    ['a ceiling of less than a node', { pool: { ceiling: 7 } }, 'pool-too-small'],
    ['more dollars than the budget has', { rest: { budget: { dollars: 30 } } }, 'budget-exceeded'],
    [
      'an unknown requester where one must be known',
      { rest: { approvals: { ...config().approvals, unknownRequester: 'refuse' as const } } },
      'requester-unknown',
    ],
    ['a version that is unfit', { desired: { ...serve('7'), unfit: 'why' }, generation: 1 }, 'source-not-allowed'],
  ] satisfies [string, Given, string][])('for %s', (_, change, reason) => {
    expect(planned(change)).toMatchObject({ kind: 'refuse', reason, detail: expect.stringMatching(/.{30}/) })
  })

  it('for a pool that is not there', () => {
    const input = given()
    expect(planServe({ ...input, world: { ...input.world, pools: {} } })).toMatchObject({ reason: 'pool-unknown' })
  })
})

describe('the price of a rollout', () => {
  it('is the additional nodes for as long as weights load and the gate asks, and before and after', () => {
    // One node more at $80/h through two loads (5–15 min) and one gate (3–10 min), and 21–32 min: in the end as many as before as a rule.
    const { price, bounds } = planOf()
    expect(price).toMatchObject({
      total: { p50: 45.33, p95: 96 },
      perHour: { p50: 80, p95: 160 },
      nowPerHour: 80,
      gpuHours: { p50: 0.87, p95: 2.67 },
    })
    const nodes = { 'gpu-serve': { instanceType: 'p5.48xlarge', capacityTypes: ['on-demand'] } }
    expect(bounds).toEqual({
      // And what the node may cost while its pod ends, 330 s, and on the first day, if each replica has one of its own.
      dollars: 144 + 7.33 + 1920,
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
      rest: { approvals: { ...config().approvals, autoApproveBelow: 3000 } },
    })
    expect(plan.approval.required).toBe(true)
    expect(plan.approval.why).toContain('$3,840.00 for the first 24 h')
    expect(plan.bounds.dollars).toBeGreaterThan(3840)
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

const anyLane = fc.record({
  replicas: fc.integer({ min: 1, max: 4 }),
  gpusPerReplica: fc.constantFrom(1, 2, 3, 4, 5, 8),
  maxUnavailable: fc.integer({ min: 0, max: 5 }),
  nodes: fc.integer({ min: 1, max: 6 }),
  old: fc.integer({ min: 0, max: 4 }),
  stray: fc.integer({ min: 0, max: 2 }),
  present: fc.integer({ min: 0, max: 3 }),
})

/** Pods of one size on nodes of 8 GPUs, none of them split: how many run. */
const slots = (nodes: number, gpus: number): number => nodes * Math.floor(8 / gpus)

describe('every plan of a serving lane', () => {
  const lanes = anyLane.map((some) => {
    const standing: [number, string, number][] = [
      [1, '6', some.stray],
      [2, '7', some.old],
      [3, '8', some.present],
    ]
    const fits = some.stray + some.old + some.present <= slots(some.nodes, some.gpusPerReplica)
    const model = { replicas: some.replicas, gpusPerReplica: some.gpusPerReplica, maxUnavailable: some.maxUnavailable }
    const rest = { pools: { 'gpu-serve': { ...config().pools['gpu-serve']!, maxGpus: 48 } } }
    return {
      fits,
      some,
      change: {
        standing,
        baseline: [2, '7'],
        generation: 3,
        model,
        rest,
        pool: { ceiling: some.nodes * 8 },
      } satisfies Given,
    }
  })

  it('never has a Pod that no node takes, and ends with the wanted version alone', () => {
    fc.assert(
      fc.property(lanes, ({ fits, some, change }) => {
        const result = planned(change)
        fc.pre(fits && result.kind === 'plan')
        if (result.kind !== 'plan') return
        const replicas = new Map(change.standing.map(([generation, , count]) => [generation, count]))
        for (const step of movesOf(result.plan)) {
          for (const one of step.replicas) replicas.set(one.generation, one.replicas)
          expect([...replicas.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(
            slots(some.nodes, some.gpusPerReplica),
          )
        }
        expect(Object.fromEntries(replicas)).toEqual({ 1: 0, 2: 0, 3: some.replicas })
      }),
      { numRuns: 300 },
    )
  })

  it('has step names that are short, unique and fit into names of objects', () => {
    fc.assert(
      fc.property(lanes, ({ change }) => {
        const result = planned(change)
        if (result.kind !== 'plan') return
        const names = result.plan.steps.map(({ name }) => name)
        expect(new Set(names).size).toBe(names.length)
        for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]{0,9}$/)
      }),
      { numRuns: 100 },
    )
  })

  it('is the same to the byte for the same input, whatever the order of its keys, and touches none of it', () => {
    fc.assert(
      fc.property(lanes, ({ change }) => {
        const input = given(change)
        const before = canonicalJson(input)
        const first = JSON.stringify(planServe(input))
        expect(JSON.stringify(planServe(shuffled(input) as ServeInput))).toBe(first)
        expect(canonicalJson(input)).toBe(before)
        expect(first).not.toContain('null,null')
      }),
      { numRuns: 100 },
    )
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

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (value === null || typeof value !== 'object' || value instanceof Map) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, shuffled(inner)]),
  )
}

describe('labels', () => {
  it('name the plan on the Deployment, not on its Pods', () => {
    const [move] = movesOf(planOf())
    const deployment = move?.objects[0]
    expect(deployment?.metadata.labels?.[label('plan')]).toBe(planOf().id)
  })
})
