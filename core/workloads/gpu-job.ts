import type { V1Container, V1EnvVar, V1PodTemplateSpec } from '@kubernetes/client-node'
import type { TrainDesired } from '../desired.ts'
import { GPU, type KubeObject, QUEUE_LABEL } from '../kube.ts'
import { type Identity, label, ourLabels, type RunKey, runName, runOnceName } from '../names.ts'
import type { DatasetPolicy, Policy } from '../policy.ts'
import { TRAINING_ACCOUNT } from './accounts.ts'
import { withDigest } from './object-digest.ts'
import { POD_NAME_ENV } from './pod-environment.ts'

/** The label that Kubernetes puts on a Job's pods: how a pod learns the name of its Job. */
const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name'

/** A program exits with this when its data or settings are wrong: trying again cannot help. */
export const BAD_INPUT_EXIT = 42

/** What the Jobs of a training lane are built from. */
export interface TrainingInput {
  identity: Identity
  run: RunKey
  desired: TrainDesired
  dataset: DatasetPolicy
  policy: Pick<Policy, 'namespaces' | 'results' | 'pools'>
}

interface GpuTask {
  /** Name of the step that launches it, part of the Job's name. */
  step: string
  /** What the program is told to do, and the name of its container. */
  task: 'fine-tuning' | 'evaluation'
  uses: { image: string; pool: string; gpus: number; hours: { p95: number } }
  command?: string[]
  args?: string[]
  env: V1EnvVar[]
  podLabels?: Record<string, string>
}

/**
 * A run-once Job on the GPUs of one node. It is never retried by Kubernetes: a pod that a disruption took is replaced, and
 * every other try is an attempt of ours, planned and priced. It has no TTL until its outcome is stored (law 4), and
 * nothing in it names the attempt but its name and labels, so that its digest is the same for every attempt.
 */
export const gpuJob = (input: TrainingInput, task: GpuTask): KubeObject<'Job'> => {
  const labels = attemptLabels(input)
  const queued = queuedIn(input.policy.pools[task.uses.pool]?.queue)
  return withDigest({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: runOnceName(input.identity, input.run, task.step),
      namespace: input.policy.namespaces.training,
      labels: { ...labels, ...queued.labels },
    },
    spec: {
      ...queued.spec,
      completions: 1,
      parallelism: 1,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailJob', onExitCodes: { containerName: task.task, operator: 'In', values: [BAD_INPUT_EXIT] } },
        ],
      },
      activeDeadlineSeconds: Math.ceil(task.uses.hours.p95 * 3 * 3600),
      template: podTemplate(input, task, { ...labels, ...task.podLabels }),
    },
  })
}

/** In a pool that Kueue owns a Job begins suspended, and Kueue lifts that in its own time: its deadline counts from then. */
const queuedIn = (queue: string | undefined): { labels: Record<string, string>; spec: { suspend?: true } } =>
  queue === undefined ? { labels: {}, spec: {} } : { labels: { [QUEUE_LABEL]: queue }, spec: { suspend: true } }

const attemptLabels = ({ identity, run }: TrainingInput): Record<string, string> => ({
  ...ourLabels(identity, run.lane),
  [label('generation')]: String(run.generation),
  [label('attempt')]: String(run.attempt),
  [label('plan')]: runName(identity, run),
})

const podTemplate = (input: TrainingInput, task: GpuTask, labels: Record<string, string>): V1PodTemplateSpec => ({
  metadata: { labels, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } },
  spec: {
    restartPolicy: 'Never',
    serviceAccountName: TRAINING_ACCOUNT,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 120,
    nodeSelector: { 'karpenter.sh/nodepool': task.uses.pool },
    tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container(input, task)],
    volumes: [{ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: `${task.uses.gpus * 8}Gi` } }],
  },
})

/** CPU and memory are asked for per GPU so that the smallest GPU instances fit; neither is limited, GPUs are exact. */
const container = (input: TrainingInput, { task, uses, command, args, env }: GpuTask): V1Container => ({
  name: task,
  image: uses.image,
  ...(command === undefined ? {} : { command }),
  ...(args === undefined || args.length === 0 ? {} : { args }),
  env: [...taskEnv(input, task), ...env],
  resources: {
    requests: { cpu: String(uses.gpus * 3), memory: `${uses.gpus * 12}Gi`, [GPU]: String(uses.gpus) },
    limits: { [GPU]: String(uses.gpus) },
  },
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  volumeMounts: [{ name: 'shared-memory', mountPath: '/dev/shm' }],
})

/** What both programs are told. They write `$RESULTS_URI/$POD_NAME/result.json`, last. */
const taskEnv = ({ desired, dataset, policy }: TrainingInput, task: GpuTask['task']): V1EnvVar[] => {
  const folder = desired.key.slice(0, desired.key.lastIndexOf('/') + 1)
  return [
    { name: 'SIGNALBOX_TASK', value: task },
    { name: 'BASE_MODEL', value: literal(dataset.launch.baseModel) },
    { name: 'INPUT_URI', value: literal(`s3://${desired.bucket}/${folder}`) },
    { name: 'INPUT_MANIFEST', value: literal(desired.key.slice(folder.length)) },
    { name: 'INPUT_SHA256', value: desired.version },
    fromLabel('JOB_NAME', JOB_NAME_LABEL),
    POD_NAME_ENV,
    { name: 'RESULTS_URI', value: literal(resultsUri(policy)) },
    { name: 'PYTORCH_CUDA_ALLOC_CONF', value: 'expandable_segments:True' },
  ]
}

/** An environment variable that says what a label of the pod says: so that its value stays out of the digest. */
export const fromLabel = (name: string, key: string): V1EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath: `metadata.labels['${key}']` } },
})

const resultsUri = ({ results }: Pick<Policy, 'results'>): string =>
  `s3://${results.bucket}/${results.prefix}`.replace(/\/$/, '')

/** Kubernetes expands `$(NAME)` in values and reads `$$` as `$`: a key of a bucket must stay as it is. */
const literal = (value: string): string => value.replaceAll('$', () => '$$')
