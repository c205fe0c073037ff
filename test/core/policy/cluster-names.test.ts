import { expect, it } from 'vitest'
import { howToMake, namedInCluster } from '../../../core/policy/cluster-names.ts'
import type { PodPatch } from '../../../core/policy/pod.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { stagesOf } from '../../variants.ts'
import { exampleConfig } from '../training-fixture.ts'

const named = (change: (config: Config) => void = () => undefined): string[] => {
  const config: Config = exampleConfig()
  change(config)
  return namedInCluster(parsePolicy(config)).map(({ kind, namespace, name, keys, by }) =>
    [`${kind} ${namespace === null ? '' : `${namespace}/`}${name}`, ...keys, `(${by.join(', ')})`].join(' '),
  )
}
const trainOf = (config: Config) => stagesOf(config.pipelines!['support-chats']!).train
const podOf = (pod: PodPatch): string[] =>
  named((config) => {
    trainOf(config).pod = pod
  }).filter((line) => !EXAMPLE.includes(line))

const EXAMPLE = named()

it('the namespaces, the accounts that pods are, and the pools', () => {
  expect(EXAMPLE).toEqual([
    'Namespace training (namespaces.training)',
    'Namespace serving (namespaces.serving)',
    'ServiceAccount training/signalbox-training (pods of training)',
    'ServiceAccount serving/signalbox-serving (pods of serving)',
    'ServiceAccount serving/signalbox-gate (pods of gate)',
    'PriorityClass signalbox-signalbox-serving (pods of serving)',
    'NodePool gpu-train (pools.gpu-train)',
    'NodePool gpu-serve (pools.gpu-serve)',
  ])
})

it('the queue of a pool that Kueue owns, where Jobs are made', () => {
  expect(
    named((config) => {
      config.pools['gpu-train']!.queue = 'ml'
    }),
  ).toContain('LocalQueue training/ml (pools.gpu-train.queue)')
})

it('secrets of stages, once each with all keys that are read of it, and with who names it', () => {
  const lines = named((config) => {
    const stages = stagesOf(config.pipelines!['support-chats']!)
    stages.train.secrets = { HF_TOKEN: { secret: 'hub', key: 'token' }, WANDB: { secret: 'hub', key: 'wandb' } }
    stages.evaluate.secrets = { HF_TOKEN: { secret: 'hub', key: 'token' } }
    config.services!['support-llama']!.pod = { imagePullSecrets: [{ name: 'hub' }] }
  })
  expect(lines.filter((line) => line.startsWith('Secret'))).toEqual([
    'Secret training/hub token wandb (pipelines.support-chats.stages.0, pipelines.support-chats.stages.1)',
    'Secret serving/hub (services.support-llama)',
  ])
})

const BY = '(pipelines.support-chats.stages.0)'

it.each<[string, PodPatch, string[]]>([
  [
    'variables',
    {
      containers: [
        {
          name: 'train',
          env: [
            { name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'x' } } },
            { name: 'B', valueFrom: { configMapKeyRef: { name: 'b', key: 'y' } } },
          ],
          envFrom: [{ secretRef: { name: 'c' } }, { configMapRef: { name: 'd' } }],
        },
      ],
    },
    [
      `Secret training/a x ${BY}`,
      `ConfigMap training/b y ${BY}`,
      `Secret training/c ${BY}`,
      `ConfigMap training/d ${BY}`,
    ],
  ],
  [
    'volumes',
    {
      volumes: [
        { name: 'a', secret: { secretName: 'a', items: [{ key: 'x', path: 'x' }] } },
        { name: 'b', configMap: { name: 'b' } },
        { name: 'c', projected: { sources: [{ secret: { name: 'c' } }, { configMap: { name: 'd' } }] } },
        { name: 'e', persistentVolumeClaim: { claimName: 'e' } },
        {
          name: 'f',
          ephemeral: {
            volumeClaimTemplate: {
              spec: {
                storageClassName: 'f',
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: '1Gi' } },
              },
            },
          },
        },
        { name: 'g', csi: { driver: 'g', nodePublishSecretRef: { name: 'g' } } },
      ],
    },
    [
      `Secret training/a x ${BY}`,
      `ConfigMap training/b ${BY}`,
      `Secret training/c ${BY}`,
      `ConfigMap training/d ${BY}`,
      `PersistentVolumeClaim training/e ${BY}`,
      `StorageClass f ${BY}`,
      `Secret training/g ${BY}`,
    ],
  ],
  [
    'classes and secrets of the pod itself',
    {
      runtimeClassName: 'nvidia',
      imagePullSecrets: [{ name: 'registry' }],
    },
    [`RuntimeClass nvidia ${BY}`, `Secret training/registry ${BY}`],
  ],
  [
    'nothing that may be missing, and no words that only look so',
    {
      nodeSelector: { secret: 'a', configMap: 'b' },
      volumes: [{ name: 'a', secret: { secretName: 'a', optional: true } }],
      containers: [
        { name: 'train', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'x', optional: true } } }] },
      ],
    },
    [],
  ],
])('what a patch names: %s', (_, pod, lines) => {
  expect(podOf(pod)).toEqual(lines)
})

it('what a patch takes away is not named', () => {
  const lines = named((config) => {
    trainOf(config).secrets = { HF_TOKEN: { secret: 'hub', key: 'token' } }
    trainOf(config).pod = { containers: [{ name: 'train', env: [{ name: 'HF_TOKEN', valueFrom: null, value: 'x' }] }] }
  })
  expect(lines).toEqual(EXAMPLE)
})

it('the command that makes it says where, its name and its keys', () => {
  const at = { namespace: 'training', by: [] }
  expect(howToMake({ kind: 'Secret', name: 'hub', keys: ['a', 'b'], ...at })).toBe(
    '`kubectl -n training create secret generic hub --from-file=a=FILE --from-file=b=FILE`',
  )
  expect(howToMake({ kind: 'LocalQueue', name: 'ml', keys: [], ...at })).toMatch(
    /^`kubectl kueue create localqueue ml -n training --clusterqueue=NAME`/,
  )
  expect(howToMake({ kind: 'RuntimeClass', name: 'nvidia', keys: [], by: [], namespace: null })).toBe(
    'install what brings it, or name one of `kubectl get runtimeclass`',
  )
})
