import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../core/digest.ts'
import { generationName, label } from '../../../core/names.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import { config, type Given, given, identity, movesOf, none, planned, planOf, serve, written } from './serve-fixture.ts'

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

  it('returns to the replicas that the baseline had, whatever the policy has of them, and never to more than fit', () => {
    const back = (had: number, of: Given) => {
      const input = given({ desired: none, generation: 3, ...of })
      const result = planServe({ ...input, baseline: { ...input.baseline!, replicas: had } })
      return result.kind === 'plan' ? written(result.plan) : result.kind
    }
    for (const replicas of [1, 3, 4]) expect(back(2, { model: { replicas } })).toBe('nothing')
    const two: Given['standing'] = [
      [1, '7', 1],
      [2, '8', 1],
    ]
    expect(back(2, { model: { replicas: 4 }, standing: two })).toBe('g2=1 g1=2 → g2=0 g1=2 → notify')
    const others = { used: 16, heldByOthers: 8 }
    expect(back(4, { standing: two, pool: others })).toBe('g2=0 g1=1 → g2=0 g1=2 → notify')
    expect(back(4, { standing: [[1, '7', 2]], pool: others })).toBe('nothing')
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
        fc.pre(fits)
        const result = planned(change)
        fc.pre(result.kind === 'plan')
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
