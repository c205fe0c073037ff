import type { V1EnvVar } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import { label } from '../names.ts'
import type { ResultRow } from '../rows.ts'
import { INPUT_JOB_LABEL } from './object-digest.ts'
import { fromAnnotation } from './pod-environment.ts'

/** On a pod: where the `model` artifact lies that it reads, and what that was when its result was read. */
const [MODEL, PIN] = [label('input-model'), label('input-pin')]

/** What a program that reads an artifact is told of it: known once the Job begins, so it is no part of its digest. */
export const INPUT_MODEL_ENV: V1EnvVar[] = [fromAnnotation('ADAPTER_URI', MODEL), fromAnnotation('ADAPTER_PIN', PIN)]

/**
 * The Job that reads these results, told exactly which: whose folder, which artifact, and what it was. Its digest is the one that
 * was planned and approved, since that leaves out what differs with the attempt.
 */
export const withInputs = (job: KubeObject<'Job'>, rows: readonly ResultRow[]): KubeObject<'Job'> => {
  const [row] = rows
  const template = job.spec?.template
  if (row === undefined || row.made === null || job.spec === undefined || template === undefined) return job
  const { labels = {}, annotations = {} } = template.metadata ?? {}
  const folder = row.made.result.key.split('/').at(-2) ?? ''
  const { model } = row.values
  const told = { [MODEL]: typeof model === 'string' ? model : '', [PIN]: row.pins?.['model'] ?? '' }
  const metadata = {
    ...template.metadata,
    labels: INPUT_JOB_LABEL in labels ? { ...labels, [INPUT_JOB_LABEL]: folder } : labels,
    annotations: { ...annotations, ...told },
  }
  return { ...job, spec: { ...job.spec, template: { ...template, metadata } } }
}
