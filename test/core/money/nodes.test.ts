import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countingOf, PRICED } from '../../../core/money/nodes.ts'
import type { Range } from '../../../core/plan.ts'
import { planPipeline } from '../../../core/planning/pipeline.ts'

import { policyWith } from '../lane/fixture.ts'
import { emptyPool, emptyWorld, trainInput } from '../training-fixture.ts'
import { type Cluster, nodeHours, type PodLife } from './karpenter.ts'

const whole = countingOf({ priced: PRICED })
const pool = { gpusPerNode: 8 }
const MINUTE = 1 / 60

describe('nodes under pods', () => {
  it('are whole ones, however few GPUs a pod asks for', () => {
    expect([whole.each(1, pool), whole.each(8, pool), whole.each(0, pool)]).toEqual([1, 1, 0])
    expect(whole.together([1], pool)).toBe(1)
    expect(whole.together([4, 4, 4], pool)).toBe(2)
    expect(whole.together([5, 4, 3], pool)).toBe(2)
  })

  it('are none where a pod fits beside what runs anyway: it takes the place that it leaves the least of', () => {
    expect(whole.together([4], pool, [4])).toBe(0)
    expect(whole.together([5], pool, [4])).toBe(1)
    expect(whole.together([4, 2], pool, [6, 4])).toBe(0)
    expect(whole.together([4, 4], pool, [4])).toBe(1)
  })

  it('that end with pods are those that these were seen alone on, and else the fewest that they fit on', () => {
    expect([whole.under([4, 4], pool, 2), whole.under([4, 4], pool, 0), whole.under([4, 4], pool)]).toEqual([2, 0, 1])
  })

  it('cost before and after their pods: as long as the policy says of the pool', () => {
    const minutes = ({ p50, p95 }: Range): number[] => [p50, p95].map((hours) => Math.round(hours * 60))
    expect(minutes(whole.beside(pool))).toEqual([21, 32])
    expect(minutes(whole.beside({ ...pool, bootMinutes: { p50: 3, p95: 5 } }))).toEqual([14, 17])
  })
})

describe('a lane that an earlier release was asked for', () => {
  const shares = countingOf({})

  it('is priced by the share of a node, as it was approved, until something else is wanted', () => {
    expect([shares.each(1, pool), shares.together([4, 4, 4], pool, [8]), shares.under([4], pool, 1)]).toEqual([
      1 / 8,
      1.5,
      0.5,
    ])
    expect(shares.beside(pool)).toEqual({ p50: 0, p95: 0 })
    const { priced: _, ...desired } = trainInput().desired
    const planned = planPipeline({ ...trainInput(), desired })
    expect(planned).toMatchObject({
      kind: 'plan',
      plan: { bounds: { dollars: 168.56 }, price: { total: { p50: 84.28 } } },
    })
  })

  it('of a revision that a newer release made is not guessed', () => {
    expect(() => countingOf({ priced: PRICED + 1 })).toThrow('there is no revision')
  })
})

/** Others' pods that are there before, each as long as it likes; by node. */
const others = fc.array(
  fc.record({ gpus: fc.integer({ min: 1, max: 8 }), until: fc.double({ min: 0.1, max: 20, noNaN: true }) }),
  {
    maxLength: 3,
  },
)
const lives = (given: readonly { gpus: number; until: number }[], stays: boolean): PodLife[] =>
  given.map(({ gpus, until }) => ({ gpus, from: -10, until: stays ? 1000 : until }))
