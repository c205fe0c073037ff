import { describe, expect, it } from 'vitest'
import { driftOf } from '../../../core/bootstrap/drift.ts'
import { bootstrapManifests } from '../../../core/bootstrap/manifests.ts'
import { parsePolicy } from '../../../core/policy.ts'
import config from '../../../signalbox.config.ts'

const manifests = bootstrapManifests(parsePolicy({ ...config, nodes: { ami: 'al2023@v20260810', role: 'r' } }), [])
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

describe('what a change does to nodes that run', () => {
  it.each([
    ['a time that they are given', 'spec.template.spec.terminationGracePeriod'],
    ['another node class', 'spec.template.spec.nodeClassRef.name'],
    ['a label', 'spec.template.metadata.labels.signalbox.dev/gpus-per-node'],
  ])(
    'all drift by %s: where work runs to its end they go once they are empty, and servers move one after the other',
    (_, field) => {
      expect(driftOf(train, [field], 3)).toBe(
        '3 of its nodes that run drift: none is replaced while anything runs on it, and each goes once it is empty',
      )
      expect(driftOf(serve, ['spec.limits.nvidia.com/gpu', field], null)).toBe(
        'nodes that run drift: they are replaced one after the other, what runs there starting anew elsewhere',
      )
    },
  )

  it('only those that are not so drift by what they are chosen by', () => {
    expect(driftOf(train, ['spec.template.spec.requirements.0.values.0'], 3)).toMatch(
      /^nodes that run and are not so drift: none/,
    )
    expect(driftOf(nodes, ['spec.amiSelectorTerms.0.alias'], null)).toMatch(
      /^nodes that run and are not so drift: each is replaced as/,
    )
  })

  it('all drift by any other field of their class', () => {
    expect(driftOf(nodes, ['spec.amiSelectorTerms.0.alias', 'spec.blockDeviceMappings.0.ebs.volumeSize'], null)).toBe(
      'nodes that run drift: each is replaced as the budget of its NodePool allows',
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
    expect(driftOf(manifest, fields, running)).toBeNull()
  })
})
