import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withManifests } from '../../../core/policy/manifests.ts'
import { onPaper } from '../../../core/policy/on-paper.ts'
import { type Policy, type PolicyError, parsePolicy, validatedPolicy } from '../../../core/policy.ts'
import { stageJob } from '../../../core/workloads/stage-job.ts'
import { STAGE_REVISION } from '../../../core/workloads/stage-revisions.ts'
import example from '../../example.ts'
import { trainInput } from '../training-fixture.ts'

type Fields = Record<string, unknown>
const IMAGE = `ghcr.io/acme/trainer@sha256:${'a'.repeat(64)}`
const FILE = 'manifests/train.yaml'
const INDEX = 'batch.kubernetes.io/job-completion-index'
const told = (name: string, key: string, of = 'annotations'): Fields => ({
  name,
  valueFrom: { fieldRef: { fieldPath: `metadata.${of}['${key}']` } },
})

const container = (over: Fields = {}): Fields => ({
  name: 'trainer',
  image: IMAGE,
  command: ['torchrun', 'train.py'],
  resources: { limits: { 'nvidia.com/gpu': 8 } },
  ...over,
})
const ofPods = (pods: number): Fields => (pods === 1 ? {} : { completions: pods, parallelism: pods })
interface Parts {
  container?: Fields
  pod?: Fields
  job?: Fields
  group?: Fields
  spec?: Fields
  metadata?: Fields
  pods?: number
}
const template = ({ container: of = {}, pod = {} }: Parts): Fields => ({
  spec: { restartPolicy: 'Never', containers: [container(of)], ...pod },
})
/** What a team has: `pods` of one kind, in one Job of one JobSet. */
const jobSet = (parts: Parts = {}): Fields => ({
  apiVersion: 'jobset.x-k8s.io/v1alpha2',
  kind: 'JobSet',
  metadata: { name: 'llama', ...parts.metadata },
  spec: {
    replicatedJobs: [
      {
        name: 'workers',
        template: { spec: { ...ofPods(parts.pods ?? 2), template: template(parts), ...parts.job } },
        ...parts.group,
      },
    ],
    ...parts.spec,
  },
})
const job = ({ pods = 2, ...parts }: Parts = {}): Fields => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'llama' },
  spec: { ...ofPods(pods), ...(pods > 1 ? { completionMode: 'Indexed' } : {}), template: template(parts) },
})

const read = (object: unknown) =>
  withManifests(
    {
      ...example,
      pipelines: {
        tuned: {
          on: { hand: true },
          stages: [{ name: 'train', manifest: FILE, pool: 'gpu-train', hours: { p50: 1, p95: 2 } }],
        },
      },
    },
    new Map([[FILE, { object }]]),
  )
const wrongsOf = (object: unknown): string[] => {
  const { config, problems } = read(object)
  if (problems.length > 0) return problems
  try {
    parsePolicy(config)
    return []
  } catch (error) {
    return (error as PolicyError).problems
  }
}
const policyOf = (object: unknown): Policy => {
  expect(wrongsOf(object)).toEqual([])
  return parsePolicy(read(object).config)
}
const stageIn = ({ pipelines }: Policy) => pipelines['tuned']!.stages[0]!
const builtOf = (object: unknown) => {
  const policy = policyOf(object)
  const input = trainInput()
  const desired = { ...input.desired, pods: STAGE_REVISION }
  return stageJob({ ...input, policy, desired, stage: stageIn(policy), preset: null, model: null, reads: {} })
}
const mainOf = (object: unknown) => builtOf(object).spec!.template.spec!.containers[0]!
const envOf = (object: unknown, name: string) => mainOf(object).env?.filter((one) => one.name === name)

