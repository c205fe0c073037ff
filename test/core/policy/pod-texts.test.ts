import { expect, it } from 'vitest'
import { podProblems } from '../../../core/policy/pod-shape.ts'

const found = (pod: unknown): string[] =>
  podProblems({ services: { s: { pod } } }).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`)
const container = (said: object) => ({ containers: [{ name: 'a', ...said }] })
const volume = (said: object) => ({ volumes: [{ name: 'v', ...said }] })
const mount = (said: object) => container({ volumeMounts: [{ name: 'v', mountPath: '/a', ...said }] })
const variable = (name: string) => container({ env: [{ name, value: 'x' }] })
const from = (valueFrom: object) => container({ env: [{ name: 'A', valueFrom }] })

it.each<[string, unknown, string]>([
  ['a variable', variable('A=B'), 'env.0.name: a variable’s name has no `=`'],
  ['a variable of no name', variable(''), 'env.0.name: '],
  [
    'a long name of a port',
    container({ ports: [{ name: 'a-very-long-port-name', containerPort: 9090 }] }),
    'ports.0.name: a port’s name has lower-case letters, digits, dashes between them, at most 15',
  ],
  ['a port that is asked', container({ readinessProbe: { httpGet: { port: '8000' } } }), 'httpGet.port: a port’s name'],
  ['a path beside its volume', mount({ subPath: '/etc' }), 'volumeMounts.0.subPath: it lies below its volume'],
  ['a path above its volume', mount({ subPath: 'a/../../etc' }), 'without `..`; found "a/../../etc"'],
  [
    'a file above its volume',
    volume({ secret: { secretName: 's', items: [{ key: 'k', path: '..' }] } }),
    'items.0.path: it lies below its volume',
  ],
  ['memory in small letters', volume({ emptyDir: { medium: 'memory' } }), "emptyDir.medium: write 'Memory', or leave"],
  [
    'a name for an address',
    { hostAliases: [{ ip: 'localhost', hostnames: ['a'] }] },
    'hostAliases.0.ip: write an address, `10.0.0.2`; found "localhost"',
  ],
  ['an address of zeros', { hostAliases: [{ ip: '10.0.0.01' }] }, 'write an address'],
  ['a nameserver', { dnsConfig: { nameservers: ['dns.example'] } }, 'dnsConfig.nameservers.0: write an address'],
  ['a Secret', volume({ secret: { secretName: 'My_Secret' } }), 'secret.secretName: Kubernetes takes no such name'],
  ['a claim', volume({ persistentVolumeClaim: { claimName: 'Data' } }), 'claimName: Kubernetes takes no such name'],
  ['a key', from({ secretKeyRef: { name: 's', key: 'a b' } }), 'key: no Secret or ConfigMap can have such a key'],
  ['a field', from({ fieldRef: { fieldPath: 'spec.containers' } }), 'fieldPath: write metadata.name'],
  ['what is limited', from({ resourceFieldRef: { resource: 'memory' } }), 'resource: write limits or requests, a dot'],
  ['a taint', { tolerations: [{ key: 'a b', operator: 'Exists' }] }, 'tolerations.0.key: a label’s key'],
  ['a value of a taint', { tolerations: [{ key: 'a', value: 'b c' }] }, 'tolerations.0.value: a label’s value'],
])('%s is answered with what to write', (_, pod, message) => {
  expect(found(pod)).toEqual([expect.stringContaining(message)])
})

it.each<[string, unknown]>([
  ['a variable with dots', variable('a.b-c D')],
  ['a port', container({ ports: [{ name: 'metrics-2', containerPort: 9090 }] })],
  ['paths', mount({ subPath: 'a/..b/c..' })],
  ['memory', volume({ emptyDir: { medium: 'Memory' } })],
  ['the node’s disk', volume({ emptyDir: { medium: '' } })],
  ['addresses', { hostAliases: [{ ip: '10.0.0.2' }, { ip: '2001:db8::ffff' }, { ip: '::1' }] }],
  ['names', volume({ secret: { secretName: 'my.secret' } })],
  ['a field', from({ fieldRef: { fieldPath: "metadata.annotations['a/b']" } })],
  ['what is limited', from({ resourceFieldRef: { resource: 'limits.memory' } })],
  [
    'a taint',
    {
      tolerations: [
        { key: 'nvidia.com/gpu', value: 'true_1' },
        { operator: 'Exists', key: '' },
      ],
    },
  ],
])('and takes what Kubernetes takes: %s', (_, pod) => {
  expect(found(pod)).toEqual([])
})
