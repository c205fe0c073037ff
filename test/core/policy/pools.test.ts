import { describe, expect, it } from 'vitest'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { typesOf } from '../../../core/policy/pools.ts'
import { PolicyError, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const NODES = { ami: 'al2023@v20260810', role: 'KarpenterNodeRole-ml-prod' }
const PRICE = { perNodeHour: 55.04, source: 'list', date: '2026-11-01' }

/** The example with `gpu-train` said otherwise; what is undefined is left out. */
const withPool = (pool: Record<string, unknown>, others: Record<string, unknown> = {}): unknown => {
  const changed = structuredClone(config) as { pools: Record<string, Record<string, unknown>> }
  const train: Record<string, unknown> = { ...changed.pools['gpu-train'], ...pool }
  for (const key of Object.keys(train)) if (train[key] === undefined) delete train[key]
  return { ...changed, ...others, pools: { ...changed.pools, 'gpu-train': train } }
}

const problems = (document: unknown): string[] => {
  try {
    parsePolicy(document)
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.problems
    throw error
  }
}

const SEVERAL = { instanceType: undefined, instanceTypes: ['p5en.48xlarge', 'p5.48xlarge'] }
const RESERVED = { capacityTypes: ['reserved', 'on-demand'], reservations: [{ id: 'cr-56fac701cc1951b03' }] }

describe('a pool', () => {
  it('of a policy of before says what it said: no key is added to it, so its version stays', () => {
    const policy = parsePolicy(config)
    expect(Object.keys(policy.pools['gpu-train'] ?? {}).sort()).toEqual(
      ['capacityTypes', 'gpusPerNode', 'instanceType', 'maxGpus', 'price'].sort(),
    )
    expect(Object.keys(policy.pools['gpu-train']?.price ?? {}).sort()).toEqual(['date', 'perNodeHour', 'source'])
    expect(policy).not.toHaveProperty('nodes')
  })

  it.each([
    ['several types of one GPU count', SEVERAL, {}],
    ['a type that is not known among them', { ...SEVERAL, instanceTypes: ['p5.48xlarge', 'p9.48xlarge'] }, {}],
    ['a reservation by its id', RESERVED, { nodes: NODES }],
    [
      'reservations by tags, of another account',
      { ...RESERVED, reservations: [{ tags: { team: 'llm' }, owner: '123456789012' }] },
      {},
    ],
    [
      'reserved nodes that its own node class selects',
      { capacityTypes: ['reserved'], nodeClass: 'mine' },
      { nodes: NODES },
    ],
    ['reserved nodes as earlier releases took them', { capacityTypes: ['reserved'] }, {}],
    ['prices of what it takes', { ...RESERVED, price: { ...PRICE, reserved: 0 } }, {}],
    ['a disk of its own', { disk: 300 }, { nodes: { ...NODES, ami: 'bottlerocket@v1.62.0' } }],
  ])('may have %s', (_, pool, others) => {
    expect(problems(withPool(pool, others))).toEqual([])
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
    ['no type', { instanceType: undefined }, {}, 'pools.gpu-train.instanceType: is missing'],
    ['both', { instanceTypes: ['p5.48xlarge'] }, {}, 'pools.gpu-train.instanceTypes: say this or `instanceType`'],
    ['an empty list', { ...SEVERAL, instanceTypes: [] }, {}, 'write at least 1 of them'],
    ['one twice', { ...SEVERAL, instanceTypes: ['p5.48xlarge', 'p5.48xlarge'] }, {}, 'stands there twice'],
    [
      'another GPU count',
      { ...SEVERAL, instanceTypes: ['p5.48xlarge', 'g6e.12xlarge'] },
      {},
      'pools.gpu-train.instanceTypes.1: g6e.12xlarge has 4 GPUs, not 8',
    ],
    [
      'reservations that nothing takes',
      { reservations: RESERVED.reservations },
      {},
      "no such node is started: add 'reserved'",
    ],
    ['a reservation that says nothing', { ...RESERVED, reservations: [{}] }, {}, 'say `id` or `tags`'],
    ['everything by no tag', { ...RESERVED, reservations: [{ tags: {} }] }, {}, 'write at least one tag'],
    [
      'an owner of an id',
      { ...RESERVED, reservations: [{ id: 'cr-1', owner: '123456789012' }] },
      {},
      'needs no `owner`',
    ],
    ['an id of something else', { ...RESERVED, reservations: [{ id: 'i-0123' }] }, {}, 'cr-'],
    [
      'reserved nodes of a class that would select none',
      { capacityTypes: ['reserved'] },
      { nodes: NODES },
      'pools.gpu-train.reservations: is missing',
    ],
    [
      'a price of what it never takes',
      { price: { ...PRICE, spot: 20 } },
      {},
      "pools.gpu-train.price.spot: no such node is started: add 'spot'",
    ],
    ['a spot node for nothing', { capacityTypes: ['spot'], price: { ...PRICE, spot: 0 } }, {}, 'must be more than 0'],
    ['a disk that an image fills', { disk: 100 }, {}, 'pools.gpu-train.disk: write at least 300'],
    [
      'an image that AWS changes',
      {},
      { nodes: { ...NODES, ami: 'al2023@latest' } },
      'nodes.ami: pin it, `al2023@v20260810`',
    ],
    [
      'a role by its ARN',
      {},
      { nodes: { ...NODES, role: 'arn:aws:iam::1:role/x' } },
      'nodes.role: write the role’s name alone',
    ],
    ['a class in the words of Karpenter', {}, { nodes: { ...NODES, amiSelectorTerms: [] } }, 'say `ami`'],
  ])('has not %s', (_, pool, others, words) => {
    expect(problems(withPool(pool, others)).join('\n')).toContain(words)
  })

  it('knows its types, in one order however they are written', () => {
    expect(typesOf(SEVERAL)).toEqual(['p5.48xlarge', 'p5en.48xlarge'])
    expect(typesOf({ instanceType: 'p5.48xlarge' })).toEqual(['p5.48xlarge'])
  })

  it('is told on paper of a type that is not known, at its place in the list', () => {
    const policy = parsePolicy(withPool({ ...SEVERAL, instanceTypes: ['p5.48xlarge', 'p5.48xlage'] }))
    expect(onPaper(policy)).toContainEqual(
      expect.objectContaining({
        path: 'pools.gpu-train.instanceTypes.1',
        why: 'no GPU type `p5.48xlage` is known: did you mean `p5.48xlarge`?',
      }),
    )
  })
})