describe('a stage that brings a JobSet of one group of pods', () => {
  it.each([2, 3])(
    'is the stage that brings its Job, to the byte: %i pods are a gang of as many whole nodes',
    (pods) => {
      expect(builtOf(jobSet({ pods }))).toEqual(builtOf(job({ pods })))
      expect(stageIn(policyOf(jobSet({ pods })))).toMatchObject({ nodes: pods, gpus: 8 })
    },
  )

  it('of one pod is a pod of its own, told its index as the Indexed Job of a JobSet is', () => {
    const index = { name: 'JOB_COMPLETION_INDEX', value: '0' }
    expect(builtOf(jobSet({ pods: 1 }))).toEqual(builtOf(job({ pods: 1, container: { env: [index] } })))
    const own = { container: { env: [told('RANK', INDEX), index] }, pods: 1 }
    expect(mainOf(jobSet(own)).env).toEqual(expect.arrayContaining([index, { name: 'RANK', value: '0' }]))
    expect(envOf(jobSet(own), 'JOB_COMPLETION_INDEX')).toHaveLength(1)
  })

  it('may say what its controller does here anyway', () => {
    const said = jobSet({
      group: { replicas: 1, groupName: 'g', dependsOn: [] },
      job: { completionMode: 'Indexed', backoffLimit: 0 },
      metadata: { namespace: 'training', labels: { app: 'llama' } },
      spec: {
        suspend: false,
        network: { enableDNSHostnames: true, publishNotReadyAddresses: true, subdomain: 'net' },
        coordinator: { replicatedJob: 'workers', jobIndex: 0, podIndex: 0 },
        successPolicy: { operator: 'All', targetReplicatedJobs: ['workers'] },
        startupPolicy: { startupPolicyOrder: 'AnyOrder' },
        failurePolicy: { maxRestarts: 0, restartStrategy: 'Recreate', rules: [] },
      },
    })
    expect(builtOf(said)).toEqual(builtOf(job()))
  })

  it('keeps where its Job lies in the file, so that what is wrong with the pod is told there; a plan names the file', () => {
    const policy = policyOf(jobSet())
    expect(stageIn(policy).manifest).toBe(`${FILE}#spec.replicatedJobs.0.template`)
    const { found: _found, version, ...document } = policy
    expect(validatedPolicy(JSON.parse(JSON.stringify(document))).version).toBe(version)
    expect(wrongsOf(jobSet({ pod: { hostNetwork: true } }))).toEqual([
      expect.stringMatching(
        /^pipelines\.tuned\.stages\.0\.manifest: manifests\/train\.yaml: spec\.replicatedJobs\.0\.template\.spec\.template\.spec\.hostNetwork: /,
      ),
    ])
    expect(onPaper(policyOf(jobSet({ pods: 64 })))).toMatchObject([
      { path: expect.stringContaining(`${FILE}: spec.replicatedJobs.0.template.spec.template.spec.containers.0.`) },
    ])
  })

  it('nobody names a place in a file by hand', () => {
    const config = structuredClone(read(jobSet()).config) as { pipelines: { tuned: { stages: Fields[] } } }
    const [{ image: _i, command: _c, gpus: _g, pod: _p, nodes: _n, ...stage }] = config.pipelines.tuned.stages as [
      Fields,
    ]
    config.pipelines.tuned.stages = [stage]
    expect(withManifests(config, new Map()).problems).toEqual([
      expect.stringContaining('name a file that lies beside the policy'),
    ])
  })
})

