import { describe, expect, it } from 'vitest'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { classWrongs, knownClass } from '../../../core/bootstrap/node-class-check.ts'
import { namedClasses } from '../../../core/bootstrap/node-classes.ts'
import { EC2_NODE_CLASS, type NodeClass } from '../../../core/bootstrap/node-pools.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const AUTO: NodeClass = { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'gpu' }
const GOOD = {
  amiSelectorTerms: [{ alias: 'al2023@v20260810' }],
  blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: '500Gi' } }],
}
const ROCKET = { amiSelectorTerms: [{ alias: 'bottlerocket@v1.62.0' }] }
const BY_ID = { amiSelectorTerms: [{ id: 'ami-0123' }], amiFamily: 'Custom' }
const volumes = (...all: [deviceName: string, volumeSize: string, rootVolume?: boolean][]): object => ({
  blockDeviceMappings: all.map(([deviceName, volumeSize, rootVolume]) => ({
    deviceName,
    rootVolume,
    ebs: { volumeSize },
  })),
})

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
    ['with a volume in terabytes', { ...GOOD, ...volumes(['/dev/xvda', '1Ti']) }],
    ['with another one beside it', { ...GOOD, ...volumes(['/dev/xvdb', '4Gi'], ['/dev/xvda', '500Gi']) }],
    [
      'of Bottlerocket, whose second volume it is',
      { ...ROCKET, ...volumes(['/dev/xvda', '4Gi'], ['/dev/xvdb', '500Gi']) },
    ],
    ['of Bottlerocket by an id', { ...BY_ID, amiFamily: 'Bottlerocket', ...volumes(['/dev/xvdb', '500Gi']) }],
    [
      'of an image of theirs, whose last one it is',
      { ...BY_ID, ...volumes(['/dev/sda1', '20Gi'], ['/dev/sdf', '500Gi']) },
    ],
    [
      'of an image that keeps them elsewhere, and says so',
      { ...GOOD, ...volumes(['/dev/xvdf', '500Gi', true], ['/dev/xvda', '20Gi']) },
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
    ['with a small one', { ...GOOD, ...volumes(['/dev/xvda', '100Gi']) }, {}, EC2_NODE_CLASS, /its disk has 100 GiB/],
    ['with less than the pool asks for', GOOD, { disk: 800 }, EC2_NODE_CLASS, /its disk has 500 GiB .*: write 800Gi/],
    [
      'with a large volume where no image lies',
      { ...GOOD, ...volumes(['/dev/xvda', '20Gi'], ['/dev/xvdb', '500Gi']) },
      {},
      EC2_NODE_CLASS,
      /its disk has 20 GiB \(\/dev\/xvda, where images and pods are\)/,
    ],
    [
      'of Bottlerocket with a large volume for itself',
      { ...ROCKET, ...volumes(['/dev/xvda', '500Gi']) },
      {},
      EC2_NODE_CLASS,
      /says nothing of its disk \(\/dev\/xvdb, where/,
    ],
    [
      'of an image of theirs with a small last one',
      { ...BY_ID, ...volumes(['/dev/sda1', '500Gi'], ['/dev/sdf', '20Gi']) },
      {},
      EC2_NODE_CLASS,
      /its disk has 20 GiB \(\/dev\/sdf/,
    ],
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

  it.each(['al2023@v20260810', 'bottlerocket@v1.62.0'])('and what is made would do, of %s', (ami) => {
    const nodes = { ami, role: 'r' }
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
