import type { V1Container } from '@kubernetes/client-node'
import { DO_NOT_DISRUPT, type KubeObject } from '../kube.ts'
import { label, ourLabels, runName, runOnceName } from '../names.ts'
import type { Policy } from '../policy.ts'
import { GATE_ACCOUNT } from './accounts.ts'
import { withDigest } from './object-digest.ts'
import { fromLabel, literal, POD_NAME_ENV, RESULTS_URI } from './pod-environment.ts'
import { generationUrl, type ServingInput, TASK_LABEL } from './serving.ts'
import { BAD_INPUT_EXIT } from './stage-job.ts'

/** The task of a container that judges a service. */
export const TASK = 'gate-check'

export interface GateCheckInput extends Omit<ServingInput, 'engine'> {
  /** Name of the step that launches it, the end of the Job's name. */
  stepName: string
  results: Policy['results']
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
          { action: 'FailJob', onExitCodes: { containerName: TASK, operator: 'In', values: [BAD_INPUT_EXIT] } },
        ],
      },
      activeDeadlineSeconds: Math.ceil(service.gate.minutes.p95 * 3 * 60),
      template: {
        metadata: { labels, annotations: { [DO_NOT_DISRUPT]: 'true' } },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: GATE_ACCOUNT,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [container(input)],
          volumes: [{ name: 'tmp', emptyDir: {} }],
        },
      },
    },
  })
}

const container = (input: GateCheckInput): V1Container => ({
  name: TASK,
  image: input.service.gate.image,
  env: [
    { name: 'SIGNALBOX_TASK', value: TASK },
    { name: 'TARGET_URL', value: generationUrl(input) },
    { name: 'SERVED_MODEL', value: literal(input.desired.model) },
    { name: 'INPUT_URI', value: literal(input.desired.source) },
    { name: 'METRICS', value: literal(input.service.gate.checks.map(({ metric }) => metric).join(',')) },
    fromLabel('JOB_NAME', 'batch.kubernetes.io/job-name'),
    POD_NAME_ENV,
    { name: RESULTS_URI, value: literal(`s3://${input.results.bucket}/${input.results.prefix}`.replace(/\/$/, '')) },
  ],
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '2Gi' } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
})
