import { describe, expect, it } from 'vitest'
import { isShared, pluginManifests, sharingTexts } from '../../../core/bootstrap/gpu-sharing.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { packManifests } from '../../../core/bootstrap/packs.ts'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { countsIn } from '../../../core/pools/counts.ts'
import example from '../../example.ts'
import { sharing } from '../../sharing.ts'

const policy = parsePolicy(sharing())
const made = (of = policy) => bootstrapManifests(of, [])
const named = (kind: string, name: string, of = policy) =>
  made(of).find((one) => one.kind === kind && one.metadata.name === name) as unknown as KubeObject<'NodePool'>

describe('a pool that shares its GPUs', () => {
  it('is a NodePool that is limited in slices, and labels its nodes with how they are shared', () => {
    const { spec } = named('NodePool', 'turns')
    expect(spec?.limits).toEqual({ 'nvidia.com/gpu.shared': '16' })
    expect(spec?.template?.metadata?.labels).toEqual({
      'signalbox.dev/gpus-per-node': '16',
      'signalbox.dev/slice': 'gpu.shared',
      'nvidia.com/device-plugin.config': 'time-slicing-4',
    })
    // What brings plugins to nodes tolerates this one.
    expect(spec?.template?.spec?.taints).toEqual([{ key: 'nvidia.com/gpu', value: 'true', effect: 'NoSchedule' }])
    const parts = named('NodePool', 'parts')
    expect(parts.spec?.limits).toEqual({ 'nvidia.com/mig-1g.10gb': '56' })
    expect(parts.spec?.template?.metadata?.labels).toMatchObject({
      'nvidia.com/device-plugin.config': 'mig',
      'nvidia.com/mig.config': 'all-1g.10gb',
    })
    expect(countsIn(parts)).toEqual({ counts: 'nvidia.com/mig-1g.10gb' })
  })

  it('has a NodeOverlay of what its nodes offer, before its NodePool; others have none', () => {
    const kinds = made().map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(kinds.filter((one) => one.startsWith('NodeOverlay'))).toEqual(['NodeOverlay turns', 'NodeOverlay parts'])
    expect(kinds.indexOf('NodeOverlay parts')).toBeLessThan(kinds.findIndex((one) => one.startsWith('NodePool')))
    expect(named('NodeOverlay', 'parts').spec).toMatchObject({
      requirements: [{ key: 'karpenter.sh/nodepool', operator: 'In', values: ['parts'] }],
      capacity: { 'nvidia.com/mig-1g.10gb': '56', 'nvidia.com/gpu': '0' },
    })
    expect(bootstrapManifests(parsePolicy(example), []).filter(({ kind }) => kind === 'NodeOverlay')).toEqual([])
  })

  it('may be raised in slices alone, and no higher than its nodes', () => {
    const text = JSON.stringify(made().filter(({ kind }) => kind === 'ValidatingAdmissionPolicy'))
    expect(text).toContain(
      "(object.metadata.name in ['turns'] ? 'nvidia.com/gpu.shared' : (object.metadata.name in ['parts'] ? 'nvidia.com/mig-1g.10gb' : 'nvidia.com/gpu'))",
    )
    expect(text).toContain("object.spec.limits['nvidia.com/gpu.shared'])).compareTo(quantity('16'))")
  })
})

describe('what the device plugin is told', () => {
  it('has a configuration for each way, and one for nodes of no such pool', () => {
    const [config] = packManifests(policy, ['sharing'], { release: '', prober: null })
    expect(config).toMatchObject({
      kind: 'ConfigMap',
      metadata: { name: 'signalbox-gpu-sharing', namespace: 'nvidia-device-plugin' },
    })
    expect(config?.['data']).toEqual({
      default: 'version: v1\nflags:\n  migStrategy: none\n',
      mig: 'version: v1\nflags:\n  migStrategy: mixed\n',
      'time-slicing-4':
        'version: v1\nflags:\n  migStrategy: none\nsharing:\n  timeSlicing:\n    renameByDefault: true\n    failRequestsGreaterThanOne: true\n    resources:\n      - name: nvidia.com/gpu\n        replicas: 4\n',
    })
    expect(pluginManifests(policy, 'gpu-operator')[0]?.metadata.namespace).toBe('gpu-operator')
    expect(packManifests(parsePolicy(example), ['sharing'], { release: '', prober: null })).toEqual([])
  })

  it('is in the node class where Bottlerocket brings the plugin', () => {
    const { parts: _, ...pools } = sharing({}, { nodes: { ami: 'bottlerocket@v1.62.0', role: 'nodes' } }).pools
    const of = parsePolicy({ ...sharing({}, { nodes: { ami: 'bottlerocket@v1.62.0', role: 'nodes' } }), pools })
    const told = (named('EC2NodeClass', 'turns', of).spec as { userData?: string }).userData
    expect(told).toContain('device-sharing-strategy = "time-slicing"')
    expect(told).toContain('replicas = 4\nrename-by-default = true\nfail-requests-greater-than-one = true\n')
    expect(named('EC2NodeClass', 'gpu-serve', of).spec).not.toHaveProperty('userData')
    expect(sharingTexts(of)).toEqual([expect.stringContaining('by the node class')])
  })

  it('is said beside what bootstrap prints, where a pool shares', () => {
    expect(sharingTexts(policy)).toEqual([
      expect.stringMatching(
        /^turns, parts share GPUs: .*NodeOverlay=true.*config.name=signalbox-gpu-sharing.*--with sharing/,
      ),
    ])
    expect(sharingTexts(parsePolicy(example))).toEqual([])
  })
})

it('a node that is ready offers what the policy says, or something else', () => {
  const node = (allocatable: object, status = 'True') =>
    ({
      metadata: { name: 'n' },
      status: { allocatable, conditions: [{ type: 'Ready', status }] },
    }) as KubeObject<'Node'>
  const { turns } = policy.pools
  expect(isShared(node({ 'nvidia.com/gpu': '0', 'nvidia.com/gpu.shared': '16' }), turns!)).toBe(true)
  expect(isShared(node({ 'nvidia.com/gpu': '4' }), turns!)).toBe(false)
  expect(isShared(node({ 'nvidia.com/gpu': '4' }, 'False'), turns!)).toBe(true)
})
