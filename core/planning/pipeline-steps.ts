import { datasetIn, type Requester, requesterIn, type TrainDesired } from '../desired.ts'
import type { PlanInput } from '../lane-kinds/kind.ts'
import { label } from '../names.ts'
import { occasionOf } from '../occasions/catalogue.ts'
import { versionAt } from '../occasions/version.ts'
import type { LaunchJobStep, Step } from '../plan.ts'
import { registeredStage } from '../policy/pipelines.ts'
import { modelToldTo, nameOfStage, readsOf } from '../policy/stages.ts'
import type { PipelinePolicy, StagePolicy } from '../policy.ts'
import { jobKeys, type Keys, keptAs } from '../steps/keys.ts'
import { ADAPTER, BASE, REQUESTED_BY, WEIGHTS } from '../steps/register-model.ts'
import { type Preset, type Presets, presetOf } from '../workloads/presets.ts'
import { stageJob } from '../workloads/stage-job.ts'
import { type UseOrNone, usedText } from './pipeline-price.ts'
import { weightsTags } from './pipeline-weights.ts'

export type PipelineInput = Omit<PlanInput<TrainDesired>, 'baseline' | 'within'>

/** What the steps of one plan are made from. */
export interface Made {
  input: PipelineInput
  pipeline: PipelinePolicy
  uses: UseOrNone[]
  presets: Presets
}

/** The steps of a pipeline: its stages, each judged where it has gates, what is registered, and a word. */
export const stepsOf = (made: Made): Step[] => {
  const { pipeline, input } = made
  const launches = new Map(launchSteps(made).map((step) => [step.name, step]))
  const work = pipeline.stages.flatMap((stage): Step[] => {
    const launch = launches.get(nameOfStage(stage))
    return launch === undefined ? [] : stage.gates.length === 0 ? [launch] : [launch, judgeStep(stage)]
  })
  return [...work, ...registerSteps(made), notifyStep(pipeline, input.desired)]
}

const judgeStep = (stage: StagePolicy): Step => ({
  kind: 'check-gate',
  name: `judge-${nameOfStage(stage)}`,
  title: `Judge ${stage.gates.map(({ metric, op, value }) => `${metric} ${op} ${value}`).join(', ')}`,
  why: 'a missing or worse number ends it here',
  of: nameOfStage(stage),
  gates: stage.gates,
})

const registerSteps = ({ pipeline, input }: Made): Step[] => {
  const [{ register }, of] = [pipeline, registeredStage(pipeline)]
  if (register === undefined || of === null) return []
  const workspace = input.policy.registry?.workspace ?? null
  const where = workspace === null ? '' : `, in the workspace ${workspace}`
  return [
    {
      kind: 'register-model',
      name: 'register',
      title: `Register ${register.artifact === undefined ? 'what' : 'the adapter that'} ${of} made as a new version of ${register.model}${where}`,
      why: 'a version can be promoted, a file cannot',
      model: register.model,
      workspace,
      of,
      tags: { ...tagsOf(input.desired), ...trainedOn(pipeline, of) },
    },
  ]
}

/** That it is an adapter, and of what: the model that its stage was told to begin from. */
const trainedOn = ({ register, stages }: PipelinePolicy, of: string): Record<string, string> =>
  register?.artifact === undefined ? {} : { [WEIGHTS]: ADAPTER, [BASE]: modelToldTo(stages, of) ?? '' }

const notifyStep = ({ register }: PipelinePolicy, desired: TrainDesired): Step => ({
  kind: 'notify',
  name: 'notify',
  title: 'Tell the channel',
  why: register === undefined ? 'what it made is there' : 'promoting it is for a person to decide',
  ...(register === undefined
    ? { text: `every stage is done on ${shortName(desired)}` }
    : {
        text: `${register.model} has a new version, made from ${shortName(desired)}`,
        kept: `${register.model} has a version that was made from ${shortName(desired)}`,
      }),
})

const tagsOf = ({ dataset, version, requester, ...desired }: TrainDesired): Record<string, string> => ({
  [label('dataset')]: dataset,
  ...weightsTags(desired),
  ...(version === '' ? {} : { [label('dataset-version')]: version }),
  ...(requester === null ? {} : { [REQUESTED_BY]: requester }),
})