describe('what its controller tells its pods is told as it is here', () => {
  const first = '$(JOB_NAME)-0.$(JOB_NAME)'

  it('the names of its pods, by which they find each other', () => {
    const args = [
      '--master=llama-workers-0-0.llama:29500',
      '--peers',
      'llama-workers-0-1.llama,llama-workers-0-0.llama',
    ]
    expect(mainOf(jobSet({ container: { args } })).args).toEqual([
      `--master=${first}:29500`,
      '--peers',
      `$(JOB_NAME)-1.$(JOB_NAME),${first}`,
    ])
    const of = { spec: { network: { subdomain: 'net' } }, container: { args: ['tcp://llama-workers-0-1.net:1'] } }
    expect(mainOf(jobSet(of)).args).toEqual(['tcp://$(JOB_NAME)-1.$(JOB_NAME):1'])
  })

  it('the first of them by the variables that torchrun reads, which say as we do', () => {
    const env = [
      { name: 'MASTER_ADDR', value: 'llama-workers-0-0.llama' },
      { name: 'PET_MASTER_ADDR', value: 'llama-workers-0-0.llama' },
      { name: 'NNODES', value: '2' },
      { name: 'PET_NNODES', value: '2' },
      told('NODE_RANK', INDEX),
      told('PET_NODE_RANK', INDEX, 'labels'),
      told('JOB_COMPLETION_INDEX', INDEX),
    ]
    expect(builtOf(jobSet({ container: { env } }))).toEqual(builtOf(jobSet({ container: { env: [] } })))
    const other = [told('NODE_RANK', INDEX), { name: 'NNODES', value: '4' }]
    expect(wrongsOf(jobSet({ container: { env: other } }))).toEqual([
      expect.stringContaining('containers.0.env.1.name: it is ours of a stage on several nodes'),
    ])
  })

  it.each([
    ['job-index', '0'],
    ['job-global-index', '0'],
    ['restart-attempt', '0'],
    ['global-replicas', '1'],
    ['replicatedjob-replicas', '1'],
    ['replicatedjob-name', 'workers'],
    ['group-name', 'default'],
  ])('%s, by an annotation or a label, is %s', (key, value) => {
    const env = [told('A', `jobset.sigs.k8s.io/${key}`), told('B', `jobset.sigs.k8s.io/${key}`, 'labels')]
    expect(mainOf(jobSet({ container: { env } })).env).toEqual(
      expect.arrayContaining([
        { name: 'A', value },
        { name: 'B', value },
      ]),
    )
  })

  it('its coordinator', () => {
    const coordinated = { coordinator: { replicatedJob: 'workers', podIndex: 1 } }
    const env = [told('COORDINATOR', 'jobset.sigs.k8s.io/coordinator')]
    expect(envOf(jobSet({ spec: coordinated, container: { env } }), 'COORDINATOR')).toEqual([
      { name: 'COORDINATOR', value: '$(JOB_NAME)-1.$(JOB_NAME)' },
    ])
  })

  it('what only looks like a name of its pods is left alone', () => {
    const args = ['llama-workers', 'my-llama-workers-0-0.llama', 's3://llama/workers-0-0.llama']
    const pod = { volumes: [{ name: 'c', persistentVolumeClaim: { claimName: 'llama-workers-0' } }] }
    expect(mainOf(jobSet({ container: { args }, pod })).args).toEqual(args)
  })
})

const GROUP = 'spec.replicatedJobs.0'
const POD = `${GROUP}.template.spec.template.spec`
const two = [{ name: 'launcher' }, { name: 'workers' }].map((one) => ({ ...one, template: { spec: {} } }))

