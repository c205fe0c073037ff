import { describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { classWrongs, knownClass } from '../../../core/bootstrap/node-class-check.ts'
import { namedClasses } from '../../../core/bootstrap/node-classes.ts'
import { EC2_NODE_CLASS, type NodeClass } from '../../../core/bootstrap/node-pools.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import config from '../../../signalbox.config.ts'

const AUTO: NodeClass = { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'gpu' }
const GOOD = {
  amiSelectorTerms: [{ alias: 'al2023@v20260810' }],
  blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: '500Gi' } }],
}

const wrongs = (spec: object, pool: object = {}, nodeClass: NodeClass = EC2_NODE_CLASS): string[] => {
  const changed = structuredClone(config) as Config
  changed.pools = { 'gpu-train': { ...changed.pools['gpu-train']!, ...pool } }
  changed.services = {}
  const [named] = namedClasses(parsePolicy(changed), nodeClass)
  if (named === undefined) throw new Error('no pool names it')
  return classWrongs(named, { spec })
}

describe('a node class that is the user’s does for its pools', () => {
  it.each<[string, object, object?, NodeClass?]>([
    ['with an image of one day and a disk', GOOD],
    ['with an image by its id', { ...GOOD, amiSelectorTerms: [{ id: 'ami-0123' }], amiFamily: 'AL2023' }],
    ['with the disks of its nodes', { ...GOOD, blockDeviceMappings: undefined, instanceStorePolicy: 'RAID0' }],
    ['with a volume in terabytes', { ...GOOD, blockDeviceMappings: [{ ebs: { volumeSize: '1Ti' } }] }],
    [
      'with another one beside it',
      { ...GOOD, blockDeviceMappings: [{ ebs: { volumeSize: '4Gi' } }, ...GOOD.blockDeviceMappings] },
    ],
    [
      'with the reservations, in whatever order their keys are',
      {
        ...GOOD,
        capacityReservationSelectorTerms: [{ id: 'cr-2' }, { ownerID: '123456789012', tags: { b: '2', a: '1' } }],
      },
      { capacityTypes: ['reserved'], reservations: [{ tags: { a: '1', b: '2' }, owner: '123456789012' }] },
    ],
    ['of Auto Mode, which chooses the image', { ephemeralStorage: { size: '300Gi' } }, {}, AUTO],
  ])('%s', (_, spec, pool, nodeClass) => {
    expect(wrongs(spec, pool, nodeClass)).toEqual([])
  })

  it.each<[string, object, object, NodeClass, RegExp]>([
    [
      'whose image AWS changes',
      { ...GOOD, amiSelectorTerms: [{ alias: 'al2023@latest' }] },
      {},
      EC2_NODE_CLASS,
      /its image is not pinned .*al2023@latest.* \(pools\.gpu-train\)$/,
    ],
    [
      'whose image is found by tags',
      { ...GOOD, amiSelectorTerms: [{ id: 'ami-1' }, { tags: { a: 'b' } }] },
      {},
      EC2_NODE_CLASS,
      /not pinned/,
    ],
    [
      'with Karpenter’s own disk',
      { ...GOOD, blockDeviceMappings: undefined },
      {},
      EC2_NODE_CLASS,
      /says nothing of its disk.*write 500Gi/,
    ],
    [
      'with a small one',
      { ...GOOD, blockDeviceMappings: [{ ebs: { volumeSize: '100Gi' } }] },
      {},
      EC2_NODE_CLASS,
      /its disk has 100 GiB/,
    ],
    ['with less than the pool asks for', GOOD, { disk: 800 }, EC2_NODE_CLASS, /its disk has 500 GiB: write 800Gi/],
    [
      'with disks that its type does not have',
      { ...GOOD, blockDeviceMappings: [], instanceStorePolicy: 'RAID0' },
      { instanceType: 'p3.16xlarge' },
      EC2_NODE_CLASS,
      /says nothing of its disk/,
    ],
    [
      'without one of the reservations',
      { ...GOOD, capacityReservationSelectorTerms: [{ id: 'cr-1' }] },
      { capacityTypes: ['reserved'], reservations: [{ id: 'cr-1' }, { id: 'cr-2' }] },
      EC2_NODE_CLASS,
      /selects no reservation \{"id":"cr-2"\}/,
    ],
    ['without any', GOOD, { capacityTypes: ['reserved'] }, EC2_NODE_CLASS, /no reserved node is started/],
    ['of Auto Mode, by its disk', { ephemeralStorage: { size: '80Gi' } }, {}, AUTO, /its disk has 80 GiB/],
  ])('and not one %s', (_, spec, pool, nodeClass, said) => {
    expect(wrongs(spec, pool, nodeClass)).toEqual([expect.stringMatching(said)])
  })

  it('and what is made would do', () => {
    const nodes = { ami: 'al2023@v20260810', role: 'r' }
    const reserved = { capacityTypes: ['reserved'], reservations: [{ tags: { team: 'llm' } }] }
    const policy = parsePolicy({
      ...config,
      nodes,
      pools: { ...config.pools, 'gpu-train': { ...config.pools['gpu-train'], ...reserved } },
    })
    for (const made of bootstrapManifests(policy, []).filter(({ kind }) => kind === 'EC2NodeClass')) {
      const { name } = made.metadata
      const pools: [string, (typeof policy.pools)[string]][] = [[name, policy.pools[name]!]]
      expect(classWrongs({ nodeClass: { ...EC2_NODE_CLASS, name }, pools }, made)).toEqual([])
    }
  })

  it('of a kind of which nothing is known is not compared', () => {
    const other = { group: 'karpenter.kwok.sh', kind: 'KWOKNodeClass', name: 'default' }
    expect([knownClass(other), wrongs({}, {}, other)]).toEqual([null, []])
  })
})
