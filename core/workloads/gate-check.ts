import type { V1Container, V1EnvVar, V1PodSpec } from '@kubernetes/client-node'
import { DO_NOT_DISRUPT, type KubeObject } from '../kube.ts'
import { label, ourLabels, runName, runOnceName } from '../names.ts'
import { gateSeconds } from '../policy/probe.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { GATE_ACCOUNT } from './accounts.ts'
import { questionsEnv } from './asking.ts'
import { withDigest } from './object-digest.ts'
import { fromLabel, literal, POD_NAME_ENV, RESULTS_URI } from './pod-environment.ts'
import { probing, RUNNER } from './runner.ts'
import { runnerSource } from './runner-source.ts'
import { generationUrl, type ServingInput, TASK_LABEL } from './serving.ts'
import { BAD_INPUT_EXIT } from './stage-job.ts'

/** The task of a container that judges a service. */
export const TASK = 'gate-check'

export interface GateCheckInput extends Omit<ServingInput, 'engine'> {
  /** Name of the step that launches it, the end of the Job's name. */
  stepName: string
  policy: Pick<Policy, 'results' | 'runner'>
}

/**
 * A small Job without GPUs, inside the cluster, that asks the new generation's own Service and writes what it measured as
 * `$RESULTS_URI/$POD_NAME/result.json`. A check that could not be made is tried again; a bad answer is a result, not a
 * failure. It has no TTL until its outcome is stored (law 4).
 */
export const gateCheckJob = (input: GateCheckInput): KubeObject<'Job'> => {
  const { identity, run, stepName, service, namespace } = input
  const labels = {
    ...ourLabels(identity, run.lane),
    [label('generation')]: String(run.generation),
    [label('attempt')]: String(run.attempt),
    [label('plan')]: runName(identity, run),
    [TASK_LABEL]: TASK,
  }
  return withDigest({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: runOnceName(identity, run, stepName), namespace, labels },
    spec: {
      completions: 1,
      parallelism: 1,
      backoffLimit: 2,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          ...finalEnds(service.gate).map(({ containerName, values }) => ({
            ...{ action: 'FailJob', onExitCodes: { containerName, operator: 'In', values } },
          })),
        ],
      },
      activeDeadlineSeconds: gateSeconds(service.gate.minutes.p95),
      template: {
        metadata: { labels, annotations: { [DO_NOT_DISRUPT]: 'true' } },
        spec: podSpec(input),
      },
    },
  })
}

/** Ends of the program that no other try of Kubernetes’ mends: those of ours but for a server or S3 that nobody reaches, and a machine’s files. */
const OF_PROBE: readonly number[] = [BAD_INPUT_EXIT, 70, 73, 76, 77, 126, 127]

const finalEnds = ({ image }: ServicePolicy['gate']): { containerName: string; values: number[] }[] =>
  image === undefined
    ? [TASK, RUNNER].map((containerName) => ({ containerName, values: [...OF_PROBE] }))
    : [{ containerName: TASK, values: [BAD_INPUT_EXIT] }]

const podSpec = (input: GateCheckInput): V1PodSpec => {
  const { image } = input.service.gate
  const source = image === undefined ? runnerSource(input.policy) : null
  const spec: V1PodSpec = {
    restartPolicy: 'Never',
    serviceAccountName: GATE_ACCOUNT,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container(input, image ?? source?.image ?? '')],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  }
  return source === null ? spec : probing(spec, { container: TASK, source })
}

/** What it is told to ask beside what every gate is told. */
const questions = ({ image, probe }: ServicePolicy['gate']): V1EnvVar[] =>
  image === undefined && probe !== undefined ? [questionsEnv(probe)] : []

const container = (input: GateCheckInput, image: string): V1Container => ({
  name: TASK,
  image,
  env: [
    { name: 'SIGNALBOX_TASK', value: TASK },
    { name: 'TARGET_URL', value: generationUrl(input) },
    { name: 'SERVED_MODEL', value: literal(input.desired.model) },
    { name: 'INPUT_URI', value: literal(input.desired.source) },
    { name: 'METRICS', value: literal(input.service.gate.checks.map(({ metric }) => metric).join(',')) },
    ...questions(input.service.gate),
    fromLabel('JOB_NAME', 'batch.kubernetes.io/job-name'),
    POD_NAME_ENV,
    {
      name: RESULTS_URI,
      value: literal(`s3://${input.policy.results.bucket}/${input.policy.results.prefix}`.replace(/\/$/, '')),
    },
  ],
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '2Gi' } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
})
