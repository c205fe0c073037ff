import type { V1EnvVar } from '@kubernetes/client-node'
import type { KubeObject } from '../kube.ts'
import type { ResultRow } from '../rows.ts'
import { inputJobLabel, inputModel, inputPin } from './object-digest.ts'
import { fromAnnotation, fromLabel, variableOf } from './pod-environment.ts'

/** Artifacts that later stages are told of, the first that a stage has made: weights; else an adapter to merge; else rows to train on. */
const READ = ['model', 'adapter', 'dataset']

/**
 * What a program is told of the stages that it reads, by their names: `TRAIN_RESULT_URI`, `TRAIN_URI` of what it has made, and
 * `TRAIN_PIN`, which that was when it was read. Known once the Job begins, so none of it is part of its digest.
 */
export const inputEnv = (stages: readonly string[]): V1EnvVar[] =>
  stages.flatMap((stage) => {
    const name = variableOf(stage)
    return [
      fromLabel(`${name}_JOB`, inputJobLabel(stage)),
      { name: `${name}_RESULT_URI`, value: `$(RESULTS_URI)/$(${name}_JOB)/result.json` },
      fromAnnotation(`${name}_URI`, inputModel(stage)),
      fromAnnotation(`${name}_PIN`, inputPin(stage)),
    ]
  })

/**
 * The Job that reads these results, told exactly which: whose folder, which artifact, and what it was. Its digest is the one that
 * was planned and approved, since that leaves out what differs with the attempt.
 */
export const withInputs = (job: KubeObject<'Job'>, rows: readonly ResultRow[]): KubeObject<'Job'> => {
  const template = job.spec?.template
  const read = rows.filter(({ made }) => made !== null)
  if (read.length === 0 || job.spec === undefined || template === undefined) return job
  const { labels = {}, annotations = {} } = template.metadata ?? {}
  const told = Object.fromEntries(
    read.flatMap(({ step, values, pins }) => {
      const name = READ.find((one) => typeof values[one] === 'string') ?? ''
      return [
        [inputModel(step), String(values[name] ?? '')],
        [inputPin(step), pins?.[name] ?? ''],
      ]
    }),
  )
  const folders = Object.fromEntries(
    read
      .filter(({ step }) => inputJobLabel(step) in labels)
      .map(({ step, made }) => [inputJobLabel(step), made?.result.key.split('/').at(-2) ?? '']),
  )
  const metadata = { ...template.metadata, labels: { ...labels, ...folders }, annotations: { ...annotations, ...told } }
  return { ...job, spec: { ...job.spec, template: { ...template, metadata } } }
}
