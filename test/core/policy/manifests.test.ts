import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../core/digest.ts'
import { manifestsIn, withManifests } from '../../../core/policy/manifests.ts'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { type Policy, type PolicyError, parsePolicy, validatedPolicy } from '../../../core/policy.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { STAGE_REVISION } from '../../../core/workloads/stage-revisions.ts'
import example from '../../example.ts'
import { CPU } from '../../without-gpus.ts'
import { trainInput } from '../training-fixture.ts'

type Fields = Record<string, unknown>
const IMAGE = `ghcr.io/acme/trainer@sha256:${'a'.repeat(64)}`
const FILE = 'manifests/train.yaml'

const container = (over: Fields = {}): Fields => ({
  name: 'trainer',
  image: IMAGE,
  command: ['python', 'train.py'],
  args: ['--epochs=3'],
  resources: { limits: { 'nvidia.com/gpu': 8 } },
  ...over,
})
const pod = (over: Fields = {}): Fields => ({ restartPolicy: 'Never', containers: [container()], ...over })
const job = ({
  pod: of = pod(),
  template = {},
  spec = {},
  metadata = { name: 'train' },
  ...top
}: Fields = {}): Fields => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata,
  spec: { template: { ...(template as Fields), spec: of }, ...(spec as Fields) },
  ...top,
})
const configOf = (stage: Fields = {}): Fields => ({
  ...example,
  pipelines: {
    tuned: {
      on: { hand: true },
      stages: [{ name: 'train', manifest: FILE, pool: 'gpu-train', hours: { p50: 1, p95: 2 }, ...stage }],
    },
  },
})
const read = (object: unknown, stage: Fields = {}) => withManifests(configOf(stage), new Map([[FILE, { object }]]))
const policyOf = (object: unknown, stage: Fields = {}) => {
  const { config, problems } = read(object, stage)
  expect(problems).toEqual([])
  return parsePolicy(config)
}
const stageOf = (object: unknown, stage: Fields = {}) => policyOf(object, stage).pipelines['tuned']?.stages[0]
/** Everything that is said of it, by whoever says it. */
const wrongsOf = (object: unknown, stage: Fields = {}): string[] => {
  const { config, problems } = read(object, stage)
  if (problems.length > 0) return problems
  try {
    parsePolicy(config)
    return []
  } catch (error) {
    return (error as PolicyError).problems
  }
}

it('a Job without GPUs runs on a pool without any, with a node to itself', () => {
  const without = job({ pod: pod({ containers: [container({ resources: {} })] }) })
  const { config, problems } = read(without, { pool: 'cpu' })
  expect(problems).toEqual([])
  const policy = parsePolicy({ ...(config as Fields), pools: { ...example.pools, cpu: CPU } })
  const [stage] = policy.pipelines['tuned']!.stages
  expect(stage?.gpus).toBe(0)
  const made = stageJob({ ...trainInput({ policy }), policy, stage: stage!, preset: null, model: null, reads: {} })
  expect(made.spec?.template.spec).toMatchObject({
    nodeSelector: { 'karpenter.sh/nodepool': 'cpu' },
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname' }] },
    },
  })
  expect(wrongsOf(without).join()).toContain('the nodes of `gpu-train` have GPUs, and one would be held')
})

