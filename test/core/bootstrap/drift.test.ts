import { describe, expect, it } from 'vitest'
import { driftOf } from '../../../core/bootstrap/drift.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import type { NodePool } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'

const code = { ...config.services?.['code-llama'], replicas: 2 }
const manifestsWith = (services: object) =>
  bootstrapManifests(parsePolicy({ ...config, services, nodes: { ami: 'al2023@v20260810', role: 'r' } }), [])
const manifests = manifestsWith({ ...config.services, 'code-llama': code })
const made = (kind: string, name: string) => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name)
  if (found === undefined) throw new Error(`no ${kind} ${name}`)
  return found
}
const [train, serve, nodes] = [
  made('NodePool', 'gpu-train'),
  made('NodePool', 'gpu-serve'),
  made('EC2NodeClass', 'gpu-train'),
]
const AMI = 'spec.amiSelectorTerms.0.alias'

/** Both NodePools with one class. */
const bothOf = (name: string) =>
  [train, serve].map((one) => {
    const { spec, ...rest } = structuredClone(one) as typeof one & { spec: NonNullable<NodePool['spec']> }
    Object.assign(spec.template?.spec?.nodeClassRef ?? {}, { name })
    return { ...rest, spec }
  })

describe('what a change does to nodes that run', () => {
  it.each([
    ['a time that they are given', 'spec.template.spec.terminationGracePeriod'],
    ['another node class', 'spec.template.spec.nodeClassRef.name'],
    ['a label', 'spec.template.metadata.labels.signalbox.dev/gpus-per-node'],
  ])(
    'all drift by %s: where work runs to its end they go once they are empty, and servers move one after the other',
    (_, field) => {
      expect(driftOf(train, [field], { running: 3 })).toBe(
        '3 of its nodes that run drift: none is replaced while anything runs on it, and each goes once it is empty',
      )
      expect(driftOf(serve, ['spec.limits.nvidia.com/gpu', field], { running: null })).toBe(
        'nodes that run drift: they are replaced one after the other, what runs there starting anew elsewhere, and after 48h at the latest, whatever disruption budgets say',
      )
    },
  )

  it('only those that are not so drift by what they are chosen by', () => {
    expect(driftOf(train, ['spec.template.spec.requirements.0.values.0'], { running: 3 })).toMatch(
      /^nodes that run and are not so drift: none/,
    )
    expect(driftOf(nodes, ['spec.amiSelectorTerms.0.alias'], { running: null })).toMatch(
      /^nodes that run and are not so drift: each is replaced as/,
    )
  })

  it('all drift by any other field of their class', () => {
    const fields = ['spec.amiSelectorTerms.0.alias', 'spec.blockDeviceMappings.0.ebs.volumeSize']
    expect(driftOf(nodes, fields, { running: null })).toBe(
      'nodes that run drift: each is replaced as the budget of its NodePool allows',
    )
  })

  it('by another image: what becomes of them is what the NodePools say that are applied with their class', () => {
    const said = (all: typeof manifests, name: string) =>
      driftOf(all.find(({ kind, metadata }) => kind === 'EC2NodeClass' && metadata.name === name)!, [AMI], {
        running: null,
        among: all,
      })
    const stays = /^nodes that run and are not so drift: none is replaced while anything runs on it/
    expect(said(manifests, 'gpu-train')).toMatch(stays)
    expect(said(manifests, 'gpu-serve')).toMatch(/drift: they are replaced one after the other/)
    // Of one replica alone no budget would be asked.
    expect(said(manifestsWith(config.services ?? {}), 'gpu-serve')).toMatch(stays)
    const shared = { ...nodes, metadata: { name: 'gpu' } }
    expect(driftOf(shared, [AMI], { running: null, among: bothOf('gpu') })).toMatch(
      /of gpu-train none is replaced .*; of gpu-serve they are replaced/,
    )
  })

  it.each([
    ['no field', train, [], 3],
    [
      'a ceiling or a budget',
      train,
      ['spec.limits.nvidia.com/gpu', 'spec.disruption.budgets.0.nodes', 'metadata.labels.a'],
      3,
    ],
    ['anything, where none runs', train, ['spec.template.spec.terminationGracePeriod'], 0],
    ['what is neither', made('Namespace', 'training'), ['spec.template', 'metadata.labels'], null],
  ] as const)('none drifts by %s', (_, manifest, fields, running) => {
    expect(driftOf(manifest, fields, { running })).toBeNull()
  })
})
