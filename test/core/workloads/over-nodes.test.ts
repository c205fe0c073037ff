import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GPU, type KubeObject } from '../../../core/kube.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { isSameWork } from '../../../core/steps/launch-job.ts'
import { DIGEST_ANNOTATION, objectDigest } from '../../../core/workloads/object-digest.ts'
import { EFA, meetingPlaceOf, podsAtOnce } from '../../../core/workloads/over-nodes.ts'
import { newest } from '../../../core/workloads/presets.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { workDigest } from '../../../core/workloads/work-digest.ts'
import { exampleConfig, problemsAfter, trainInput } from '../training-fixture.ts'

type Stage = NonNullable<Config['pipelines']>[string]['stages'][number]
const train = (config: Config): Stage => config.pipelines!['support-chats']!.stages[0]!
const RUN = { lane: 'pipeline/support-chats', generation: 1, attempt: 1 }

const jobOf = (change: Partial<Stage> = {}, { run = RUN, pool = {} }: { run?: typeof RUN; pool?: object } = {}) => {
  const config: Config = exampleConfig()
  Object.assign(train(config), { nodes: 2, ...change })
  Object.assign(config.pools['gpu-train']!, { maxGpus: 512, ...pool })
  const policy = parsePolicy(config)
  const stage = policy.pipelines['support-chats']!.stages[0]!
  const preset = stage.use === undefined ? null : newest(stage.use)
  return stageJob({ ...trainInput({ policy }), stage, preset, model: null, reads: {}, run })
}
const main = (job: KubeObject<'Job'>) => job.spec!.template.spec!.containers[0]!
const env = (job: KubeObject<'Job'>) =>
  Object.fromEntries(
    main(job).env!.map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.fieldRef?.fieldPath]),
  )

describe('the Job of a stage on several nodes', () => {
  const job = jobOf({ nodes: 4 })

  it('has a pod a node at once, of which one that fails or is taken away ends all', () => {
    expect(job.spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 4,
      parallelism: 4,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
    })
    expect(job.spec!.podFailurePolicy!.rules[0]).toEqual({
      action: 'FailJob',
      onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
    })
    expect(podsAtOnce(job)).toBe(4)
  })

  it('tells each pod which it is, where the first one is, and torchrun the same by its own variables', () => {
    const index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    expect(env(job)).toMatchObject({
      GPUS: '8',
      NNODES: '4',
      NODE_RANK: index,
      SIGNALBOX_RANK: index,
      MASTER_ADDR: '$(JOB_NAME)-0.$(JOB_NAME)',
      MASTER_PORT: '29500',
      PET_NNODES: '$(NNODES)',
      PET_NODE_RANK: '$(NODE_RANK)',
      PET_NPROC_PER_NODE: '$(GPUS)',
      PET_MASTER_ADDR: '$(MASTER_ADDR)',
      PET_MASTER_PORT: '$(MASTER_PORT)',
    })
    // Kubernetes puts in what an earlier variable says, and leaves a name as it is that it does not know yet.
    const names = Object.keys(env(job))
    for (const [name, value] of Object.entries(env(job)))
      for (const [, used = ''] of String(value).matchAll(/\$\((\w+)\)/g))
        expect(names.indexOf(used), `${name} names ${used}`).toBeLessThan(names.indexOf(name))
  })

  it('meets in a headless Service of its own, before any of them is ready', () => {
    const place = meetingPlaceOf(job)!
    expect(job.spec!.template.spec!.subdomain).toBe(job.metadata.name)
    expect(place).toMatchObject({
      metadata: { name: job.metadata.name, namespace: 'training' },
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: { 'batch.kubernetes.io/job-name': job.metadata.name },
      },
    })
    expect(place.metadata.labels).toEqual(job.metadata.labels)
    expect(place.metadata.annotations![DIGEST_ANNOTATION]).toBe(objectDigest(place))
    // A Service says by its labels whom Kueue queues: its own is the Job.
    expect(meetingPlaceOf(jobOf({}, { pool: { queue: 'gpu' } }))!.metadata.labels).not.toHaveProperty(
      'kueue.x-k8s.io/queue-name',
    )
  })

  it('runs what the preset runs on several nodes, unless it says its own', () => {
    expect(main(job).command).toEqual([
      ...['torchrun', '--nnodes=$(NNODES)', '--node-rank=$(NODE_RANK)', '--nproc-per-node=$(GPUS)'],
      ...['--master-addr=$(MASTER_ADDR)', '--master-port=$(MASTER_PORT)', 'train.py'],
    ])
    expect(main(jobOf({ use: 'pre-train' })).command).toEqual(main(job).command)
    expect(main(jobOf({ nodes: 1 })).command).toContain('--standalone')
    expect(main(jobOf({ command: ['bash', 'go.sh'] })).command).toEqual(['bash', 'go.sh'])
  })

  it('asks for EFA and its huge pages where its pool says that nodes have it, and on one node for none', () => {
    const fast = main(jobOf({}, { pool: { efa: 32 } }))
    for (const list of [fast.resources!.limits!, fast.resources!.requests!])
      expect(list).toMatchObject({ [EFA]: '32', 'hugepages-2Mi': '5120Mi', [GPU]: '8' })
    expect(fast.env).toContainEqual({ name: 'FI_PROVIDER', value: 'efa' })
    // EFA reaches no other zone; nothing in it names the attempt.
    expect(jobOf({}, { pool: { efa: 32 } }).spec!.template.spec!.affinity).toEqual({
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            labelSelector: {
              matchLabels: {
                'signalbox.dev/installation': 'signalbox',
                'signalbox.dev/lane': 'pipeline.support-chats',
              },
            },
            matchLabelKeys: ['batch.kubernetes.io/job-name'],
            topologyKey: 'topology.kubernetes.io/zone',
          },
        ],
      },
    })
    // What the policy has of it stands beside ours, and takes it away by nothing.
    const required = 'requiredDuringSchedulingIgnoredDuringExecution'
    const cached = { labelSelector: { matchLabels: { app: 'cache' } }, topologyKey: 'kubernetes.io/hostname' }
    const zoned = (affinity: object | null) =>
      jobOf({ pod: { affinity } as never }, { pool: { efa: 32 } }).spec!.template.spec!.affinity!.podAffinity![
        required
      ]!
    expect(zoned({ podAffinity: { [required]: [cached] } })).toEqual([
      cached,
      expect.objectContaining({ topologyKey: 'topology.kubernetes.io/zone' }),
    ])
    for (const affinity of [null, { podAffinity: null }, { nodeAffinity: {} }])
      expect(zoned(affinity)).toEqual([expect.objectContaining({ topologyKey: 'topology.kubernetes.io/zone' })])
    const alone = jobOf({ nodes: 1 }, { pool: { efa: 32 } })
    expect(alone.spec!.template.spec!.affinity).toBeUndefined()
    expect(main(alone).resources!.limits).toEqual({ [GPU]: '8' })
    expect(JSON.stringify(jobOf())).not.toMatch(/vpc.amazonaws|FI_/)
  })

  it('is the same work in every attempt, though each has a name and a place of its own', () => {
    const again = jobOf({ nodes: 4 }, { run: { ...RUN, attempt: 3 } })
    expect(again.metadata.name).not.toBe(job.metadata.name)
    expect([objectDigest(again), workDigest(again)]).toEqual([objectDigest(job), workDigest(job)])
    expect(objectDigest(jobOf({ nodes: 3 }))).not.toBe(objectDigest(job))
    // Where somebody else lets its pods meet, that is another Job.
    const moved = structuredClone(job)
    moved.spec!.template.spec!.subdomain = 'elsewhere'
    expect(objectDigest(moved)).not.toBe(objectDigest(job))
    expect(isSameWork(moved, job, 'secret')).toBe(false)
  })

  it('on one node is as it ever was: nothing in it says that there could be more', () => {
    const one = jobOf({ nodes: 1 })
    expect(one).toEqual(jobOf({ nodes: undefined }))
    expect(meetingPlaceOf(one)).toBeNull()
    expect(podsAtOnce(one)).toBe(1)
    expect(JSON.stringify(one)).not.toMatch(/Indexed|NODE_RANK|subdomain/)
  })
})