describe('what it says that does not go is refused by its place in the file, with what to write', () => {
  it.each<[string, unknown, string]>([
    ['several groups', jobSet({ spec: { replicatedJobs: two } }), 'spec.replicatedJobs: it has 2 groups of pods'],
    ['no group', jobSet({ spec: { replicatedJobs: [] } }), 'spec.replicatedJobs: is missing'],
    ['no list', jobSet({ spec: { replicatedJobs: {} } }), 'spec.replicatedJobs: is missing'],
    ['a group that is none', jobSet({ spec: { replicatedJobs: ['x'] } }), `${GROUP}: write a map`],
    ['several Jobs of it', jobSet({ group: { replicas: 2 } }), `${GROUP}.replicas: it is one Job`],
    ['no name', jobSet({ group: { name: undefined } }), `${GROUP}.name: `],
    ['an odd name', jobSet({ group: { name: '.*' } }), `${GROUP}.name: write a name`],
    ['what it waits for', jobSet({ group: { dependsOn: [{ name: 'x' }] } }), `${GROUP}.dependsOn: what goes before`],
    ['no Job', jobSet({ group: { template: {} } }), `${GROUP}.template.spec: is missing`],
    ['an odd key of it', jobSet({ group: { replica: 1 } }), `${GROUP}.replica: it is one of name, `],
    ['an odd key of its template', jobSet({ group: { template: { spec: {}, x: 1 } } }), `${GROUP}.template.x: `],
    [
      'a queue of its Job',
      jobSet({ group: { template: { metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'q' } }, spec: {} } } }),
      `${GROUP}.template.metadata.labels.kueue.x-k8s.io/queue-name: `,
    ],
    [
      'a node of its own by annotation',
      jobSet({ metadata: { annotations: { 'alpha.jobset.sigs.k8s.io/exclusive-topology': 'zone' } } }),
      'metadata.annotations: ',
    ],
    ['restarts', jobSet({ spec: { failurePolicy: { maxRestarts: 3 } } }), 'spec.failurePolicy.maxRestarts: a pod is'],
    [
      'restarts by a rule',
      jobSet({ spec: { failurePolicy: { rules: [{ name: 'a', action: 'RestartJobSetAndIgnoreMaxRestarts' }] } } }),
      'spec.failurePolicy.rules: a pod is',
    ],
    ['tries of its Job', jobSet({ job: { backoffLimit: 3 } }), `${GROUP}.template.spec.backoffLimit: `],
    [
      'a deadline of its own',
      jobSet({ job: { activeDeadlineSeconds: 60 } }),
      `${GROUP}.template.spec.activeDeadlineSeconds: say \`hours\``,
    ],
    [
      'pods one after the other',
      jobSet({ job: { completions: 4, parallelism: 2 } }),
      `${GROUP}.template.spec.parallelism: `,
    ],
    [
      'pods of which none knows which it is',
      jobSet({ job: { completionMode: 'NonIndexed' } }),
      `${GROUP}.template.spec.completionMode: each of 2 pods`,
    ],
    ['suspended', jobSet({ spec: { suspend: true } }), 'spec.suspend: '],
    ['another controller', jobSet({ spec: { managedBy: 'x.io/y' } }), 'spec.managedBy: '],
    ['a TTL', jobSet({ spec: { ttlSecondsAfterFinished: 5 } }), 'spec.ttlSecondsAfterFinished: '],
    ['claims of its own', jobSet({ spec: { volumeClaimPolicies: [] } }), 'spec.volumeClaimPolicies: '],
    ['an unknown key', jobSet({ spec: { replicatedJob: [] } }), 'spec.replicatedJob: there is no such key in the spec'],
    ['no network', jobSet({ spec: { network: { enableDNSHostnames: false } } }), 'spec.network.enableDNSHostnames: '],
    ['an odd subdomain', jobSet({ spec: { network: { subdomain: '(a+)+' } } }), 'spec.network.subdomain: '],
    [
      'the success of others',
      jobSet({ spec: { successPolicy: { operator: 'All', targetReplicatedJobs: ['x'] } } }),
      'spec.successPolicy.targetReplicatedJobs: ',
    ],
    [
      'another coordinator',
      jobSet({ spec: { coordinator: { replicatedJob: 'x' } } }),
      'spec.coordinator.replicatedJob: ',
    ],
    [
      'a key of that',
      jobSet({ spec: { coordinator: { replicatedJob: 'workers', rank: 1 } } }),
      'spec.coordinator.rank: ',
    ],
    ['no map', jobSet({ spec: { network: 'x' } }), 'spec.network: write a map'],
    [
      'its name, of which its pods would make others’ names',
      jobSet({ container: { env: [told('SET', 'jobset.sigs.k8s.io/jobset-name')] } }),
      `${POD}.containers.0.env.0.valueFrom.fieldRef.fieldPath: it runs as a Job of its stage’s name`,
    ],
    [
      'a coordinator that it does not have',
      jobSet({ container: { env: [told('A', 'jobset.sigs.k8s.io/coordinator')] } }),
      `${POD}.containers.0.env.0.valueFrom.fieldRef.fieldPath: `,
    ],
    [
      'a coordinator beyond its pods',
      jobSet({
        spec: { coordinator: { replicatedJob: 'workers', podIndex: 7 } },
        container: { env: [told('A', 'jobset.sigs.k8s.io/coordinator')] },
      }),
      `${POD}.containers.0.env.0.valueFrom.fieldRef.fieldPath: `,
    ],
    [
      'labels of its pods in an affinity',
      jobSet({
        pod: {
          affinity: {
            podAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { topologyKey: 'rack', labelSelector: { matchLabels: { 'jobset.sigs.k8s.io/jobset-name': 'llama' } } },
              ],
            },
          },
        },
      }),
      `${POD}.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchLabels.jobset.sigs.k8s.io/jobset-name: `,
    ],
    [
      'a name of no pod of it',
      jobSet({ container: { args: ['llama-workers-0-2.llama'] } }),
      `${POD}.containers.0.args.0: its pods are called otherwise here`,
    ],
    [
      'a name with its namespace, which may be another',
      jobSet({ container: { env: [{ name: 'A', value: 'llama-workers-0-0.llama.ml.svc' }] } }),
      `${POD}.containers.0.env.0.value: its pods are called otherwise here`,
    ],
    [
      'a name in a container that is not told its Job’s',
      jobSet({ pod: { initContainers: [{ name: 'i', image: IMAGE, command: ['ping', 'llama-workers-0-0.llama'] }] } }),
      `${POD}.initContainers.0.command.1: its pods are called otherwise here`,
    ],
    [
      'its own name, of one pod',
      jobSet({ pods: 1, container: { args: ['llama-workers-0-0.llama'] } }),
      `${POD}.containers.0.args.0: it is one pod`,
    ],
    [
      'the disk of its node',
      jobSet({ pod: { volumes: [{ name: 'r', hostPath: { path: '/' } }] } }),
      `${POD}.volumes.0.hostPath: `,
    ],
    ['another account', jobSet({ pod: { serviceAccountName: 'admin' } }), `${POD}.serviceAccountName: `],
    ['an image by tag', jobSet({ container: { image: 'x:1' } }), `${POD}.containers.0.image: `],
    [
      'another version',
      { ...jobSet(), apiVersion: 'jobset.x-k8s.io/v1alpha1' },
      'apiVersion: write jobset.x-k8s.io/v1alpha2',
    ],
    ['no spec', { ...jobSet(), spec: undefined }, 'spec: is missing'],
    ['a map as its Job’s name', jobSet({ group: { name: { toString: 1 } } }), `${GROUP}.name: write a name`],
    [
      'a map as a path',
      jobSet({ container: { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: { toString: 1 } } } }] } }),
      `${POD}`,
    ],
    ['a map as a variable’s name', jobSet({ container: { env: [{ name: { toString: 1 } }] } }), `${POD}`],
    ['a map as a volume’s name', jobSet({ pod: { volumes: [{ name: { toString: 1 } }] } }), `${POD}`],
    [
      'a map as GPUs',
      jobSet({ container: { resources: { limits: { 'nvidia.com/gpu': { toString: 1 } } } } }),
      `${POD}.containers.0.resources.limits.nvidia.com/gpu: write a whole number`,
    ],
  ])('%s', (_, object, said) => {
    const wrongs = wrongsOf(object)
    expect(wrongs).toContainEqual(expect.stringContaining(`.manifest: ${FILE}: ${said}`))
    expect(wrongs.every((line) => line.startsWith('pipelines.tuned.stages.0.manifest: '))).toBe(true)
  })
})

