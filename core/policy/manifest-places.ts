import { isRecord } from '../record.ts'
import { nameOfStage } from './stages.ts'

/** A stage that brings a file. */
export interface StageWith {
  pipeline: string
  index: number
  stage: Record<string, unknown>
  file: string
}

/** All of them. Total: of what is no config there are none. */
export const stagesWith = (config: unknown): StageWith[] =>
  entriesIn(config, 'pipelines').flatMap(([pipeline, one]) =>
    (isRecord(one) && Array.isArray(one['stages']) ? one['stages'] : []).flatMap((stage: unknown, index) =>
      isRecord(stage) && typeof stage['manifest'] === 'string'
        ? [{ pipeline, index, stage, file: stage['manifest'] }]
        : [],
    ),
  )

const entriesIn = (config: unknown, key: string): [string, unknown][] =>
  isRecord(config) && isRecord(config[key]) ? Object.entries(config[key]) : []

/** The file that was brought, without where in its object the Job lies. */
export const fileOf = (manifest: string): string => manifest.split('#')[0] ?? ''

/** What of a stage a manifest has said. */
const OF_STAGE = /^pipelines\.([^.]+)\.stages\.(\d+)\.(image|command|args|gpus|nodes|pod)(?=[.:]|$)/

/** A problem of the policy, or a place in it, told as one of the manifest that says it; any other as it is. */
export const toldOfManifest = (config: unknown, problem: string): string => {
  const [place = '', pipeline = '', index = '', key = ''] = OF_STAGE.exec(problem) ?? []
  const one = stagesWith(config).find((found) => found.pipeline === pipeline && found.index === Number(index))
  if (place === '' || one === undefined || !isRecord(one.stage['pod'])) return problem
  const containers = one.stage['pod']['containers']
  const own = Array.isArray(containers)
    ? containers.findIndex((each) => isRecord(each) && each['name'] === nameOfStage(one.stage))
    : 0
  const [file, within] = one.file.split('#')
  const job = within === undefined ? 'spec' : `${within}.spec`
  const container = `${job}.template.spec.containers.${own}`
  const at = {
    pod: `${job}.template.spec`,
    nodes: `${job}.completions`,
    gpus: `${container}.resources.limits.nvidia.com/gpu`,
  }[key]
  return `pipelines.${pipeline}.stages.${index}.manifest: ${file}: ${at ?? `${container}.${key}`}${problem.slice(place.length)}`
}