const stages = fc.array(
  fc.record({
    gpus: fc.integer({ min: 1, max: 8 }),
    p50: fc.double({ min: 0.05, max: 3, noNaN: true }),
    longer: fc.double({ min: 0, max: 3, noNaN: true }),
    /** How much of its bad case it really takes. */
    takes: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 4 },
)
type Stages = typeof stages extends fc.Arbitrary<infer S> ? S : never

/** The price of these stages, one after the other in one pool of nodes of 8, beside others. */
const priceOf = (given: Stages, besides: readonly number[]) => {
  const policy = policyWith((one) => {
    one.budget = { name: 'b', dollars: 1_000_000 }
    const pipeline = one.pipelines!['support-chats']!
    const { model: _, use: __, gates: ___, ...stage } = pipeline.stages[0] as never as Record<string, unknown>
    delete (pipeline as { register?: unknown }).register
    pipeline.stages = given.map(({ gpus, p50, longer }, index) => ({
      ...stage,
      name: `s${index}`,
      command: ['run'],
      gpus,
      hours: { p50, p95: p50 + longer },
    })) as never
  })
  const world = emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { ceiling: 80, besides }) } })
  const result = planPipeline({ ...trainInput(), policy, world })
  if (result.kind !== 'plan') throw new Error(JSON.stringify(result))
  return result.plan.price.total
}

/** A stage after the other, a minute between them. */
const following = (hours: readonly { gpus: number; takes: number }[]): PodLife[] => {
  let from = 1
  return hours.map(({ gpus, takes }) => {
    const pod = { gpus, from, until: from + takes }
    from = pod.until + MINUTE
    return pod
  })
}

const HOUR_OF_NODE = 55.04
const leftOn = (pods: readonly PodLife[]): number[] => pods.map(({ gpus }) => 8 - gpus)
/** Each of the others' pods is on a node of its own, so that what is left there is known. */
const beyond = (own: readonly PodLife[], there: readonly PodLife[], cluster: Cluster): number => {
  const alone: PodLife[] = there.map((pod) => ({ ...pod }))
  return (nodeHours([...alone, ...own], cluster) ?? 0) - (nodeHours(alone, cluster) ?? 0)
}

describe('what a pipeline is priced at, beside what Karpenter would start for it', () => {
  it('is enough, however long it takes within its hours, and whenever others go', () => {
    fc.assert(
      fc.property(stages, others, (given, foreign) => {
        // Those who stay are on nodes of their own from the begin: nothing else fits beside 5 and more.
        const there = lives(
          foreign.map((one) => ({ ...one, gpus: Math.max(5, one.gpus) })),
          false,
        )
        const { p95 } = priceOf(given, leftOn(there))
        const own = following(given.map(({ gpus, p50, longer, takes }) => ({ gpus, takes: (p50 + longer) * takes })))
        const cluster: Cluster = { gpusPerNode: 8, most: 10, boot: 20 * MINUTE, idle: 12 * MINUTE, puts: 'emptiest' }
        const waits = given.length * MINUTE
        expect((beyond(own, there, cluster) - waits) * HOUR_OF_NODE).toBeLessThanOrEqual(p95 + 0.02)
      }),
    )
  })

  it('is as a rule what it costs, where each stage takes its time and nobody goes', () => {
    fc.assert(
      fc.property(stages, others, (given, foreign) => {
        const there = lives(
          foreign.map((one) => ({ ...one, gpus: Math.max(5, one.gpus) })),
          true,
        )
        const { p50 } = priceOf(given, leftOn(there))
        const own = following(given.map(({ gpus, p50: takes }) => ({ gpus, takes })))
        const cluster: Cluster = { gpusPerNode: 8, most: 10, boot: 10 * MINUTE, idle: 11 * MINUTE, puts: 'emptiest' }
        const cost = beyond(own, there, cluster) * HOUR_OF_NODE
        expect(Math.abs(cost - p50)).toBeLessThanOrEqual(given.length * MINUTE * HOUR_OF_NODE + 0.02)
      }),
    )
  })

  it('of one GPU on an empty node is the node', () => {
    const hour = [{ gpus: 1, p50: 1, longer: 0, takes: 1 }]
    const [{ p50, p95 }, share] = [priceOf(hour, []), 55.04 / 8]
    expect([p50, p95]).toEqual([55.04 + 19.26, 55.04 + 29.35 + 1.84])
    expect(p50).toBeGreaterThan(8 * share)
    expect(priceOf(hour, [7])).toEqual({ p50: 0, p95 })
  })
})
