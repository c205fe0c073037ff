import { expect, it } from 'vitest'
import { podProblems } from '../../../core/policy/pod-shape.ts'

const found = (pod: unknown): string[] =>
  podProblems({ services: { s: { pod } } }).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`)
const container = (said: object) => ({ containers: [{ name: 'a', ...said }] })
const volume = (said: object) => ({ volumes: [{ name: 'v', ...said }] })
const from = (valueFrom: object) => container({ env: [{ name: 'A', valueFrom }] })
const nodes = (terms: unknown) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
})
const label = (said: object) => nodes([{ matchExpressions: [{ key: 'x', ...said }] }])

it.each<[string, unknown, string]>([
  ['a Secret’s name', volume({ secret: {} }), 'volumes.0.secret.secretName: is missing: name the Secret'],
  ['an empty name', volume({ secret: { secretName: '' } }), 'secretName: is missing'],
  ['a ConfigMap’s name', volume({ configMap: {} }), 'volumes.0.configMap.name: is missing: name the ConfigMap'],
  ['a claim’s name', volume({ persistentVolumeClaim: {} }), 'persistentVolumeClaim.claimName: is missing'],
  ['a key', from({ secretKeyRef: { name: 's' } }), 'secretKeyRef.key: is missing: say which of its keys'],
  ['a name', from({ configMapKeyRef: { key: 'k' } }), 'configMapKeyRef.name: is missing: name the ConfigMap'],
  ['where from', from({}), 'env.0.valueFrom: says nothing: write one of configMapKeyRef, fieldRef'],
  [
    'from two places',
    from({ secretKeyRef: { name: 's', key: 'k' }, fieldRef: { fieldPath: 'metadata.name' } }),
    'env.0.valueFrom: it is one thing, and this is fieldRef and secretKeyRef: leave out one of them',
  ],
  [
    'a value twice',
    container({ env: [{ name: 'A', value: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
    'env.0: it is one thing, and this is value and valueFrom',
  ],
  [
    'variables from nowhere',
    container({ envFrom: [{}] }),
    'envFrom.0: says nothing: write one of configMapRef, secretRef',
  ],
  [
    'variables from two',
    container({ envFrom: [{ secretRef: { name: 's' }, configMapRef: { name: 'c' } }] }),
    'envFrom.0: it is one thing, and this is configMapRef and secretRef',
  ],
  [
    'two paths',
    container({ volumeMounts: [{ name: 'v', mountPath: '/a', subPath: 'a', subPathExpr: 'b' }] }),
    'volumeMounts.0: it is one thing, and this is subPath and subPathExpr',
  ],
  [
    'a claim for a device',
    container({ resources: { claims: [{ name: 'gpu' }] } }),
    'resources.claims: what is claimed',
  ],
  ['nodes', nodes([]), 'nodeSelectorTerms: is missing: say which nodes'],
  ['values', label({ operator: 'In' }), 'matchExpressions.0.values: In compares with some'],
  ['no values', label({ operator: 'Exists', values: ['a'] }), 'values: Exists compares with none'],
  [
    'one number',
    label({ operator: 'Gt', values: ['8', '9'] }),
    "values: Gt compares with one whole number: write it in quotes, ['8']",
  ],
  ['an operator', label({}), 'operator: is missing: write one of In, NotIn, Exists, DoesNotExist, Gt, Lt'],
  [
    'where pods are apart',
    { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] } } },
    'topologyKey: is missing: say by which label of nodes',
  ],
  [
    'what is run',
    container({ readinessProbe: { exec: { command: [] } } }),
    'exec.command: is missing: say what is run',
  ],
  ['Windows', { os: { name: 'windows' } }, 'os.name: write linux; found "windows"'],
])('%s: what is missing or too much is said', (_, pod, message) => {
  expect(found(pod)).toEqual([expect.stringContaining(message)])
})

it.each<[string, unknown]>([
  ['null takes away', from({ secretKeyRef: null, fieldRef: { fieldPath: 'metadata.name' } })],
  ['an empty value', container({ env: [{ name: 'A', value: '' }] })],
  ['a part of our probe', container({ readinessProbe: { httpGet: { path: '/ready' } } })],
  ['nodes', label({ operator: 'NotIn', values: ['a'] })],
  ['a number', label({ operator: 'Lt', values: ['8'] })],
  ['no values', label({ operator: 'DoesNotExist' })],
  ['what is called otherwise has one sentence', {}],
])('and nothing that Kubernetes takes: %s', (_, pod) => {
  expect(found(pod)).toEqual([])
})

it('what is called otherwise is not missing too', () => {
  expect(found(volume({ secret: { name: 's' } }))).toEqual([expect.stringContaining('there is no key `name`')])
})

it.each<[string, unknown, string]>([
  [
    'variables',
    container({
      env: [
        { name: 'A', value: 'x' },
        { name: 'A', value: 'y' },
      ],
    }),
    'env.1.name: two of them',
  ],
  [
    'ports',
    container({ ports: [{ containerPort: 1 }, { containerPort: 1 }] }),
    'ports.1.containerPort: two of them have 1',
  ],
  ['volumes', { volumes: [{ name: 'v' }, { name: 'v' }] }, 'volumes.1.name: two of them are called "v"'],
])('two of one name would become one: %s', (_, pod, message) => {
  expect(found(pod)).toEqual([expect.stringContaining(message)])
})
