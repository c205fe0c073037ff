import type { V1Container, V1EnvVar, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node'
import { datasetIn, type TrainDesired } from '../desired.ts'
import { DO_NOT_DISRUPT, GPU, type KubeObject, NODE_POOL, QUEUE_LABEL } from '../kube.ts'
import { type Identity, label, laneLabels, ourLabels, type RunKey, runName, runOnceName } from '../names.ts'
import { sliceOf } from '../policy/sharing.ts'
import { nameOfStage, nodesOfStage } from '../policy/stages.ts'
import type { Policy, StagePolicy } from '../policy.ts'
import { TRAINING_ACCOUNT } from './accounts.ts'
import { graceOfStage } from './draining.ts'
import { inputEnv } from './inputs.ts'
import { inputJobLabel, withDigest } from './object-digest.ts'
import { efaEnv, gangEnv, gangSpec, inOneZone, JOB_NAME_LABEL, withEfa } from './over-nodes.ts'
import { fromLabel, literal, POD_NAME_ENV, RESULTS_URI } from './pod-environment.ts'
import { patched } from './pod-patch.ts'
import { type PodRoom, SCRATCH, stageRoom } from './pod-room.ts'
import type { Preset } from './presets.ts'
import { RUNNER, RUNNER_CODES } from './runner.ts'
import { runnerSource } from './runner-source.ts'
import { stagePods } from './stage-revisions.ts'
import { aloneOnNode, ON_WHOLE_NODE } from './whole-node.ts'

/** A program exits with this when its data or settings are wrong: trying again cannot help. */
export const BAD_INPUT_EXIT = 42

/** What the Jobs of a pipeline are built from. */
export interface StageInput {
  identity: Identity
  run: RunKey
  desired: TrainDesired
  policy: Pick<Policy, 'namespaces' | 'results' | 'pools' | 'runner'>
  stage: StagePolicy
  /** Null: it uses none. */
  preset: Preset | null
  /** The model that is begun from: the stage's own, or that of a stage before it. */
  model: string | null
  /** Names of the Jobs whose results it reads, by their stages: of an earlier attempt where that is carried over. */
  reads: Readonly<Record<string, string>>
}

/**
 * A run-once Job on the GPUs of one node, or of several at once: a gang; or on a whole node without any. It is never retried by Kubernetes: a pod that a disruption took is replaced, where it
 * is the only one, and every other try is an attempt of ours, planned and priced: of a gang the others would wait for the one that was lost. It has no TTL until its outcome is stored (law 4), and
 * nothing in it names the attempt but its name and labels, so that its digest is the same for every attempt.
 */
export const stageJob = (input: StageInput): KubeObject<'Job'> => {
  const { stage, policy } = input
  const name = nameOfStage(stage)
  const labels = attemptLabels(input)
  const queued = queuedIn(policy.pools[stage.pool]?.queue)
  const reads = Object.entries(input.reads).map(([read, job]) => [inputJobLabel(read), job])
  return withDigest({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: runOnceName(input.identity, input.run, name),
      namespace: policy.namespaces.training,
      labels: { ...labels, ...queued.labels },
    },
    spec: {
      ...queued.spec,
      ...gangSpec(nodesOfStage(stage)),
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          {
            action: nodesOfStage(stage) > 1 ? 'FailJob' : 'Ignore',
            onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
          },
          ...finalEnds(stage).map(({ containerName, values }) => ({
            action: 'FailJob',
            onExitCodes: { containerName, operator: 'In', values },
          })),
        ],
      },
      activeDeadlineSeconds: Math.ceil(endedAfter(stage.hours) * 3600),
      template: podTemplate(input, { ...labels, ...Object.fromEntries(reads) }),
    },
  })
}

/** Hours after which the Job of a stage is ended by Kubernetes, whatever it is at: three times what it takes in the bad case. */
export const endedAfter = ({ p95 }: StagePolicy['hours']): number => p95 * 3

/** By which ends a Job says itself how its program ended: that is then known of pods that nobody sees any more, too. */
const finalEnds = (stage: StagePolicy): { containerName: string; values: number[] }[] => {
  const containerName = nameOfStage(stage)
  return stage.runner === undefined
    ? [{ containerName, values: [BAD_INPUT_EXIT] }]
    : [containerName, RUNNER].map((one) => ({ containerName: one, values: [...RUNNER_CODES] }))
}

/** In a pool that Kueue owns a Job begins suspended, and Kueue lifts that in its own time: its deadline counts from then. */
const queuedIn = (queue: string | undefined): { labels: Record<string, string>; spec: { suspend?: true } } =>
  queue === undefined ? { labels: {}, spec: {} } : { labels: { [QUEUE_LABEL]: queue }, spec: { suspend: true } }

const attemptLabels = ({ identity, run }: StageInput): Record<string, string> => ({
  ...ourLabels(identity, run.lane),
  [label('generation')]: String(run.generation),
  [label('attempt')]: String(run.attempt),
  [label('plan')]: runName(identity, run),
})

const podTemplate = (input: StageInput, labels: Record<string, string>): V1PodTemplateSpec => ({
  metadata: { labels, ...(isHeld(input) ? { annotations: { [DO_NOT_DISRUPT]: 'true' } } : {}) },
  spec: behindRunner(input, placed(input, patched(podSpec(input), input.stage.pod))),
})

const placed = (input: StageInput, spec: V1PodSpec): V1PodSpec =>
  input.stage.gpus === 0 ? aloneOnNode(spec) : inOneZone(spec, efaOf(input), laneLabels(input.identity, input.run.lane))

