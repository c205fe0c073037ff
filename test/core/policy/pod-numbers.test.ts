import { expect, it } from 'vitest'
import { podProblems } from '../../../core/policy/pod-shape.ts'

const found = (pod: unknown): string[] =>
  podProblems({ services: { s: { pod } } }).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`)
const container = (said: object) => ({ containers: [{ name: 'a', ...said }] })
const volume = (said: object) => ({ volumes: [{ name: 'v', ...said }] })
const port = (said: object) => container({ ports: [said] })

it.each<[string, unknown, string]>([
  [
    'a port',
    port({ containerPort: 99_999 }),
    'ports.0.containerPort: write a whole number from 1 to 65535; found 99999',
  ],
  ['no port', port({ containerPort: 0 }), 'from 1 to 65535; found 0'],
  [
    'a period',
    container({ readinessProbe: { periodSeconds: -1 } }),
    'readinessProbe.periodSeconds: write a whole number of at least 0; found -1',
  ],
  ['32 bits', container({ readinessProbe: { periodSeconds: 1e12 } }), 'from 0 to 2147483647; found 1000000000000'],
  ['a user', { securityContext: { runAsUser: -1 } }, 'securityContext.runAsUser: write a whole number of at least 0'],
  ['a group', { securityContext: { fsGroup: -2 } }, 'securityContext.fsGroup: '],
  ['more groups', { securityContext: { supplementalGroups: [1, -1] } }, 'supplementalGroups.1: '],
  [
    'a skew',
    { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] },
    'topologySpreadConstraints.0.maxSkew: write a whole number of at least 1; found 0',
  ],
  [
    'rights as chmod has them',
    volume({ secret: { secretName: 's', defaultMode: 644 } }),
    'volumes.0.secret.defaultMode: it is counted in tens here: write 0o644, or 420 in JSON; found 644',
  ],
  [
    'rights that are some in tens too',
    volume({ configMap: { name: 'c', items: [{ key: 'k', path: 'p', mode: 400 }] } }),
    'items.0.mode: it is counted in tens here: write 0o400, or 256 in JSON; found 400',
  ],
  [
    'rights that are none',
    volume({ secret: { secretName: 's', defaultMode: 999 } }),
    'write rights as 0o644, or 420 in JSON, and at most 0o777; found 999',
  ],
])('%s is answered with what to write', (_, pod, message) => {
  expect(found(pod)).toEqual([expect.stringContaining(message)])
})

it.each<[string, unknown]>([
  ['ports', port({ containerPort: 65_535 })],
  ['a probe of zeros, which stand for what Kubernetes has', container({ livenessProbe: { timeoutSeconds: 0 } })],
  ['a user', { securityContext: { runAsUser: 2_147_483_647, supplementalGroups: [0] } }],
  ['seconds below zero that are at once', { tolerations: [{ key: 'a', tolerationSeconds: -1 }] }],
  ...[0o644, 0o600, 0o400, 0o777, 0].map((mode): [string, unknown] => [
    `rights ${mode}`,
    volume({ secret: { secretName: 's', defaultMode: mode } }),
  ]),
])('and takes what Kubernetes takes: %s', (_, pod) => {
  expect(found(pod)).toEqual([])
})