/** What of each stage is known once its Job is made: the step's keys, whether it is carried over, and the Job that leaves what others read. */
interface Launched {
  step: LaunchJobStep
  keys: Keys
  isCarried: boolean
  job: string
}

/** A Job a stage, in order. An attempt that carries a stage over reads what the earlier attempt's Job made. */
const launchSteps = (made: Made): LaunchJobStep[] => {
  const { pipeline, uses } = made
  const done = new Map<string, Launched>()
  for (const [index, stage] of pipeline.stages.entries()) {
    const use = uses[index]
    if (use !== undefined) done.set(use.stage, launch(made, { stage, use, index, done }))
  }
  return [...done.values()].map(({ step }) => step)
}

const launch = (
  made: Made,
  {
    stage,
    use,
    index,
    done,
  }: { stage: StagePolicy; use: UseOrNone; index: number; done: ReadonlyMap<string, Launched> },
): Launched => {
  const {
    input,
    pipeline: { stages },
  } = made
  const { desired, policy, kept } = input
  const preset = presetFor(made, stage)
  const reads = readsOf(stages)[index] ?? []
  const read = reads.flatMap((name) => done.get(name) ?? [])
  const job = stageJob({
    ...input,
    stage,
    preset,
    model: modelToldTo(stages, nameOfStage(stage)),
    reads: Object.fromEntries(read.map(({ step, job: name }) => [step.name, name])),
  })
  const keys = jobKeys(
    job,
    read.map((one) => one.keys),
  )
  const step: LaunchJobStep = {
    kind: 'launch-job',
    name: use.stage,
    title: `${wordsOf(stage, preset)} on ${usedText(use)} of ${use.poolName}`,
    why: read.length === 0 ? firstWhy(desired) : `it reads what ${reads.join(', ')} made`,
    job,
    results: policy.results,
    pool: use.poolName,
    gpus: use.gpus,
    perHour: 'why' in use ? 0 : use.rate.p95,
    reads,
    keeps: true,
  }
  const row = read.every(({ isCarried }) => isCarried) ? keptAs(kept, keys) : undefined
  return { step, keys, isCarried: row !== undefined, job: row?.made?.ref.name ?? job.metadata.name }
}

/** The preset that a stage uses, in the revision that the lane was made with; null: none. */
export const presetFor = ({ input: { desired }, presets }: Made, { use }: StagePolicy): Preset | null => {
  if (use === undefined) return null
  return presetOf(use, desired.presets === undefined ? 1 : desired.presets[use], presets)
}

/** `Fine-tune meta-llama/…`, `Evaluate`, or `Run merge`. */
export const wordsOf = (stage: StagePolicy, preset: Preset | null): string => {
  const title = preset?.title ?? `Run ${nameOfStage(stage)}`
  return stage.model === undefined ? title : `${title} ${stage.model}`
}

/** Why a stage may begin that reads no other. */
const firstWhy = (desired: TrainDesired): string =>
  desired.weights !== undefined
    ? `${shortName(desired)} is registered`
    : datasetIn(desired) === null
      ? 'it reads nothing that must be there'
      : `${shortName(desired)} is all there`

/** `support-chats@0123abcd`: a dataset version as people say it; `support-llama v7`: that of a model; of a run on none the pipeline. */
export const shortName = (desired: TrainDesired): string => {
  const { weights } = desired
  if (weights !== undefined) return versionAt(weights.model, weights.version)
  return datasetIn(desired) === null ? desired.dataset : `${desired.dataset}@${desired.version.slice(0, 8)}`
}

/** Of what the policy itself wants it is known who asked; but for what people have not agreed to when somebody asked for it. */
export const whoAsks = (desired: TrainDesired): Requester | 'policy' | null => {
  const { occasion, requester } = desired
  const isOfPolicy = occasion !== undefined && occasionOf(occasion).isOfPolicy === true
  return isOfPolicy && requester === null ? 'policy' : requesterIn(desired)
}