/** After what the policy patches, so that its grace is told, and its patch cannot change what goes before its program. */
const behindRunner = ({ stage, desired, policy }: StageInput, spec: V1PodSpec): V1PodSpec => {
  if (stage.runner === undefined) return spec
  const container = nameOfStage(stage)
  const told = { stage: container, inputs: stage.runner.inputs }
  return stagePods(desired.pods).wrapped(spec, { container, source: runnerSource(policy), told })
}

const isHeld = ({ desired, policy, stage }: StageInput): boolean =>
  stagePods(desired.pods).heldIn(policy.pools[stage.pool])

const podSpec = (input: StageInput): V1PodSpec => ({
  ...meetingIn(input),
  restartPolicy: 'Never',
  serviceAccountName: TRAINING_ACCOUNT,
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: graceOfStage(input.stage),
  nodeSelector: { [NODE_POOL]: input.stage.pool },
  tolerations: [input.stage.gpus === 0 ? ON_WHOLE_NODE : { key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
  securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container(input)],
  volumes: roomOf(input).volumes,
})

/** Where its pods find each other: called as their Job, so that nobody else's are there. */
const meetingIn = ({ stage, identity, run }: StageInput): Pick<V1PodSpec, 'subdomain'> =>
  nodesOfStage(stage) > 1 ? { subdomain: runOnceName(identity, run, nameOfStage(stage)) } : {}

/** EFA interfaces that each of its pods asks for; undefined: none. */
const efaOf = ({ stage, policy }: StageInput): number | undefined =>
  nodesOfStage(stage) > 1 ? policy.pools[stage.pool]?.efa : undefined

const roomOf = ({ desired, policy, stage: { gpus, pod, ...stage } }: StageInput): PodRoom => {
  const pool = policy.pools[stage.pool]
  const slice = pool === undefined ? null : sliceOf(pool)
  const isLent = pool?.queue !== undefined
  return stageRoom({ gpus, pod, isLent, slice, container: nameOfStage(stage) }, stagePods(desired.pods).disk)
}

const container = (input: StageInput): V1Container => {
  const { stage, preset } = input
  const { resources, volumeMounts } = roomOf(input)
  const ofPreset = nodesOfStage(stage) > 1 ? (preset?.overNodes ?? preset?.command) : preset?.command
  const command = stage.command ?? ofPreset ?? null
  return {
    name: nameOfStage(stage),
    image: stage.image,
    ...(command === null ? {} : { command: [...command] }),
    ...(stage.args.length === 0 ? {} : { args: stage.args }),
    env: environment(input),
    resources: withEfa(resources, efaOf(input)),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts,
  }
}

/** Ours first, which later ones may name as `$(NAME)`; then the preset's, and what the stage itself says by name, which wins. */
const environment = (input: StageInput): V1EnvVar[] => {
  const { stage, preset } = input
  const secrets = byName(stage.secrets).map(
    ([name, { secret, key }]): V1EnvVar => ({ name, valueFrom: { secretKeyRef: { name: secret, key } } }),
  )
  const all = [
    ...ourEnv(input),
    ...gangEnv(nodesOfStage(stage)),
    ...efaEnv(efaOf(input)),
    ...inputEnv(Object.keys(input.reads)),
    ...plainEnv(preset?.env ?? {}),
    ...plainEnv(stage.env),
    ...secrets,
  ]
  return [...new Map(all.map((one) => [one.name, one])).values()]
}

const plainEnv = (env: Readonly<Record<string, string>>): V1EnvVar[] =>
  byName(env).map(([name, value]) => ({ name, value }))

/** In one order, whatever the order they were written in. */
const byName = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))

/** What every stage is told, by names that core/policy/ours.ts keeps. Its pod writes `$RESULTS_URI/$POD_NAME/result.json`, last. */
const ourEnv = ({ desired, policy, stage, model }: StageInput): V1EnvVar[] => {
  return [
    { name: 'SIGNALBOX_TASK', value: stage.use ?? nameOfStage(stage) },
    ...(model === null ? [] : [{ name: 'BASE_MODEL', value: literal(model) }]),
    { name: 'GPUS', value: String(stage.gpus) },
    ...datasetEnv(desired),
    ...weightsEnv(desired),
    fromLabel('JOB_NAME', JOB_NAME_LABEL),
    POD_NAME_ENV,
    { name: RESULTS_URI, value: literal(resultsUri(policy)) },
    ...(stagePods(desired.pods).disk === null ? [] : [{ name: 'SIGNALBOX_SCRATCH', value: SCRATCH }]),
  ]
}

/** Where the dataset lies that it runs on; of a run on none nothing is said. */
const datasetEnv = (desired: TrainDesired): V1EnvVar[] => {
  const on = datasetIn(desired)
  if (on === null) return []
  const folder = on.key.slice(0, on.key.lastIndexOf('/') + 1)
  return [
    { name: 'INPUT_URI', value: literal(`s3://${on.bucket}/${folder}`) },
    { name: 'INPUT_MANIFEST', value: literal(on.key.slice(folder.length)) },
    { name: 'INPUT_SHA256', value: on.version },
  ]
}

/** Which version of a model it runs on; of a run on none nothing is said. */
const weightsEnv = ({ weights }: TrainDesired): V1EnvVar[] =>
  weights === undefined
    ? []
    : [
        { name: 'INPUT_MODEL', value: literal(weights.model) },
        { name: 'INPUT_MODEL_VERSION', value: weights.version },
        { name: 'INPUT_MODEL_URI', value: literal(weights.source) },
        ...(weights.pin === undefined ? [] : [{ name: 'INPUT_MODEL_PIN', value: literal(weights.pin) }]),
      ]

const resultsUri = ({ results }: Pick<Policy, 'results'>): string =>
  `s3://${results.bucket}/${results.prefix}`.replace(/\/$/, '')