describe('a stage that brings a Job', () => {
  it('is the stage that somebody would write with the same image, command, GPUs and pod', () => {
    const env = [{ name: 'LR', value: '1e-5' }]
    const sidecar = { name: 'logs', image: IMAGE }
    const brought = stageOf(job({ pod: pod({ containers: [sidecar, container({ name: 'train', env })] }) }))
    const written = {
      ...{ name: 'train', image: IMAGE, command: ['python', 'train.py'], args: ['--epochs=3'], gpus: 8 },
      pod: { containers: [sidecar, { name: 'train', env, resources: {} }] },
    }
    expect(brought).toMatchObject(written)
    expect(brought).not.toHaveProperty('nodes')
  })

  it.each([
    ['its only container is called as the stage', job()],
    [
      'what is said as we say it is not said again',
      job({
        pod: pod({
          automountServiceAccountToken: false,
          hostNetwork: false,
          serviceAccountName: 'signalbox-training',
          nodeSelector: { 'karpenter.sh/nodepool': 'gpu-train' },
          containers: [container({ securityContext: { privileged: false } })],
        }),
        metadata: { name: 'x', namespace: 'training', labels: { app: 'x', 'app.kubernetes.io/part-of': 'y' } },
        spec: { backoffLimit: 0, suspend: false },
      }),
    ],
    [
      'nothing is nothing, as to Kubernetes',
      job({ pod: pod({ securityContext: null, containers: [container({ env: null, lifecycle: null })] }) }),
    ],
    [
      'quantities may be numbers',
      job({
        pod: pod({
          containers: [
            container({
              resources: {
                limits: { 'nvidia.com/gpu': 8 },
                requests: { cpu: 8, memory: '64Gi', 'nvidia.com/gpu': '8' },
              },
            }),
          ],
        }),
      }),
    ],
  ])('%s', (_, object) => {
    const { pod: of, gpus } = stageOf(object) ?? {}
    expect(gpus).toBe(8)
    expect(of?.containers?.[0]?.name).toBe('train')
    expect(JSON.stringify(of)).not.toMatch(/null|nodepool|privileged|host|serviceAccount|nvidia|restartPolicy/)
  })

  it('asks for what it limits, and finds its own room by the name that it has here', () => {
    const env = [
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { containerName: 'trainer', resource: 'limits.memory' } } },
    ]
    const limits = { 'nvidia.com/gpu': 8, cpu: 4, memory: '16Gi' }
    const own = stageOf(job({ pod: pod({ containers: [container({ env, resources: { limits } })] }) }))?.pod
      ?.containers?.[0]
    expect(own?.resources?.requests).toEqual({ cpu: '4', memory: '16Gi' })
    expect(own?.env?.[0]?.valueFrom?.resourceFieldRef?.containerName).toBe('train')
  })

  it('of several pods is a gang of as many whole nodes', () => {
    const spec = { completionMode: 'Indexed', completions: 2, parallelism: 2 }
    expect(stageOf(job({ spec }))).toMatchObject({ nodes: 2, gpus: 8 })
  })

  it('is part of the policy and of its version: by its content, and not by how its file is written', () => {
    const [one, other] = [
      policyOf(job()),
      policyOf(job({ pod: pod({ containers: [container({ args: ['--epochs=4'] })] }) })),
    ]
    expect(one.version).not.toBe(other.version)
    expect(policyOf(job({ metadata: { name: 'other' } })).version).toBe(one.version)
    const { found: _found, version, ...document } = one
    expect(validatedPolicy(JSON.parse(JSON.stringify(document))).version).toBe(version)
  })
})

describe('what a stage that brings one does not say', () => {
  it('is all but its name, which its container has', () => {
    expect(wrongsOf(job(), { name: undefined })).toEqual([
      `pipelines.tuned.stages.0.manifest: ${FILE}: its container is called as the stage: give that a \`name\``,
    ])
  })

  it('a service brings none, and is told so', () => {
    const config = structuredClone(example) as { services: Record<string, Fields> }
    config.services['support-llama']!['manifest'] = FILE
    expect(() => parsePolicy(config)).toThrow(/there is no key `manifest`: a stage brings one/)
  })

  it.each(['image', 'command', 'args', 'env', 'secrets', 'use', 'pod', 'nodes', 'gpus'])('%s', (key) => {
    expect(wrongsOf(job(), { [key]: 1 })).toEqual([
      `pipelines.tuned.stages.0.manifest: ${FILE}: the stage says \`${key}\` beside it: say that in the manifest alone`,
    ])
  })
})

const IN_POD = 'spec.template.spec'
const hostPath = { volumes: [{ name: 'root', hostPath: { path: '/' } }] }
const two = (over: Fields) => ({ completionMode: 'Indexed', completions: 2, parallelism: 2, ...over })

