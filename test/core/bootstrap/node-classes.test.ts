import { describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { namedClasses, nodeClassOf } from '../../../core/bootstrap/node-classes.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const NODES = { ami: 'al2023@v20260810', role: 'KarpenterNodeRole-ml-prod' }

/** The example whose nodes the policy describes, with `gpu-train` said otherwise. */
const policyOf = (pool: object = {}, nodes: object | undefined = NODES) => {
  const changed = structuredClone(config) as Config
  const { instanceType, ...train } = changed.pools['gpu-train']!
  const types = 'instanceTypes' in pool ? {} : { instanceType }
  changed.pools['gpu-train'] = { ...train, ...types, ...pool } as Config['pools'][string]
  return parsePolicy(nodes === undefined ? changed : { ...changed, nodes })
}

const madeOf = (...given: Parameters<typeof policyOf>) => bootstrapManifests(policyOf(...given), [])
const classIn = (manifests: ReturnType<typeof madeOf>, name = 'gpu-train') =>
  manifests.find(({ kind, metadata }) => kind === 'EC2NodeClass' && metadata.name === name) as
    | { spec: Record<string, unknown> }
    | undefined
const specOf = (...given: Parameters<typeof policyOf>): Record<string, unknown> => classIn(madeOf(...given))?.spec ?? {}

describe('the node class of a pool', () => {
  it('is made where the policy says what nodes have in common, before the NodePool that names it', () => {
    const made = madeOf().filter(({ kind }) => ['EC2NodeClass', 'NodePool'].includes(kind))
    expect(made.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'EC2NodeClass gpu-train',
      'EC2NodeClass gpu-serve',
      'NodePool gpu-train',
      'NodePool gpu-serve',
    ])
    for (const { metadata } of made) expect(metadata.labels).toEqual({ 'signalbox.dev/installation': 'signalbox' })
    expect(made.at(-1)).toMatchObject({
      spec: {
        template: {
          spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'gpu-serve' } },
        },
      },
    })
  })

  it('says its image, who its nodes are, where they are found, and an encrypted disk that goes with its node', () => {
    const found = [{ tags: { 'karpenter.sh/discovery': 'ml-prod' } }]
    expect(classIn(madeOf(), 'gpu-serve')).toEqual({
      apiVersion: 'karpenter.k8s.aws/v1',
      kind: 'EC2NodeClass',
      metadata: { name: 'gpu-serve', labels: { 'signalbox.dev/installation': 'signalbox' } },
      spec: {
        amiSelectorTerms: [{ alias: 'al2023@v20260810' }],
        role: 'KarpenterNodeRole-ml-prod',
        subnetSelectorTerms: found,
        securityGroupSelectorTerms: found,
        blockDeviceMappings: [
          {
            deviceName: '/dev/xvda',
            ebs: { volumeSize: '500Gi', volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
          },
        ],
        instanceStorePolicy: 'RAID0',
      },
    })
    const tags = { subnets: { tier: 'gpu' }, securityGroups: { Name: 'nodes' } }
    expect(specOf({}, { ...NODES, ...tags })).toMatchObject({
      subnetSelectorTerms: [{ tags: { tier: 'gpu' } }],
      securityGroupSelectorTerms: [{ tags: { Name: 'nodes' } }],
    })
  })

  it('has the disk that the pool asks for, a fast one where nodes have none of their own', () => {
    expect(specOf({ disk: 300 })['blockDeviceMappings']).toMatchObject([{ ebs: { volumeSize: '300Gi' } }])
    const p3 = specOf({ instanceType: 'p3.16xlarge' })
    expect(p3).not.toHaveProperty('instanceStorePolicy')
    expect(p3['blockDeviceMappings']).toMatchObject([{ ebs: { iops: 16_000, throughput: 1_000 } }])
  })

  it('of Bottlerocket has it on the volume on which images and pods are', () => {
    expect(specOf({ disk: 800 }, { ...NODES, ami: 'bottlerocket@v1.62.0' })['blockDeviceMappings']).toMatchObject([
      { deviceName: '/dev/xvda', ebs: { volumeSize: '4Gi', encrypted: true } },
      { deviceName: '/dev/xvdb', ebs: { volumeSize: '800Gi', encrypted: true } },
    ])
  })

  it('has all fabric adapters, the first card beside the interface that has the address', () => {
    const interfaces = specOf()['networkInterfaces'] as { networkCardIndex: number; deviceIndex: number }[]
    expect(interfaces).toHaveLength(33)
    expect(interfaces.slice(0, 3)).toEqual([
      { networkCardIndex: 0, deviceIndex: 0, interfaceType: 'interface' },
      { networkCardIndex: 0, deviceIndex: 1, interfaceType: 'efa-only' },
      { networkCardIndex: 1, deviceIndex: 0, interfaceType: 'efa-only' },
    ])
    // As the API server checks it: no pair twice.
    const pairs = interfaces.map(({ networkCardIndex, deviceIndex }) => `${networkCardIndex}.${deviceIndex}`)
    expect(new Set(pairs).size).toBe(33)
  })

  it.each<[string, object, number | undefined]>([
    ['p4d', { instanceType: 'p4d.24xlarge' }, 5],
    ['p5en', { instanceType: 'p5en.48xlarge' }, 17],
    ['two types with the same ones', { instanceTypes: ['p5.48xlarge', 'p5e.48xlarge'] }, 33],
    ['two types with different ones', { instanceTypes: ['p5.48xlarge', 'p5en.48xlarge'] }, undefined],
    ['one of two that has some', { instanceTypes: ['p5.48xlarge', 'g6e.48xlarge'] }, undefined],
    ['a type of which nobody is certain', { instanceType: 'p6-b200.48xlarge' }, undefined],
  ])('of %s: what nodes of every type start with, or nothing', (_, pool, interfaces) => {
    expect((specOf(pool)['networkInterfaces'] as object[] | undefined)?.length).toBe(interfaces)
  })

  it('selects the reservations of its pool, and no others', () => {
    const reservations = [
      { id: 'cr-56fac701cc1951b03' },
      { tags: { team: 'llm' }, owner: '123456789012' },
      { tags: { team: 'rag' } },
    ]
    const made = madeOf({ capacityTypes: ['reserved', 'on-demand'], reservations })
    expect(classIn(made)?.spec['capacityReservationSelectorTerms']).toEqual([
      { id: 'cr-56fac701cc1951b03' },
      { tags: { team: 'llm' }, ownerID: '123456789012' },
      { tags: { team: 'rag' } },
    ])
    expect(classIn(made, 'gpu-serve')?.spec).not.toHaveProperty('capacityReservationSelectorTerms')
  })
})

