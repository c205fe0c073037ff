import { expect, it } from 'vitest'
import { problemsAfter } from '../training-fixture.ts'

const service = (pod: unknown) =>
  problemsAfter((config) => void Object.assign(config.services!['code-llama']!, { pod })).map((problem) =>
    problem.replace('services.code-llama.pod.', ''),
  )
const vllm = (said: object) => ({ containers: [{ name: 'vllm', ...said }] })

it.each<[string, unknown, string]>([
  [
    'nothing says that it is ready',
    vllm({ readinessProbe: null }),
    'containers.0.readinessProbe: a rollout waits until a replica is ready: say how that is known, or leave it out',
  ],
  [
    'nothing says that it loads',
    vllm({ startupProbe: null }),
    'containers.0.startupProbe: it would be ended while it loads',
  ],
  [
    'variables that nobody names',
    vllm({ envFrom: [{ configMapRef: { name: 'c' } }] }),
    'containers.0.envFrom: name each variable under `env`: what serves takes none that its card does not have',
  ],
  ['nothing waits for its leave', vllm({ lifecycle: null }), 'containers.0.lifecycle: it would be sent requests'],
  ['no hook', vllm({ lifecycle: { preStop: null } }), 'containers.0.lifecycle.preStop: it would be sent requests'],
  ['no time to end', { terminationGracePeriodSeconds: null }, 'terminationGracePeriodSeconds: how long it has to end'],
  [
    'requests that are cut off',
    vllm({ lifecycle: { preStop: { sleep: { seconds: 60 } } } }),
    'preStop.sleep.seconds: requests in flight would be cut off: write less, or `terminationGracePeriodSeconds: 375`; found 60',
  ],
  [
    'a sleep beyond all',
    vllm({ lifecycle: { preStop: { sleep: { seconds: 9999 } } } }),
    'the pod has 330 seconds to end',
  ],
  [
    'its port elsewhere',
    vllm({ ports: [{ containerPort: 1 }, { name: 'http', containerPort: 9000 }] }),
    'containers.0.ports.1: it answers on 8000, which Services and probes call `http`: leave that as it is, and give others another name',
  ],
  [
    'its port by another name',
    vllm({ ports: [{ name: 'web', containerPort: 8000 }] }),
    'containers.0.ports.0: it answers on 8000',
  ],
  ['its port by another protocol', vllm({ ports: [{ containerPort: 8000, protocol: 'UDP' }] }), 'ports.0: it answers'],
  [
    'root',
    { securityContext: { runAsUser: 0 } },
    'securityContext.runAsUser: it is root, which `runAsNonRoot` forbids',
  ],
  ['no ports', vllm({ ports: null }), 'containers.0.ports: it answers on 8000'],
])('what breaks what is promised of a service: %s', (_, pod, message) => {
  expect(service(pod)).toEqual([expect.stringContaining(message)])
})

it.each<[string, unknown]>([
  ['another way to know that it is ready', vllm({ readinessProbe: { exec: { command: ['true'] } } })],
  ['another path', vllm({ readinessProbe: { httpGet: { path: '/ready' } } })],
  ['nothing ends it that hangs', vllm({ livenessProbe: null })],
  ['a hook of its own', vllm({ lifecycle: { preStop: { exec: { command: ['drain'] } } } })],
  ['root that it says', { securityContext: { runAsUser: 0, runAsNonRoot: false } }],
  ['a port more', vllm({ ports: [{ name: 'metrics', containerPort: 9090 }] })],
  ['a home elsewhere', vllm({ env: [{ name: 'HOME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] })],
  [
    'a longer leave, with the time for it',
    { terminationGracePeriodSeconds: 375, ...vllm({ lifecycle: { preStop: { sleep: { seconds: 60 } } } }) },
  ],
])('and nothing that does not: %s', (_, pod) => {
  expect(service(pod)).toEqual([])
})
