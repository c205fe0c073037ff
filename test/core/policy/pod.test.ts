import { expect, it } from 'vitest'
import { type Config, PolicyError, parsePolicy } from '../../../core/policy.ts'
import { stagesOf } from '../../variants.ts'
import { exampleConfig } from '../training-fixture.ts'

const [train, evaluate] = (['train', 'evaluate'] as const).map(
  (which) => (c: Config) => stagesOf(c.pipelines!['support-chats']!)[which],
) as [
  (c: Config) => NonNullable<Config['pipelines']>[string]['stages'][number],
  (c: Config) => NonNullable<Config['pipelines']>[string]['stages'][number],
]
/** What is wrong with the example after a change, a line for each problem. */
const problems = (change: (config: Config) => void): string[] => {
  const config: Config = exampleConfig()
  change(config)
  try {
    parsePolicy(config)
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.problems
  }
}

it.each<[string, (config: Config) => void, string]>([
  [
    'a pod that would share its node’s network',
    (c) => {
      train(c).pod = { hostNetwork: true }
    },
    'pipelines.support-chats.stages.0.pod.hostNetwork: a pod here never shares its node’s network',
  ],
  [
    'a pod with more GPUs than are priced',
    (c) => {
      train(c).pod = { containers: [{ name: 'train', resources: { limits: { 'nvidia.com/gpu': '16' } } }] }
    },
    'pipelines.support-chats.stages.0.pod.containers.0.resources.limits.nvidia.com/gpu: say how many GPUs where the pool is named',
  ],
  [
    'a pod without a pool',
    (c) => {
      train(c).pod = { nodeSelector: null }
    },
    'pipelines.support-chats.stages.0.pod.nodeSelector: ',
  ],
  [
    'a pod without GPUs',
    (c) => {
      train(c).pod = { containers: [{ name: 'train', resources: { limits: null } }] }
    },
    'pipelines.support-chats.stages.0.pod.containers.0.resources.limits: ',
  ],
  [
    'a pod that mounts an image by tag',
    (c) => {
      train(c).pod = { volumes: [{ name: 'v', image: { reference: 'evil:latest' } }] }
    },
    'pipelines.support-chats.stages.0.pod.volumes.0.image.reference: pin the image by digest',
  ],
  [
    'the place of the result, by its pod',
    (c) => {
      train(c).pod = { containers: [{ name: 'train', env: [{ name: 'POD_NAME', value: 'x' }] }] }
    },
    'pipelines.support-chats.stages.0.pod.containers.0.env.0: POD_NAME is ours',
  ],
  [
    'a pod that takes as long to end as its work',
    (c) => {
      evaluate(c).pod = { terminationGracePeriodSeconds: 1800 }
    },
    'pipelines.support-chats.stages.1.pod.terminationGracePeriodSeconds: it would be told to end 1800 s before',
  ],
  [
    'a pod with an image by tag',
    (c) => {
      c.services!['code-llama']!.pod = { initContainers: [{ name: 'fetch', image: 'busybox:1' }] }
    },
    'services.code-llama.pod.initContainers.0.image: pin the image by digest',
  ],
  ...(
    [
      ['containers that are none', { containers: 5 }, 'containers: write a list'],
      ['containers as a word', { containers: 'x' }, 'containers: write a list'],
      ['a container without a name', { containers: [{ image: 'x' }] }, 'containers.0: say its `name`'],
      ['a selector as a list', { nodeSelector: [] }, 'nodeSelector: write { … }, by name'],
      [
        'limits as a word',
        { containers: [{ name: 'train', resources: { limits: 'x' } }] },
        'containers.0.resources.limits: write { … }',
      ],
      [
        'a limit that is none',
        { containers: [{ name: 'train', resources: { limits: { memory: 'lots' } } }] },
        'containers.0.resources.limits.memory: write a quantity',
      ],
      ['tolerations as a word', { tolerations: 'all' }, 'tolerations: write a list'],
      [
        'a grace in words',
        { terminationGracePeriodSeconds: '1h' },
        'terminationGracePeriodSeconds: write whole seconds',
      ],
    ] as const
  ).map(([what, patch, said]): [string, (config: Config) => void, string] => [
    `a pod with ${what}`,
    (c) => Object.assign(train(c), { pod: patch }),
    `pipelines.support-chats.stages.0.pod.${said}`,
  ]),
])('a patch: %s is told where and what to write', (_, change, message) => {
  expect(problems(change)).toEqual([expect.stringContaining(message)])
})

it('a part of a pod as people write it is taken', () => {
  const pod = {
    priorityClassName: 'batch',
    tolerations: [{ key: 'spot', operator: 'Exists' }],
    nodeSelector: { zone: 'a' },
    initContainers: [{ name: 'fetch', image: `x@sha256:${'0'.repeat(64)}`, resources: { limits: { memory: '1Gi' } } }],
    volumes: [{ name: 'cache', emptyDir: {} }],
    containers: [
      { name: 'train', volumeMounts: [{ name: 'cache', mountPath: '/c' }], env: [{ name: 'A', value: '1' }] },
    ],
  }
  expect(problems((c) => Object.assign(train(c), { pod }))).toEqual([])
})
