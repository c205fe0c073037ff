import { describe, expect, it } from 'vitest'
import { ceilingOf, usedText, whyTooSmall } from '../../../core/planning/pool-room.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { withoutGpus } from '../../without-gpus.ts'
import { emptyPool, emptyWorld } from '../training-fixture.ts'

const { pools } = parsePolicy(withoutGpus())
const why = (poolName: string, perNode: number, { nodes = 1, ceiling }: { nodes?: number; ceiling?: number } = {}) =>
  whyTooSmall(
    { stage: 's', poolName, pool: pools[poolName]!, perNode, nodes },
    emptyWorld(ceiling === undefined ? {} : { pools: { [poolName]: emptyPool(poolName, { ceiling }) } }),
  )

describe('a stage that its pool could never run', () => {
  it.each<[string, ReturnType<typeof why>, string]>([
    ['asks for more than a node has', why('gpu-train', 16), '`s` asks for 16 GPUs and a node of gpu-train has 8: say'],
    [
      'asks for a part of several nodes',
      why('gpu-train', 4, { nodes: 2 }),
      'asks for 4 GPUs of each, and one of gpu-train has 8',
    ],
    [
      'asks for more nodes than may be',
      why('gpu-train', 8, { nodes: 3, ceiling: 16 }),
      '3 nodes of 8 GPUs and the ceiling of gpu-train is 16',
    ],
    [
      'asks for less than a node, of which none can start',
      why('gpu-train', 1, { ceiling: 4 }),
      'is 4 GPUs, less than one node of 8',
    ],
    ['has no node without GPUs', why('cpu', 1, { ceiling: 0 }), '`s` asks for 1 node and the ceiling of cpu is 0'],
  ])('%s', (_, said, words) => expect(said).toContain(words))

  it('is none that fits', () => {
    expect([why('gpu-train', 8), why('gpu-train', 8, { nodes: 2 }), why('cpu', 1)]).toEqual([null, null, null])
  })
})

it('what is used is told in GPUs, in nodes of so many, or in nodes without any', () => {
  expect(usedText({ nodes: 1, gpus: 8 })).toBe('8 GPUs')
  expect(usedText({ nodes: 4, gpus: 32 })).toBe('4 nodes of 8 GPUs')
  expect(usedText({ nodes: 1, gpus: 1, counts: 'nodes' })).toBe('1 node')
})

it('a ceiling is what is seen of it, else what the policy says', () => {
  const cpu = pools['cpu']!
  expect(ceilingOf('cpu', cpu, emptyWorld({ pools: { cpu: emptyPool('cpu', { ceiling: 1 }) } }))).toBe(1)
  expect(ceilingOf('cpu', cpu, emptyWorld({ pools: {} }))).toBe(2)
})
