import { expect, it } from 'vitest'
import { problemsAfter } from '../training-fixture.ts'

const IMAGE = `fetch@sha256:${'ab'.repeat(32)}`

const stage = (pod: unknown) =>
  problemsAfter((config) => void Object.assign(config.pipelines!['support-chats']!.stages[0]!, { pod })).map(
    (problem) => problem.replace('pipelines.support-chats.stages.0.pod.', ''),
  )
const service = (pod: unknown) =>
  problemsAfter((config) => void Object.assign(config.services!['code-llama']!, { pod })).map((problem) =>
    problem.replace('services.code-llama.pod.', ''),
  )
const train = (said: object) => ({ containers: [{ name: 'train', ...said }] })
const resources = (said: object) => train({ resources: said })
const tolerated = (said: object) => ({ tolerations: [said] })

it.each<[string, unknown, string]>([
  [
    'a mount of no volume',
    train({ volumeMounts: [{ mountPath: '/data', name: 'data' }] }),
    'containers.0.volumeMounts.0.name: no volume has that name: say it in `volumes` of the pod, or use one of shared-memory, signalbox-scratch; found "data"',
  ],
  [
    'a mount without a name',
    train({ volumeMounts: [{ mountPath: '/data' }] }),
    'containers.0.volumeMounts.0.name: no volume has that name',
  ],
  [
    'a mount of an init container',
    { initContainers: [{ name: 'a', image: IMAGE, volumeMounts: [{ mountPath: '/data', name: 'data' }] }] },
    'initContainers.0.volumeMounts.0.name: no volume has that name',
  ],
  [
    'a volume of nothing',
    { volumes: [{ name: 'data' }] },
    'volumes.0: says nothing of what it is: write `emptyDir: {}`',
  ],
  [
    'a volume of two things, as merged onto ours',
    { volumes: [{ name: 'shared-memory', persistentVolumeClaim: { claimName: 'a' } }] },
    'volumes.0: a volume is one thing, and this is emptyDir and persistentVolumeClaim: write `emptyDir: null` or',
  ],
  [
    'two volumes of a name',
    {
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'a', emptyDir: {} },
      ],
    },
    'volumes.1.name: two of them are called "a"',
  ],
  [
    'an init container of our name',
    { initContainers: [{ name: 'train', image: IMAGE }] },
    'initContainers.0.name: a container of the pod is called `train`: use another name',
  ],
  [
    'two sidecars of a name',
    {
      containers: [
        { name: 'a', image: IMAGE },
        { name: 'a', image: IMAGE },
      ],
    },
    'containers.1.name: two of them are called "a"',
  ],
  ['an init container without an image', { initContainers: [{ name: 'a' }] }, 'initContainers.0.image: is missing'],
  [
    'more asked for than the limit, which is ours',
    resources({ limits: { cpu: '2' } }),
    'containers.0.resources.limits.cpu: 24 is asked for and the limit is 2: raise it, or lower `requests.cpu`',
  ],
  [
    'more memory than its limit, in other units',
    resources({ requests: { memory: '65Gi' }, limits: { memory: '64000Mi' } }),
    'containers.0.resources.limits.memory: 65Gi is asked for',
  ],
  [
    'a device that is asked for without its limit',
    resources({ requests: { 'vpc.amazonaws.com/efa': '1' } }),
    "containers.0.resources.requests.vpc.amazonaws.com/efa: request and limit are the same of it: say `limits` '1' too",
  ],
  [
    'seconds of a toleration that none counts',
    tolerated({ key: 'a', operator: 'Exists', tolerationSeconds: 60 }),
    'tolerations.0.tolerationSeconds: only a pod that would be evicted counts them: say `effect: NoExecute`',
  ],
  ['a toleration of no key', tolerated({ effect: 'NoSchedule' }), 'tolerations.0.key: without one all are meant'],
  [
    'a value that nobody compares',
    tolerated({ key: 'a', operator: 'Exists', value: 'b' }),
    'tolerations.0.value: with `operator: Exists` any value is meant',
  ],
  ['no nameservers', { dnsPolicy: 'None' }, 'dnsPolicy: without any nameserver it resolves nothing'],
])('what the API server refuses of the pod that comes of it: %s', (_, pod, message) => {
  expect(stage(pod)).toEqual([expect.stringContaining(message)])
})

it('our volumes taken away: each is mounted somewhere', () => {
  expect(stage({ volumes: null })).toEqual([
    'volumes: `shared-memory` is missing, which is mounted at /dev/shm: leave it there',
    'volumes: `signalbox-scratch` is missing, which is mounted at /signalbox/scratch: leave it there',
  ])
})

it('of what serves, too', () => {
  const vllm = (said: object) => ({ containers: [{ name: 'vllm', ...said }] })
  expect(service(vllm({ volumeMounts: [{ mountPath: '/data', name: 'data' }] }))).toEqual([
    'containers.0.volumeMounts.0.name: no volume has that name: say it in `volumes` of the pod, or use one of shared-memory, home; found "data"',
  ])
  expect(service({ volumes: null })).toHaveLength(2)
  expect(service({ initContainers: [{ name: 'vllm', image: IMAGE }] })).toHaveLength(1)
  expect(service(vllm({ resources: { limits: { cpu: '1' } } }))).toHaveLength(1)
  expect(service(vllm({ resources: { limits: { 'ephemeral-storage': '5Gi' } } }))).toEqual([])
})

it.each<[string, unknown]>([
  [
    'a claim at our volume’s place',
    { volumes: [{ name: 'shared-memory', emptyDir: null, persistentVolumeClaim: { claimName: 'a' } }] },
  ],
  [
    'mounts of ours and of its own',
    {
      volumes: [{ name: 'data', emptyDir: {} }],
      ...train({
        volumeMounts: [
          { mountPath: '/data', name: 'data' },
          { mountPath: '/more', name: 'shared-memory' },
        ],
      }),
    },
  ],
  ['our mount taken away with its volume', { volumes: null, ...train({ volumeMounts: null }) }],
  ['limits as high as what is asked for', resources({ limits: { cpu: '24', memory: '98304Mi' } })],
  [
    'a limit of its disk that is less than we ask for by ourselves',
    resources({ limits: { 'ephemeral-storage': '5Gi' } }),
  ],
  ['more scratch', { volumes: [{ name: 'signalbox-scratch', emptyDir: { sizeLimit: '2Ti' } }] }],
  ['less of both', resources({ requests: { cpu: '1' }, limits: { cpu: '2', 'vpc.amazonaws.com/efa': '1' } })],
  [
    'tolerations',
    {
      tolerations: [
        { operator: 'Exists' },
        { key: 'a', value: 'b' },
        { key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 },
      ],
    },
  ],
  ['nameservers of its own', { dnsPolicy: 'None', dnsConfig: { nameservers: ['10.0.0.2'] } }],
])('and nothing that it takes: %s', (_, pod) => {
  expect(stage(pod)).toEqual([])
})
