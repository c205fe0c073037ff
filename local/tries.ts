import { laneOf } from '../core/lane-kinds/kind.ts'
import { pipeline } from '../core/lane-kinds/pipeline.ts'
import { service } from '../core/lane-kinds/service.ts'
import { modelOf, type PipelinePolicy, type Policy, type ServicePolicy } from '../core/policy.ts'
import { nameOfSchedule } from '../core/slots.ts'
import { SIMULATION_FILE } from './cluster/simulation.ts'
import { figuresOfGate, figuresOfStages } from './figures.ts'
import { tourNeeds } from './tour-needs.ts'

/** What a person may try first under a policy: what the samples tell of is the example's alone. */
export interface Tries {
  /** Whether the tour and the samples can be played. */
  samples: boolean
  /** One sentence each, what is typed between backticks: what begins each lane, and what its gates must be told. */
  sentences: string[]
  /** The lane of the first of them, as the policy calls it; null: the policy has nothing that anything could begin. */
  lane: string | null
}

/** What moves each lane under this policy; `data` is what the folder is called whose `buckets` are this machine's. */
export const triesUnder = (policy: Policy, data: string): Tries => {
  // What an upload begins is tried first.
  const pipelines = Object.entries(policy.pipelines).toSorted(([, a], [, b]) => uploads(b) - uploads(a))
  const services = Object.entries(policy.services)
  const lanes = [
    ...pipelines.map(([name]) => laneOf(pipeline, name)),
    ...services.map(([name]) => laneOf(service, name)),
  ]
  const sentences = [
    ...pipelines.flatMap(([name, rule]) => ofPipeline(name, rule, data)),
    ...services.flatMap(([name, rule]) => ofService(name, rule)),
  ]
  return { samples: tourNeeds(policy) === null, sentences, lane: lanes[0] ?? null }
}

const uploads = ({ on }: PipelinePolicy): number => (on.dataset === undefined ? 0 : 1)

const ofPipeline = (name: string, rule: PipelinePolicy, data: string): string[] => {
  const { dataset, version, schedule, hand } = rule.on
  const lane = laneOf(pipeline, name)
  const figures = figuresOfStages(rule)
  if (dataset !== undefined) {
    const { bucket, prefix, manifest } = dataset
    const begins = `Put a dataset, and last its \`${manifest}\`, into the folder \`buckets/${bucket}/${prefix}…\` of ${data}: it begins \`${lane}\`.`
    return [begins, ...figuresText(figures, `\`${manifest}\`, before it`)]
  }
  if (version !== undefined) {
    const { model, tag } = version
    const tagged = tag === undefined ? '' : ` and set its tag \`${tag.key}\` to \`${tag.value}\``
    const begins = `Register a version of \`${model}\` in the registry${tagged}: it begins \`${lane}\`.`
    return [begins, ...figuresText(figures, 'its weights')]
  }
  const by = schedule === undefined ? '' : ` \`${nameOfSchedule(schedule)}\``
  if (hand === false) return [`The schedule${by} begins \`${lane}\`.`]
  return [`Say \`signalbox run ${name}\`: it begins \`${lane}\`${by === '' ? '' : `, as the schedule${by} does`}.`]
}

const ofService = (name: string, rule: ServicePolicy): string[] => [
  `Promote a version of \`${modelOf(name, rule)}\` in the registry: it is planned for \`${laneOf(service, name)}\`.`,
  ...figuresText(figuresOfGate(rule), 'its weights'),
]

/** How a simulated container is told what gates ask; nothing where it says all of it by itself. */
const figuresText = (figures: ReturnType<typeof figuresOfStages>, beside: string): string[] => {
  if (figures === null) return []
  const made = Object.values(figures.tasks ?? {}).flatMap(({ artifacts = [] }) => artifacts)
  const makes = made.length === 0 ? '' : ` and the ${made.join(', ')} is made`
  return [
    `A simulated container measures nothing: so that these gates hold${makes}, put \`${SIMULATION_FILE}\` beside ${beside}: \`${JSON.stringify(figures)}\`.`,
  ]
}