describe('a node class of the user’s', () => {
  const ofKind = (...given: Parameters<typeof policyOf>) =>
    madeOf(...given).filter(({ kind }) => kind === 'EC2NodeClass')

  it('is named by the NodePool and never made: the one that the pool names, or `gpu` of a policy that says nothing', () => {
    const mine = policyOf({ nodeClass: 'mine' })
    expect(nodeClassOf(mine, 'gpu-train').name).toBe('mine')
    expect(nodeClassOf(mine, 'gpu-serve').name).toBe('gpu-serve')
    expect(ofKind({ nodeClass: 'mine' }).map(({ metadata }) => metadata.name)).toEqual(['gpu-serve'])
    expect(namedClasses(mine).map(({ nodeClass, pools }) => [nodeClass.name, pools.map(([name]) => name)])).toEqual([
      ['mine', ['gpu-train']],
    ])
    const before = parsePolicy(config)
    expect(bootstrapManifests(before, []).map(({ kind }) => kind)).not.toContain('EC2NodeClass')
    expect(namedClasses(before).map(({ nodeClass, pools }) => [nodeClass.name, pools.length])).toEqual([['gpu', 2]])
  })

  it('that is given for all pools takes the place of what the policy says', () => {
    const given = { group: 'g', kind: 'K', name: 'n' }
    const manifests = bootstrapManifests(policyOf(), [], given)
    expect(manifests.map(({ kind }) => kind)).not.toContain('EC2NodeClass')
    expect(namedClasses(policyOf(), given)).toMatchObject([{ nodeClass: given }])
  })
})