describe('a hostile or mistaken manifest is refused by its place in its file, with what to write', () => {
  it.each<[string, unknown, string]>([
    [
      'the disk of its node',
      job({ pod: pod(hostPath) }),
      `${IN_POD}.volumes.0.hostPath: a pod here never reads its node’s disk`,
    ],
    [
      'privileges',
      job({ pod: pod({ containers: [container({ securityContext: { privileged: true } })] }) }),
      `${IN_POD}.containers.0.securityContext.privileged: a container here is never privileged`,
    ],
    [
      'capabilities',
      job({ pod: pod({ containers: [container({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } })] }) }),
      `${IN_POD}.containers.0.securityContext.capabilities.add.0: our namespaces hold pods to Pod Security`,
    ],
    ['its node’s network', job({ pod: pod({ hostNetwork: true }) }), `${IN_POD}.hostNetwork: `],
    [
      'a port of its node',
      job({ pod: pod({ containers: [container({ ports: [{ containerPort: 80, hostPort: 80 }] })] }) }),
      `${IN_POD}.containers.0.ports.0.hostPort: `,
    ],
    [
      'another account',
      job({ pod: pod({ serviceAccountName: 'cluster-admin' }) }),
      `${IN_POD}.serviceAccountName: the account belongs to what the pod is for`,
    ],
    [
      'a token of the cluster',
      job({ pod: pod({ automountServiceAccountToken: true }) }),
      `${IN_POD}.automountServiceAccountToken: `,
    ],
    ['another namespace', job({ metadata: { namespace: 'kube-system' } }), 'metadata.namespace: it runs in `training`'],
    [
      'a queue of its own',
      job({ metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'theirs' } } }),
      'metadata.labels.kueue.x-k8s.io/queue-name: ',
    ],
    [
      'a label of ours on its pods',
      job({ template: { metadata: { labels: { 'signalbox.dev/lane': 'other' } } } }),
      'spec.template.metadata.labels.signalbox.dev/lane: ',
    ],
    [
      'a role by annotation',
      job({ template: { metadata: { annotations: { 'iam.amazonaws.com/role': 'admin' } } } }),
      'spec.template.metadata.annotations: ',
    ],
    [
      'pods apart by a label that they do not have here',
      job({
        template: { metadata: { labels: { app: 'trainer' } } },
        pod: pod({
          affinity: {
            podAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { topologyKey: 'topology.kubernetes.io/zone', labelSelector: { matchLabels: { app: 'trainer' } } },
              ],
            },
          },
        }),
      }),
      `${IN_POD}.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchLabels: its pods do not have the label \`app\` here`,
    ],
    [
      'a sidecar that Kubernetes would keep',
      job({ pod: pod({ initContainers: [{ name: 'proxy', image: IMAGE, restartPolicy: 'Always' }] }) }),
      `${IN_POD}.initContainers.0.restartPolicy: what runs before the others ends by itself here`,
    ],
    ['a finalizer', job({ metadata: { finalizers: ['example.com/keep'] } }), 'metadata.finalizers: '],
    ['an owner', job({ metadata: { ownerReferences: [{}] } }), 'metadata.ownerReferences: '],
    [
      'an image by tag that nobody has pinned',
      job({ pod: pod({ containers: [container({ image: 'ghcr.io/acme/trainer:1' })] }) }),
      `${IN_POD}.containers.0.image: nobody has looked up which digest that tag has`,
    ],
    [
      'a sidecar by tag',
      job({ pod: pod({ containers: [container({ name: 'train' }), { name: 'x', image: 'x:1' }] }) }),
      `${IN_POD}.containers.1.image: `,
    ],
    [
      'another pool',
      job({ pod: pod({ nodeSelector: { 'karpenter.sh/nodepool': 'gpu-serve' } }) }),
      `${IN_POD}.nodeSelector.karpenter.sh/nodepool: say \`pool\``,
    ],
    ['a node', job({ pod: pod({ nodeName: 'ip-10-0-0-1' }) }), `${IN_POD}.nodeName: say \`pool\``],
    [
      'the place of others',
      job({ pod: pod({ priorityClassName: 'system-node-critical' }) }),
      `${IN_POD}.priorityClassName: `,
    ],
    [
      'no GPU',
      job({ pod: pod({ containers: [container({ resources: {} })] }) }),
      `${IN_POD}.containers.0.resources.limits.nvidia.com/gpu: `,
    ],
    [
      'GPUs by request alone',
      job({ pod: pod({ containers: [container({ resources: { requests: { 'nvidia.com/gpu': 8 } } })] }) }),
      `${IN_POD}.containers.0.resources.limits.nvidia.com/gpu: is missing`,
    ],
    [
      'fewer asked for than the limit',
      job({
        pod: pod({
          containers: [
            container({ resources: { limits: { 'nvidia.com/gpu': 8 }, requests: { 'nvidia.com/gpu': 1 } } }),
          ],
        }),
      }),
      `${IN_POD}.containers.0.resources.requests.nvidia.com/gpu: as many`,
    ],
    [
      'half a GPU',
      job({ pod: pod({ containers: [container({ resources: { limits: { 'nvidia.com/gpu': 0.5 } } })] }) }),
      `${IN_POD}.containers.0.resources.limits.nvidia.com/gpu: write a whole number`,
    ],
    [
      'GPUs beside those that are counted',
      job({
        pod: pod({ initContainers: [{ name: 'x', image: IMAGE, resources: { limits: { 'nvidia.com/gpu': 8 } } }] }),
      }),
      `${IN_POD}.initContainers.0.resources: one container of a pod has its GPUs`,
    ],
    [
      'devices of another name',
      job({
        pod: pod({
          containers: [container({ resources: { limits: { 'nvidia.com/gpu': 8, 'nvidia.com/mig-1g.5gb': 1 } } })],
        }),
      }),
      `${IN_POD}.containers.0.resources.limits.nvidia.com/mig-1g.5gb: `,
    ],
    [
      'devices that are claimed',
      job({ pod: pod({ resourceClaims: [{ name: 'gpu', resourceClaimName: 'x' }] }) }),
      `${IN_POD}.resourceClaims: `,
    ],
    [
      'a volume that is called as ours',
      job({ pod: pod({ volumes: [{ name: 'shared-memory', emptyDir: {} }] }) }),
      `${IN_POD}.volumes.0.name: \`shared-memory\` is ours here`,
    ],
    [
      'a variable that is ours',
      job({ pod: pod({ containers: [container({ env: [{ name: 'RESULTS_URI', value: 's3://theirs' }] })] }) }),
      `${IN_POD}.containers.0.env.0.name: it is ours`,
    ],
    ['a directive', job({ pod: pod({ $patch: 'replace' }) }), `${IN_POD}.$patch: `],
    ['a restart', job({ pod: pod({ restartPolicy: 'OnFailure' }) }), `${IN_POD}.restartPolicy: `],
    [
      'a misspelt key',
      job({ pod: pod({ volume: [] }) }),
      `${IN_POD}: there is no key \`volume\`: did you mean \`volumes\`?`,
    ],
    [
      'two containers of which none is meant',
      job({ pod: pod({ containers: [container({ name: 'a' }), container({ name: 'b' })] }) }),
      `${IN_POD}.containers: it has 2, and one of them`,
    ],
    ['no container', job({ pod: pod({ containers: [] }) }), `${IN_POD}.containers: is missing`],
    ['no template', job({ spec: { template: undefined } }), 'spec.template: is missing'],
    ['no spec', { ...job(), spec: undefined }, 'spec: is missing'],
    [
      'tries of its own',
      job({ spec: { backoffLimit: 6 } }),
      'spec.backoffLimit: a pod is never started again by itself',
    ],
    ['a deadline of its own', job({ spec: { activeDeadlineSeconds: 60 } }), 'spec.activeDeadlineSeconds: say `hours`'],
    [
      'a TTL',
      job({ spec: { ttlSecondsAfterFinished: 60 } }),
      'spec.ttlSecondsAfterFinished: it goes once its outcome is kept',
    ],
    ['another controller', job({ spec: { managedBy: 'kueue.x-k8s.io/multikueue' } }), 'spec.managedBy: '],
    ['a selector', job({ spec: { selector: {}, manualSelector: true } }), 'spec.selector: '],
    [
      'an unknown key of its spec',
      job({ spec: { completion: 2 } }),
      'spec.completion: there is no such key in the spec of a Job: did you mean `completions`?',
    ],
    ['suspended', job({ spec: { suspend: true } }), 'spec.suspend: '],
    [
      'pods of which none knows which it is',
      job({ spec: { completions: 2, parallelism: 2 } }),
      'spec.completionMode: each of 2 pods',
    ],
    [
      'pods one after the other',
      job({ spec: two({ parallelism: 1 }) }),
      'spec.parallelism: its pods are at work together',
    ],
    ['no pod at all', job({ spec: two({ completions: 0, parallelism: 0 }) }), 'spec.completions: write a whole number'],
    ['a status', job({ status: {} }), 'status: the cluster says it'],
    [
      'a kind that nobody knows',
      { apiVersion: 'trainer.kubeflow.org/v1alpha1', kind: 'TrainJob' },
      'kind: nobody here knows where the pods of a "TrainJob" are, and how it ends: bring one of Job of batch/v1, JobSet of jobset.x-k8s.io/v1alpha2',
    ],
    [
      'a kind of the whole cluster',
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
      'kind: nobody here knows',
    ],
    ['a list', { apiVersion: 'v1', kind: 'List', items: [job()] }, 'kind: nobody here knows'],
    ['another version', { ...job(), apiVersion: 'batch/v1beta1' }, 'apiVersion: write batch/v1'],
    ['a text', 'kind: Job', 'write one object of Kubernetes'],
  ])('%s', (_, object, said) => {
    const wrongs = wrongsOf(object)
    expect(wrongs.map((line) => line.startsWith(`pipelines.tuned.stages.0.manifest: ${FILE}: ${said}`))).toContain(true)
    expect(wrongs.every((line) => line.startsWith('pipelines.tuned.stages.0.manifest: '))).toBe(true)
  })

  it('GPUs beyond the ceiling are told on paper, as of any stage', () => {
    const spec = { completionMode: 'Indexed', completions: 64, parallelism: 64 }
    expect(onPaper(policyOf(job({ spec })))).toMatchObject([
      {
        path: `pipelines.tuned.stages.0.manifest: ${FILE}: spec.template.spec.containers.0.resources.limits.nvidia.com/gpu`,
        why: expect.stringContaining('512 GPUs are asked for'),
      },
    ])
  })
})

