import { laneOf } from '../core/lane-kinds/kind.ts'
import { pipeline } from '../core/lane-kinds/pipeline.ts'
import { service } from '../core/lane-kinds/service.ts'
import { datasetsIn } from '../core/policy/datasets.ts'
import { nameOfStage } from '../core/policy/stages.ts'
import { modelOf, type PipelinePolicy, type Policy } from '../core/policy.ts'
import { metricsOf } from './cluster/program.ts'
import { SIMULATION_FILE } from './cluster/simulation.ts'
import { tourNeeds } from './tour.ts'

/** What a person may try first under a policy: what the samples tell of is the example's alone. */
export interface Tries {
  /** Whether the tour and the samples can be played. */
  samples: boolean
  /** One sentence each, what is typed between backticks. */
  sentences: string[]
  /** The lane of the first of them, as the policy calls it; null: the policy has nothing that anything could begin. */
  lane: string | null
}

/** What moves a first lane under this policy; `data` is what the folder is called whose `buckets` are this machine's. */
export const triesUnder = (policy: Policy, data: string): Tries => {
  const [fed] = datasetsIn(policy.pipelines)
  const [first] = Object.keys(policy.pipelines)
  const begun = fed?.name ?? first
  const [served] = Object.entries(policy.services)
  const lanes = [begun === undefined ? undefined : laneOf(pipeline, begun), served && laneOf(service, served[0])]
  const sentences = [
    fed && datasetText(fed.dataset, { data, lane: lanes[0] ?? '' }),
    fed && figuresText(fed.rule, fed.dataset),
    fed === undefined && begun !== undefined && `Say \`signalbox run ${begun}\`: it begins \`${lanes[0]}\`.`,
    served && `Promote a version of \`${modelOf(...served)}\` in the registry: it is planned for \`${lanes[1]}\`.`,
  ]
  return {
    samples: tourNeeds(policy) === null,
    sentences: sentences.filter((text) => typeof text === 'string'),
    lane: lanes.find((lane) => lane !== undefined) ?? null,
  }
}

type Fed = NonNullable<PipelinePolicy['on']['dataset']>

const datasetText = ({ bucket, prefix, manifest }: Fed, { data, lane }: { data: string; lane: string }): string =>
  `Put a dataset, and last its \`${manifest}\`, into the folder \`buckets/${bucket}/${prefix}…\` of ${data}: it begins \`${lane}\`.`

/** What gates ask that no simulated container says by itself, and how it is told to; null: nothing. */
const figuresText = ({ stages }: PipelinePolicy, { manifest }: Fed): string | null => {
  const tasks = stages.flatMap((stage) => {
    const task = stage.use ?? nameOfStage(stage)
    const own = stage.gates.filter(({ metric }) => !metricsOf(task).includes(metric))
    const metrics = Object.fromEntries(own.map(({ metric, value }) => [metric, value]))
    return own.length === 0 ? [] : [[task, { metrics }] as const]
  })
  if (tasks.length === 0) return null
  const told = JSON.stringify({ tasks: Object.fromEntries(tasks) })
  return `A simulated container measures nothing: so that these gates hold, put \`${SIMULATION_FILE}\` beside \`${manifest}\`, before it: \`${told}\`.`
}
