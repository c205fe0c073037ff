import { expect, it } from 'vitest'
import { nodesBack, slotIn, withoutShare } from '../../../core/planning/walk-back-room.ts'
import type { GenerationView, NodeView } from '../../../core/world.ts'

const view = (generation: number, gpusPerReplica: number): GenerationView => ({
  ref: { kind: 'Deployment', namespace: 'serving', name: `g${generation}` },
  ...{ uid: `u${generation}`, generation, replicas: 1, ready: 1, gpusPerReplica, pool: 'gpu-serve', digest: 'd' },
  ...{ ownedBy: null, scaledBy: null },
  object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `g${generation}` } },
})
const replica = (of: GenerationView, gpus: number) => ({ view: of, gpus, ready: true })

it('a replica takes its share of a node, and what it asks for where nobody knows how large nodes are', () => {
  expect([1, 3, 4, 5, 8].map(slotIn({ gpusPerNode: 8 }))).toEqual([1, 4, 4, 8, 8])
  expect([1, 3, 5].map(slotIn({}))).toEqual([1, 3, 5])
})

it('by node it has what it asks for, and no share; one that leaves nothing behind has none', () => {
  expect(withoutShare(replica(view(1, 5), 8)).gpus).toBe(5)
  expect(withoutShare(replica(view(1, 5), 0)).gpus).toBe(0)
})

it('goes by node where sizes are mixed and the nodes of the baseline’s pool are known, and by the sum of GPUs anywhere else', () => {
  const nodes: NodeView[] = []
  const pool = { pool: 'gpu-serve', ceiling: 16, nodes, used: 2, usedByLane: 2, heldByOthers: 0 }
  const leaving = [replica(view(2, 2), 2)]
  const base = view(1, 8)
  const room = { pool, gpusPerNode: 8 }
  expect(nodesBack(room, { base, leaving })).toMatchObject({ gpus: 8 })
  expect(nodesBack(room, { base: undefined, leaving })).toBeUndefined()
  expect(nodesBack({ gpusPerNode: 8 }, { base, leaving })).toBeUndefined()
  expect(nodesBack({ pool }, { base, leaving })).toBeUndefined()
  expect(nodesBack(room, { base: view(1, 2), leaving })).toBeUndefined()
})
