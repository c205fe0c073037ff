import { FETCHED, FETCHER, WEIGHTS_VOLUME } from '../workloads/fetching.ts'
import { newest } from '../workloads/presets.ts'
import { RUNNER, RUNNER_FOLDER, whyNotWrapped } from '../workloads/runner.ts'
import type { Wrong } from './ours.ts'
import type { PodPatch } from './pod.ts'
import { shown } from './shown.ts'
import { nameOfStage, readsOf } from './stages.ts'

/** What of a policy says which stages `signalbox-run` goes before. */
interface Wrapping {
  runner?: { prefix?: string | undefined; sha256?: object | undefined } | undefined
  results: { prefix: string }
  pipelines: Readonly<
    Record<string, { on: { dataset?: object | undefined; version?: object | undefined }; stages: readonly Wrapped[] }>
  >
  services: Readonly<Record<string, { gate: { image?: string | undefined } }>>
}
type Wrapped = Parameters<typeof readsOf>[0][number] & {
  use?: Parameters<typeof newest>[0] | undefined
  model?: string | undefined
  command?: string[] | undefined
  runner?: { inputs: readonly string[] } | undefined
}

/** Where the programs lie in the bucket of results unless the policy says. */
export const RUNNER_PREFIX = 'signalbox-run/'

/** What keeps `signalbox-run` from going before stages, or from asking what serves, as it is said: it would be known once their GPUs are paid for. */
export const runnerProblems = (value: Wrapping): (Wrong & { path: string[] })[] => [
  ...amongWritten(value),
  ...Object.entries(value.services).flatMap(([name, { gate }]) =>
    gate.image === undefined && value.runner === undefined
      ? [{ path: ['services', name, 'gate', 'image'], message: NO_PROBE }]
      : [],
  ),
  ...Object.entries(value.pipelines).flatMap(([name, pipeline]) =>
    pipeline.stages.flatMap((stage, index) =>
      (stage.runner === undefined ? bareWrongs(stage) : stageWrongs(value, pipeline, index)).map(
        ({ path, message }) => ({ path: ['pipelines', name, 'stages', String(index), ...path], message }),
      ),
    ),
  ),
]

const NO_PROBE =
  'is missing: name what asks the new generation; or say `runner: { image }` of the whole config, and `signalbox-run probe` does'

/** Pods could write where it is fetched from; its digest would keep it from running, and every stage from beginning. */
const amongWritten = ({ runner, results }: Wrapping): { path: string[]; message: string }[] => {
  const { sha256, prefix = RUNNER_PREFIX } = runner ?? {}
  if (sha256 === undefined || !prefix.startsWith(results.prefix)) return []
  const message = `found ${shown(prefix)}, and pods write below \`results.prefix\`, ${shown(results.prefix)}: name a folder beside it`
  return [{ path: ['runner', 'prefix'], message }]
}

/** A preset’s command would find no folder that it reads; a command of the stage’s own is anybody’s. */
const bareWrongs = ({ use, command }: Wrapped): { path: string[]; message: string }[] => {
  if (use === undefined || command !== undefined || newest(use).needsRunner !== true) return []
  const message = `is missing: what \`${use}\` runs reads and writes the folders of \`signalbox-run\`: say \`runner: { inputs: […] }\`, with what it reads, or a \`command\` of yours`
  return [{ path: ['runner'], message }]
}

const stageWrongs = (
  { runner }: Wrapping,
  pipeline: Wrapping['pipelines'][string],
  index: number,
): { path: string[]; message: string }[] => {
  const stage = pipeline.stages[index]
  if (stage === undefined) return []
  const command = stage.command ?? (stage.use === undefined ? undefined : [...(newest(stage.use).command ?? [])])
  const why = whyNotWrapped({ ...(command === undefined ? {} : { command }) })
  return [
    ...(runner === undefined
      ? [
          {
            path: ['runner'],
            message: 'nobody knows where the program comes from: say `runner: { image }` of the whole config',
          },
        ]
      : []),
    ...(why === null ? [] : [{ path: ['command'], message: why }]),
    ...(stage.runner?.inputs ?? []).flatMap((input, at) => {
      const message = whyNotFetched(input, pipeline, index)
      return message === null ? [] : [{ path: ['runner', 'inputs', String(at)], message }]
    }),
  ]
}

/** Why this is nothing that could be brought into a stage's pod; null: it is. */
const whyNotFetched = (input: string, { on, stages }: Wrapping['pipelines'][string], index: number): string | null => {
  const reads = readsOf(stages)[index] ?? []
  if (Object.hasOwn(NOT_OF_STAGES, input) && reads.includes(input))
    return `${NOT_OF_STAGES[input]} is meant by that here, and a stage is called so: give the stage another name`
  if (input === 'dataset')
    return on.dataset === undefined ? 'it runs on no dataset: leave it out, or say `on.dataset`' : null
  if (input === 'model') return whyNoModel(stages.slice(0, index + 1), on)
  if (reads.includes(input)) return null
  return stages.slice(0, index).some((one) => nameOfStage(one) === input)
    ? `it does not read \`${input}\`: name that in \`inputs\` of the stage too`
    : `found ${shown(input)}: it is one of ${['dataset', 'model', ...reads].join(', ')}`
}

const NOT_OF_STAGES: Readonly<Record<string, string>> = { dataset: 'the dataset', model: 'the model' }

/** It fetches from S3 alone; where a version lies that the pipeline runs on is known once there is one. */
const whyNoModel = (earlier: readonly Wrapped[], { version }: Wrapping['pipelines'][string]['on']): string | null => {
  const model = earlier.findLast((one) => one.model !== undefined)?.model
  if (model === undefined)
    return version === undefined
      ? 'no stage up to this one says a `model`, and it runs on no version of one: leave it out, say one, or say `on.version`'
      : null
  return model.startsWith('s3://')
    ? null
    : `it is fetched from S3 alone, and the model is ${shown(model)}: leave it out, and the program loads it; or copy it, and say \`model: 's3://…'\``
}

/** Containers and volumes that bring the program, and files by it. */
const OF_RUNNER: ReadonlySet<string> = new Set([RUNNER, FETCHER, WEIGHTS_VOLUME])

/** Where in a pod of a stage, and of a service, its files lie. */
export const PLACES = { stages: [RUNNER_FOLDER, `${RUNNER_FOLDER}/bin`], services: [FETCHED] }

/** What of a patch would stand where `signalbox-run` and what it brings do. `own`: the container that has it. */
export const inPlaceOfRunner = (
  patch: PodPatch,
  { own, places }: { own: string; places: readonly string[] },
): Wrong[] => [
  ...(['initContainers', 'containers', 'volumes'] as const).flatMap((list) =>
    (patch[list] ?? []).flatMap((one, index) =>
      OF_RUNNER.has(one?.name ?? '')
        ? [{ path: [list, index, 'name'], message: `\`${one?.name}\` is ours here: use another name` }]
        : [],
    ),
  ),
  ...(patch.containers ?? []).flatMap((one, index) =>
    one?.name !== own
      ? []
      : (one.volumeMounts ?? []).flatMap((mount, at) =>
          places.includes((mount?.mountPath ?? '').replace(/\/+$/, ''))
            ? [
                {
                  path: ['containers', index, 'volumeMounts', at, 'mountPath'],
                  message: `\`signalbox-run\` lies there: mount it below, at ${RUNNER_FOLDER}/checkpoints or ${RUNNER_FOLDER}/in/NAME, or elsewhere`,
                },
              ]
            : [],
        ),
  ),
]
