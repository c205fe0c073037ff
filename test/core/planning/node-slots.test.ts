import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../core/plan.ts'
import { byNode } from '../../../core/planning/node-slots.ts'
import { planServe } from '../../../core/planning/serve.ts'
import type { ServeInput } from '../../../core/planning/serve-plan.ts'
import type { GenerationView, NodeView, PoolView } from '../../../core/world.ts'
import { withSizes } from './nodes-in-play.ts'
import { given, movesIn, movesOf } from './serve-fixture.ts'

const POOL = 'gpu-serve'

/** Generation 1 stands, with pods of another size than are wanted now, on these nodes. */
const onNodes = (
  nodes: readonly NodeView[],
  {
    ceiling,
    was,
    wants,
    replicas = 1,
    away = 0,
  }: { ceiling: number; was: number; wants: number; replicas?: number; away?: number },
): ServeInput => {
  const stand = nodes.reduce((sum, { own }) => sum + (own?.[1]?.pods ?? 0), 0)
  const others = nodes.reduce((sum, node) => sum + node.others, 0)
  const input = given({
    model: { replicas, gpusPerReplica: wants, maxUnavailable: away },
    standing: [[1, '7', stand]],
    pool: { ceiling, used: stand * was + others, usedByLane: stand * was, heldByOthers: others, nodes },
  })
  return withSizes(input, new Map([[1, was]]))
}

const node = (pods: number, each: number, others = 0): NodeView => ({
  gpus: 8,
  others,
  ...(pods === 0 ? {} : { own: { 1: { pods, gpus: pods * each } } }),
})

const planned = (input: ServeInput): string => {
  const made = planServe(input)
  if (made.kind !== 'plan') return 'detail' in made ? made.detail : made.kind
  return movesOf(made.plan).map(movesIn).join(' → ')
}

describe('a rollout whose pods have another size than what stands', () => {
  it('is refused, with what would cure it, where no node has room for one and none may be started', () => {
    // 12 of 16 GPUs are free, and no node has 8.
    const scattered = [node(1, 2), node(1, 2)]
    const refused = planned(onNodes(scattered, { ceiling: 16, was: 2, wants: 8, replicas: 2 }))
    expect(refused).toContain('needs 8 more GPUs, in whole nodes: a replica has all its 8 on one')
    expect(refused).toContain(`raise pools.${POOL}.maxGpus by 8`)
    expect(refused).toContain('set maxUnavailable to')
  })

  it('has a node started where the ceiling has room for one, and keeps all of these nodes from others', () => {
    const made = planServe(onNodes([node(1, 2), node(1, 2)], { ceiling: 24, was: 2, wants: 8 }))
    expect(made).toMatchObject({
      kind: 'plan',
      plan: { strategy: { name: 'surge' }, bounds: { gpus: { [POOL]: 24 } } },
    })
  })

  it('waits with the new one until so many are gone that a node is empty, whichever of them go', () => {
    const input = onNodes([node(2, 2), node(2, 2)], { ceiling: 16, was: 2, wants: 8 })
    expect(planned(input)).toBe('g1=1 → g1=1 g2=1 → g1=0 g2=1')
  })

  it('names the outage where one has to be accepted', () => {
    const input = onNodes([node(1, 5)], { ceiling: 8, was: 5, wants: 4, away: 2 })
    const made = planServe(input)
    expect(made).toMatchObject({ kind: 'plan', plan: { bounds: { answering: 0 } } })
    expect((made as { plan: Plan }).plan.reasons.join('\n')).toContain('nobody answers for')
  })

  it('counts what others have on each node, and has none on one that is cordoned', () => {
    const surges = (nodes: NodeView[]): string => planned(onNodes(nodes, { ceiling: 16, was: 2, wants: 4 }))
    expect(surges([node(1, 2, 0), node(0, 0, 4)])).toBe('g1=1 g2=1 → g1=0 g2=1')
    expect(surges([node(1, 2, 3), node(0, 0, 5)])).toContain('beside what stands too few nodes have so many')
    expect(surges([node(1, 2, 3), { ...node(0, 0, 0), closed: true }])).toContain('too few nodes have so many')
  })

  it('leaves a plan of one size to the sum, to the byte, whatever is on its nodes', () => {
    const input = onNodes([node(1, 4), node(1, 4)], { ceiling: 16, was: 4, wants: 4, replicas: 2 })
    const { nodes: _, ...pool } = input.world.pools[POOL] as PoolView
    const blind = { ...input, world: { ...input.world, pools: { [POOL]: pool } } }
    expect(JSON.stringify(planServe(input))).toBe(JSON.stringify(planServe(blind)))
  })
})

describe('replicas that fit beside what stands, though half a node is more than their share', () => {
  it('come up there, the first before anything leaves', () => {
    const input = onNodes([node(1, 5), node(1, 5)], { ceiling: 16, was: 5, wants: 3, replicas: 2 })
    expect(planned(input)).toBe('g1=2 g2=1 → g1=1 g2=1 → g1=1 g2=2 → g1=0 g2=2')
  })
})

describe('slots by node', () => {
  const view = (count: number, gpus: number) => {
    const [one] = onNodes([node(count, gpus)], { ceiling: 64, was: gpus, wants: 8 }).world.generations
    return Array.from({ length: count }, () => ({ view: one as GenerationView, gpus, ready: true }))
  }
  const slots = (nodes: NodeView[], ceiling: number, others = 0) => {
    const pods = nodes.reduce((sum, { own }) => sum + (own?.[1]?.pods ?? 0), 0)
    const used = nodes.reduce((sum, one) => sum + one.others, 0)
    const pool = {
      pool: POOL,
      ceiling,
      nodes,
      used: used + pods * 2,
      usedByLane: pods * 2,
      heldByOthers: used + others,
    }
    return byNode({ pool, gpusPerNode: 8, leaving: view(pods, 2), rising: { gpus: 4, generation: 2 } })
  }

  it('are the fewest that are left, whichever pods go', () => {
    const found = slots([node(2, 2), node(1, 2)], 16)
    expect([3, 2, 1, 0].map((old) => found?.slots(old))).toEqual([2, 2, 3, 4])
  })

  it('leave out what others hold without a pod of theirs, where that takes the most', () => {
    expect(slots([node(1, 2)], 16)?.slots(1)).toBe(3)
    expect(slots([node(1, 2)], 16, 1)?.slots(1)).toBe(1)
    expect(slots([node(1, 2)], 8, 2)?.slots(1)).toBe(1)
    expect(slots([node(1, 2)], 8, 3)?.slots(1)).toBe(0)
    expect(slots([node(1, 2)], 16, 1)?.unheld(1)).toBe(3)
  })

  it('have a whole node for each that has none yet', () => {
    const found = slots([node(1, 2)], 24)
    const two = byNode({
      pool: { pool: POOL, ceiling: 24, nodes: [node(1, 2)], used: 4, usedByLane: 4, heldByOthers: 0 },
      gpusPerNode: 8,
      leaving: view(2, 2),
      rising: { gpus: 4, generation: 2 },
    })
    expect([found?.slots(1), two?.slots(2)]).toEqual([5, 3])
  })
})