it('whatever its nodes: so many pods, the GPUs of a node for each, and a name that DNS and Kubernetes take', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 64 }), fc.integer({ min: 1, max: 999 }), (nodes, attempt) => {
      const job = jobOf({ nodes }, { run: { ...RUN, attempt } })
      const place = meetingPlaceOf(job)!
      expect(podsAtOnce(job) * Number(main(job).resources!.limits![GPU])).toBe(nodes * 8)
      // The server refuses an Indexed Job whose last pod's host name is no label of DNS.
      expect(`${job.metadata.name}-${nodes - 1}`).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])$/)
      expect(place.metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])$/)
    }),
  )
})

it.each<[string, Partial<Stage>, string]>([
  ['its rank', { env: { NODE_RANK: '0' } }, 'stages.0.env.NODE_RANK: it is ours of a stage on several nodes'],
  [
    'where the first one is',
    { pod: { containers: [{ name: 'train', env: [{ name: 'MASTER_ADDR', value: 'x' }] }] } },
    'env.0.name: it is ours of a stage on several nodes',
  ],
  ['how its pods are called', { pod: { subdomain: 'mine' } }, 'stages.0.pod.subdomain: its pods find each other by'],
  ['no nodes', { nodes: 0 }, 'stages.0.nodes: write 1 or more'],
  ['parts of a node', { nodes: 1.5 }, 'stages.0.nodes'],
])('a stage on several nodes may not say %s', (_, change, message) => {
  expect(problemsAfter((config) => Object.assign(train(config), { nodes: 2, ...change }))).toEqual([
    expect.stringContaining(message),
  ])
})

it('is none of a preset whose program would do the same on each of them, unless it says a command of its own', () => {
  const merging = (more: Partial<Stage>) =>
    problemsAfter((config) => {
      config.runner = { image: `ghcr.io/acme/runner@sha256:${'a'.repeat(64)}` }
      Object.assign(train(config), { nodes: 2, use: 'merge', name: 'train', runner: { inputs: [] }, ...more })
    })
  expect(merging({})).toEqual([
    expect.stringContaining('stages.0.nodes: what `merge` runs would do the same on each of them: leave it out'),
  ])
  expect(merging({ command: ['mine'] })).toEqual([])
  expect(merging({ nodes: 1 })).toEqual([])
})

it('may say its port, and of one node all of it is anybody’s', () => {
  expect(problemsAfter((config) => Object.assign(train(config), { nodes: 2, env: { MASTER_PORT: '1' } }))).toEqual([])
  expect(problemsAfter((config) => Object.assign(train(config), { env: { NODE_RANK: '0' } }))).toEqual([])
})

it('no stage is called as a pod of one on several nodes: results are known by the names of pods', () => {
  const named = (nodes: number) =>
    problemsAfter((config) => {
      Object.assign(train(config), { nodes })
      Object.assign(config.pipelines!['support-chats']!.stages[1]!, { name: 'train-1' })
    })
  expect(named(2)).toEqual([expect.stringContaining('a pod of `train`, which runs on several nodes, is called like')])
  expect(named(1)).toEqual([])
})
