import { expect, it } from 'vitest'
import { podProblems } from '../../../core/policy/pod-shape.ts'

const found = (pod: unknown): string[] =>
  podProblems({ services: { s: { pod } } }).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`)
const container = (said: object) => ({ containers: [{ name: 'a', ...said }] })
const limits = (said: object) => container({ resources: { limits: said } })

it.each<[string, unknown, string]>([
  ['a label', { nodeSelector: { 'a b': 'c' } }, 'nodeSelector.a b: a label’s key has letters'],
  ['a label of two domains', { nodeSelector: { 'a/b/c': 'd' } }, 'nodeSelector.a/b/c: a label’s key'],
  ['a label’s value', { nodeSelector: { zone: 'c d' } }, 'nodeSelector.zone: a label’s value has letters'],
  ['memory as people call it', limits({ ram: '64Gi' }), 'limits.ram: Kubernetes has no such resource: say `memory`'],
  ['GPUs as people call them', limits({ gpu: '1' }), 'limits.gpu: Kubernetes has no such resource: say how many GPUs'],
  ['what nobody knows', limits({ tpu: '1' }), 'limits.tpu: Kubernetes has no such resource: say cpu, memory'],
  [
    'half a device',
    limits({ 'vpc.amazonaws.com/efa': '500m' }),
    "limits.vpc.amazonaws.com/efa: it is whole: write '1'",
  ],
])('%s is answered with what to write', (_, pod, message) => {
  expect(found(pod)).toEqual([expect.stringContaining(message)])
})

it('takes what Kubernetes takes', () => {
  expect(found({ nodeSelector: { 'topology.kubernetes.io/zone': 'eu-west-1a', empty: '', A_b: 'C_d' } })).toEqual([])
  expect(found({ nodeSelector: { 'a b': null } })).toEqual([])
  expect(found(limits({ cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi', 'hugepages-2Mi': '1Gi' }))).toEqual([])
  expect(found(limits({ 'vpc.amazonaws.com/efa': '4' }))).toEqual([])
})
