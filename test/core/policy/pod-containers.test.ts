import { expect, it } from 'vitest'
import { problemsAfter } from '../training-fixture.ts'

const IMAGE = `fetch@sha256:${'ab'.repeat(32)}`
const stage = (pod: unknown) =>
  problemsAfter((config) => void Object.assign(config.pipelines!['support-chats']!.stages[0]!, { pod })).map(
    (problem) => problem.replace('pipelines.support-chats.stages.0.pod.', ''),
  )
const train = (said: object) => ({ containers: [{ name: 'train', ...said }] })

it.each<[string, unknown, string]>([
  [
    'a probe that asks two ways',
    train({ readinessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 80 } } }),
    'containers.0.readinessProbe: it does one thing, and this is exec and tcpSocket: leave out one of them',
  ],
  [
    'a probe that asks nothing',
    train({ livenessProbe: { periodSeconds: 5 } }),
    'containers.0.livenessProbe: says nothing',
  ],
  ['a hook of nothing', train({ lifecycle: { postStart: {} } }), 'containers.0.lifecycle.postStart: says nothing'],
  ['a probe of no port', train({ livenessProbe: { httpGet: { path: '/' } } }), 'httpGet.port: is missing: say which'],
  [
    'a probe of a port that there is not',
    train({ ports: [{ name: 'web', containerPort: 80 }], startupProbe: { httpGet: { port: 'http' } } }),
    'containers.0.startupProbe.httpGet.port: no port of the container is called `http`: write its number without quotes, or one of web',
  ],
  [
    'many answers that count as one',
    train({ livenessProbe: { exec: { command: ['a'] }, successThreshold: 3 } }),
    'containers.0.livenessProbe.successThreshold: of it one answer counts: leave it out; found 3',
  ],
  [
    'an end for what is not ready',
    train({ readinessProbe: { exec: { command: ['a'] }, terminationGracePeriodSeconds: 3 } }),
    'readinessProbe.terminationGracePeriodSeconds: nothing ends for not being ready',
  ],
  [
    'a sleep that is longer than what a pod has to end',
    train({ lifecycle: { preStop: { sleep: { seconds: 121 } } } }),
    'lifecycle.preStop.sleep.seconds: the pod has 120 seconds to end: write less, or raise `terminationGracePeriodSeconds`; found 121',
  ],
  [
    'two ports of a name',
    train({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    }),
    'containers.0.ports: two of them are called `a`',
  ],
  [
    'a probe of what runs before',
    { initContainers: [{ name: 'a', image: IMAGE, readinessProbe: { httpGet: { port: 80 } } }] },
    'initContainers.0.readinessProbe: what runs before the others ends by itself',
  ],
  [
    'a hook of what runs before',
    { initContainers: [{ name: 'a', image: IMAGE, lifecycle: { postStart: { exec: { command: ['a'] } } } }] },
    'initContainers.0.lifecycle: ',
  ],
  [
    'what runs beside it too',
    { containers: [{ name: 'a', image: IMAGE, livenessProbe: {} }] },
    'containers.0.livenessProbe: says nothing',
  ],
  [
    'root that is none',
    { securityContext: { runAsNonRoot: true }, ...train({ securityContext: { runAsUser: 0 } }) },
    'containers.0.securityContext.runAsUser: it is root, which `runAsNonRoot` forbids here',
  ],
  ['no time to end', { terminationGracePeriodSeconds: null }, 'terminationGracePeriodSeconds: how long it has to end'],
])('what the API server refuses, or nobody meant: %s', (_, pod, message) => {
  expect(stage(pod)).toEqual([expect.stringContaining(message)])
})

it.each<[string, unknown]>([
  ['probes', train({ ports: [{ name: 'web', containerPort: 80 }], readinessProbe: { httpGet: { port: 'web' } } })],
  ['root', { securityContext: { runAsUser: 0 } }],
  [
    'root of one container',
    {
      securityContext: { runAsNonRoot: true, runAsUser: 1 },
      ...train({ securityContext: { runAsUser: 0, runAsNonRoot: false } }),
    },
  ],
  ['a port by its number', train({ livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 1 } })],
  ['answers in a row', train({ readinessProbe: { grpc: { port: 80 }, successThreshold: 3 } })],
  [
    'a sleep with its time to end',
    { terminationGracePeriodSeconds: 300, ...train({ lifecycle: { preStop: { sleep: { seconds: 300 } } } }) },
  ],
])('and nothing that is right: %s', (_, pod) => {
  expect(stage(pod)).toEqual([])
})