describe('whatever a JobSet of one group says', () => {
  const some = (of: Fields[]) => fc.subarray(of, { maxLength: 2 }).map((all) => Object.assign({}, ...all) as Fields)
  const parts = fc.record({
    pods: fc.integer({ min: 1, max: 3 }),
    container: some([
      { env: [{ name: 'A', value: 'x' }] },
      { env: [{ name: 'GPUS', value: '1' }] },
      { args: ['--x'] },
      { securityContext: { privileged: true } },
      { image: 'x:1' },
      { resources: { limits: { 'nvidia.com/gpu': 4 } } },
    ]),
    pod: some([{ hostPID: true }, { tolerations: [] }, { priority: 1 }, { volumes: [{ name: 'v', emptyDir: {} }] }]),
  })

  it('it is taken where its Job is, and is that then; where that is not, it is refused for the same', () => {
    const taken = new Set<boolean>()
    const asOfJob = (lines: string[]): string[] =>
      lines.map((line) => line.replace('spec.replicatedJobs.0.template.', ''))
    fc.assert(
      fc.property(parts, (said) => {
        const [set, alone] = [jobSet(said), job(said)]
        const wrongs = wrongsOf(set)
        taken.add(wrongs.length === 0)
        expect(asOfJob(wrongs)).toEqual(wrongsOf(alone))
        if (wrongs.length > 0 || said.pods === 1) return
        expect(builtOf(set)).toEqual(builtOf(alone))
      }),
      { numRuns: 200 },
    )
    // It is no test of nothing.
    expect(taken).toEqual(new Set([true, false]))
  })
})
