import type { V1PodSpec } from '@kubernetes/client-node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { patched } from '../../../core/workloads/pod-patch.ts'

const SECRET = { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'hub', key: 'token' } } }

const spec: V1PodSpec = {
  restartPolicy: 'Never',
  nodeSelector: { pool: 'a' },
  tolerations: [{ key: 'gpu', operator: 'Exists' }],
  containers: [{ name: 'train', image: 'x', env: [{ name: 'A', value: '1' }], args: ['--a', '--b'] }],
  volumes: [{ name: 'shared-memory', emptyDir: { medium: 'Memory' } }],
}

it('merges objects field by field and named lists element by element; what is new comes after', () => {
  const pod = patched(spec, {
    nodeSelector: { zone: 'b' },
    containers: [
      {
        name: 'train',
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '3' },
        ],
      },
      { name: 'sidecar', image: 'y' },
    ],
    volumes: [{ name: 'cache', emptyDir: {} }],
  })
  expect(pod).toEqual({
    ...spec,
    nodeSelector: { pool: 'a', zone: 'b' },
    containers: [
      {
        name: 'train',
        image: 'x',
        args: ['--a', '--b'],
        env: [
          { name: 'A', value: '3' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'sidecar', image: 'y' },
    ],
    volumes: [...spec.volumes!, { name: 'cache', emptyDir: {} }],
  })
})

it('adds what pods must stand beside to ours: those of a gang come to no other zone than EFA spans', () => {
  const required = (topologyKey: string) => ({
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] },
  })
  const ours = { ...spec, affinity: required('topology.kubernetes.io/zone') }
  expect(patched(ours, { affinity: required('rack') } as never).affinity?.podAffinity).toEqual({
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'topology.kubernetes.io/zone' },
      { topologyKey: 'rack' },
    ],
  })
})

it('adds tolerations to ours, each once: without ours no node with GPUs takes the pod', () => {
  const both = [{ key: 'gpu', operator: 'Exists' }, { key: 'other' }]
  expect(patched(spec, { tolerations: [{ key: 'other' }] }).tolerations).toEqual(both)
  expect(patched(spec, { tolerations: [{ operator: 'Exists', key: 'gpu' }, { key: 'other' }] }).tolerations).toEqual(
    both,
  )
})

it('replaces lists without names, and takes away what is null', () => {
  const pod = patched(spec, {
    restartPolicy: null,
    containers: [{ name: 'train', args: ['--c'], env: null }],
  })
  expect(pod).toEqual({
    nodeSelector: { pool: 'a' },
    tolerations: spec.tolerations,
    containers: [{ name: 'train', image: 'x', args: ['--c'] }],
    volumes: spec.volumes,
  })
})

it.each<[string, object, object]>([
  [
    'a probe by a command',
    { readinessProbe: { exec: { command: ['true'] } } },
    {
      readinessProbe: { periodSeconds: 5, exec: { command: ['true'] } },
    },
  ],
  [
    'a probe of a port',
    { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 9 } },
    {
      readinessProbe: { periodSeconds: 9, tcpSocket: { port: 80 } },
    },
  ],
  [
    'a part of our own',
    { readinessProbe: { httpGet: { path: '/ready' } } },
    {
      readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
    },
  ],
  [
    'a hook',
    { lifecycle: { preStop: { exec: { command: ['drain'] } } } },
    {
      lifecycle: { preStop: { exec: { command: ['drain'] } } },
    },
  ],
  [
    'a variable from elsewhere',
    { env: [{ name: 'HOME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    {
      env: [{ name: 'HOME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, SECRET],
    },
  ],
  [
    'a variable as it is',
    { env: [{ name: 'TOKEN', value: 'x' }] },
    {
      env: [
        { name: 'HOME', value: '/home' },
        { name: 'TOKEN', value: 'x' },
      ],
    },
  ],
])('of what there is one, another takes the place of ours: %s', (_, said, becomes) => {
  const ours = {
    name: 'a',
    readinessProbe: { httpGet: { path: '/health', port: 'http' }, periodSeconds: 5 },
    lifecycle: { preStop: { sleep: { seconds: 15 } } },
    env: [{ name: 'HOME', value: '/home' }, SECRET],
  }
  expect(patched({ containers: [ours] }, { containers: [{ name: 'a', ...said }] })).toEqual({
    containers: [{ ...ours, ...becomes }],
  })
})

it('changes nothing that it was given, and the same patch twice is the same as once', () => {
  const named = fc.record({ name: fc.constantFrom('train', 'b', 'c'), workingDir: fc.string() })
  fc.assert(
    fc.property(fc.record({ hostname: fc.string(), containers: fc.array(named) }), (patch) => {
      const before = JSON.stringify([spec, patch])
      const once = patched(spec, patch)
      expect(patched(once, patch)).toEqual(once)
      expect(JSON.stringify([spec, patch])).toBe(before)
    }),
  )
})

it('without a patch a pod stays as it is', () => {
  expect(patched(spec, undefined)).toBe(spec)
})
