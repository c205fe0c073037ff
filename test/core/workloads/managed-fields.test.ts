import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { fieldText, itemPart, managedOf, owns, saidAt, startsWith } from '../../../core/workloads/managed-fields.ts'

/** As a real API server wrote it (Kubernetes 1.36) of a Deployment that was applied, scaled, and whose image kubectl has set. */
const managedFields = [
  {
    manager: 'signalbox-workload',
    operation: 'Apply',
    fieldsV1: {
      'f:spec': {
        'f:template': {
          'f:spec': {
            'f:containers': {
              'k:{"name":"vllm"}': {
                '.': {},
                'f:args': {},
                'f:env': { 'k:{"name":"HOME"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                'f:name': {},
                'f:ports': { 'k:{"containerPort":8000,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    },
  },
  {
    manager: 'kubectl-set',
    operation: 'Update',
    fieldsV1: {
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"vllm"}': { 'f:image': {} } } } } },
    },
  },
  { manager: 'kube-controller-manager', subresource: 'status', fieldsV1: { 'f:status': { 'f:replicas': {} } } },
]
const object = { kind: 'Deployment', metadata: { name: 'm-g1', managedFields } } as unknown as KubeObject
const CONTAINER = ['spec', 'template', 'spec', 'containers', '[name="vllm"]']

describe('who owns what of an object', () => {
  const managed = managedOf(object)

  it('is read field by field, items of lists by what they are told apart by, without who writes a status', () => {
    expect(managed.map(({ manager, isOurs }) => [manager, isOurs])).toEqual([
      ['signalbox-workload', true],
      ['kubectl-set', false],
    ])
    expect(managed[1]?.paths).toEqual([[...CONTAINER, 'image']])
    expect(managed[0]?.paths.map((path) => path.slice(CONTAINER.length).join(' '))).toEqual([
      'args',
      'env [name="HOME"] name',
      'env [name="HOME"] value',
      'name',
      'ports [containerPort=8000] containerPort',
    ])
    expect(managedOf({ kind: 'Deployment', metadata: { name: 'm' } } as KubeObject)).toEqual([])
  })

  it('is asked of a field, of what it is in, and of what is in it', () => {
    const [ours = [], theirs = []] = managed.map((one) => [one])
    expect([owns(ours, [...CONTAINER, 'image']), owns(theirs, [...CONTAINER, 'image'])]).toEqual([false, true])
    expect([owns(ours, CONTAINER), owns(ours, [...CONTAINER, 'args', 'any'])]).toEqual([true, true])
    expect([startsWith(['a', 'b'], ['a']), startsWith(['a'], ['a', 'b'])]).toEqual([true, false])
  })

  it('reads of what it does not know the whole list: a key that is none, values and places', () => {
    const odd = { 'f:spec': { 'f:list': { 'k:nonsense': {}, 'v:"x"': {} } } }
    const one = { kind: 'Job', metadata: { name: 'j', managedFields: [{ manager: 'x', fieldsV1: odd }] } }
    expect(managedOf(one as unknown as KubeObject)[0]?.paths).toEqual([['spec', 'list'], ['spec', 'list']]) // biome-ignore format: a list
  })

  it('is said as the API server says it', () => {
    expect(fieldText([...CONTAINER, 'image'])).toBe('.spec.template.spec.containers[name="vllm"].image')
    expect([itemPart('env', { name: 'A' }), itemPart('args', 'x'), itemPart('env', {})]).toEqual(['[name="A"]', null, null]) // biome-ignore format: a line
  })

  it('and what they said is what lies there, without what the server filled in', () => {
    const value = { a: { x: 1, filled: 2 }, env: [{ name: 'A', value: '1', filled: true }, { name: 'B' }], b: 3 }
    const paths = [['a', 'x'], ['env', '[name="A"]', 'name'], ['env', '[name="A"]', 'value'], ['none']] // biome-ignore format: a list
    expect(saidAt(value, paths)).toEqual({ a: { x: 1 }, env: [{ name: 'A', value: '1' }] })
    expect(saidAt(value, [['a']])).toEqual({ a: { x: 1, filled: 2 } })
  })
})