/** What pods say, good and bad, each at its place. */
const OF_PODS: Fields[] = [
  { hostNetwork: true },
  { hostPID: true },
  { hostIPC: false },
  { serviceAccountName: 'signalbox-training' },
  { serviceAccountName: 'x' },
  { nodeSelector: { 'karpenter.sh/nodepool': 'gpu-train' } },
  { nodeSelector: { 'karpenter.sh/nodepool': 'other' } },
  { nodeSelector: { 'topology.kubernetes.io/zone': 'us-east-1a' } },
  { tolerations: [{ key: 'a', operator: 'Exists' }] },
  { tolerations: [] },
  { securityContext: null },
  { securityContext: { runAsUser: 0 } },
  { securityContext: { seccompProfile: { type: 'Unconfined' } } },
  { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
  { volumes: [{ name: 'v', emptyDir: {} }] },
  { priority: 1 },
  { restartPolicy: 'Always' },
  { automountServiceAccountToken: true },
  { terminationGracePeriodSeconds: 60 },
  { activeDeadlineSeconds: 5 },
  { enableServiceLinks: true },
  { initContainers: [{ name: 'i', image: IMAGE }] },
  { initContainers: [{ name: 'i', image: IMAGE, securityContext: { privileged: true } }] },
]
const OF_CONTAINERS: Fields[] = [
  { securityContext: { privileged: true } },
  { securityContext: { privileged: false } },
  { securityContext: null },
  { securityContext: { capabilities: { add: ['NET_ADMIN'] } } },
  { securityContext: { capabilities: { add: ['CHOWN'] } } },
  { securityContext: { allowPrivilegeEscalation: true } },
  { image: 'x:1' },
  { env: [{ name: 'RESULTS_URI', value: 'x' }] },
  { env: [{ name: 'A', value: 'x' }] },
  { env: [{ name: 'NVIDIA_VISIBLE_DEVICES', value: 'all' }] },
  { resources: { limits: { 'nvidia.com/gpu': '8', memory: '1Gi' } } },
  { resources: null },
  { resources: { limits: { 'nvidia.com/gpu': 4 }, requests: { 'nvidia.com/gpu': 4 } } },
  { resources: { limits: { 'nvidia.com/gpu': 4 }, requests: { 'nvidia.com/gpu': 2 } } },
  { resources: { limits: { 'nvidia.com/gpu': 16 } } },
  { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
  { ports: [{ containerPort: 1, hostPort: 1 }] },
]
const OF_JOBS: Fields[] = [
  { completions: 2, parallelism: 2, completionMode: 'Indexed' },
  { completions: 2 },
  { backoffLimit: 4 },
  { backoffLimit: 0 },
  { suspend: true },
  { ttlSecondsAfterFinished: 0 },
]
const some = (of: Fields[]) => fc.subarray(of, { maxLength: 3 }).map((all) => Object.assign({}, ...all) as Fields)

describe('whatever a Job says', () => {
  it('what is made of it has our account, pool, GPUs and namespace, no part of its node, and images by digest; or it is refused', () => {
    let taken = 0
    fc.assert(
      fc.property(some(OF_PODS), some(OF_CONTAINERS), some(OF_JOBS), (ofPod, ofContainer, spec) => {
        const { config, problems } = read(job({ pod: pod({ containers: [container(ofContainer)], ...ofPod }), spec }))
        let policy: Policy
        try {
          if (problems.length > 0) return
          policy = parsePolicy(config)
        } catch {
          return
        }
        taken++
        const [stage] = policy.pipelines['tuned']!.stages
        const input = trainInput()
        const desired = { ...input.desired, pods: STAGE_REVISION }
        const made = stageJob({ ...input, policy, desired, stage: stage!, preset: null, model: null, reads: {} })
        const of = made.spec!.template.spec!
        expect(made.metadata).toMatchObject({ namespace: 'training', labels: made.spec!.template.metadata!.labels })
        expect(of).toMatchObject({
          ...{ restartPolicy: 'Never', serviceAccountName: 'signalbox-training', automountServiceAccountToken: false },
          nodeSelector: { 'karpenter.sh/nodepool': 'gpu-train' },
          securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
        })
        expect(of.tolerations).toContainEqual({ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' })
        expect(JSON.stringify(of)).not.toMatch(
          /"host(Network|PID|IPC|Path|Port)"|"privileged"|NET_ADMIN|Unconfined|VISIBLE_DEVICES/,
        )
        const all = [...of.containers, ...(of.initContainers ?? [])]
        expect(all.every(({ image = '' }) => /@sha256:[0-9a-f]{64}$/.test(image))).toBe(true)
        const gpus = of.containers.map(({ resources }) => [
          resources?.limits?.['nvidia.com/gpu'],
          resources?.requests?.['nvidia.com/gpu'],
        ])
        expect(gpus).toEqual([[String(stage!.gpus), String(stage!.gpus)]])
        expect([made.spec!.completions, made.spec!.parallelism, made.spec!.backoffLimit]).toEqual([
          stage!.nodes ?? 1,
          stage!.nodes ?? 1,
          0,
        ])
        expect(made.spec!.ttlSecondsAfterFinished).toBeUndefined()
        expect(of.containers[0]?.env?.filter(({ name }) => name === 'RESULTS_URI')).toEqual([
          { name: 'RESULTS_URI', value: 's3://acme-results/results' },
        ])
      }),
      { numRuns: 500 },
    )
    // It is no test of nothing.
    expect(taken).toBeGreaterThan(20)
  })
})

describe('the files that a config brings', () => {
  it.each(['../train.yaml', '/etc/train.yaml', 'a/../../b.yaml', './../x.yaml', 'train.txt', 'https://x/y.yaml', ''])(
    'are beside it or below: %s is not',
    (file) => {
      const config = configOf({ manifest: file })
      expect(manifestsIn(config)).toEqual([])
      expect(withManifests(config, new Map()).problems).toEqual([
        expect.stringContaining('name a file that lies beside the policy'),
      ])
    },
  )

  it('that could not be read say why', () => {
    const { problems } = withManifests(configOf(), new Map([[FILE, { why: 'there is no such file' }]]))
    expect(problems).toEqual([`pipelines.tuned.stages.0.manifest: ${FILE}: there is no such file`])
  })

  it('nothing else of a config is touched, and of one that brings none it is the same value', () => {
    expect(withManifests(example, new Map()).config).toBe(example)
    const config = configOf()
    const before = digestOf(config)
    withManifests(config, new Map([[FILE, { object: job() }]]))
    expect(digestOf(config)).toBe(before)
  })

  it('whatever an object and a config are, there is an answer', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (object, config) => {
        expect(manifestsIn(config)).toBeInstanceOf(Array)
        expect(Array.isArray(wrongsOf(object))).toBe(true)
        expect(wrongsOf({ apiVersion: 'batch/v1', kind: 'Job', spec: { template: { spec: object } } })).not.toEqual([])
      }),
    )
  })
})
