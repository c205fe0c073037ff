import type { TrainDesired, Weights } from '../desired.ts'
import { label } from '../names.ts'
import { versionAt } from '../occasions/version.ts'
import { whyAsked, whyNoAddress, whyNotAllowed } from '../policy/sources.ts'
import { nameOfStage } from '../policy/stages.ts'
import type { Policy, StagePolicy } from '../policy.ts'
import { said } from '../text.ts'
import { isAdapter } from '../workloads/adapters.ts'
import { newest } from '../workloads/presets.ts'
import { type Refuse, refuse } from './pipeline-price.ts'

/** Longest address, and name of who made a version, in a sentence. Characters. */
const [ADDRESS, BY] = [300, 100]

/** Why nothing runs on the version that is wanted, by these stages; null: it may, or none is. */
export const whyNotOn = ({ weights }: TrainDesired, policy: Policy, stages: readonly Fetches[]): Refuse | null => {
  if (weights === undefined) return null
  const why =
    whyNoAddress(weights.source) ?? whyNotAllowed(weights.source, policy) ?? whyNotFetched(weights.source, stages)
  if (why !== null) return refuse('source-not-allowed', why)
  const whole = isAdapter(weights) ? givenTo(stages).find(loadsWhole) : undefined
  return whole === undefined
    ? null
    : refuse(
        'source-not-loadable',
        `this version is an adapter, and ${nameOfStage(whole)} works on whole weights: merge it into its base model in a stage of its own \`command\` before it, whose weights it has fetched; or register whole weights`,
      )
}

/** Whether it runs a preset's program that loads no adapter. One of its own `command` may know what that is. */
const loadsWhole = ({ use, command }: Fetches): boolean =>
  use !== undefined && command === undefined && newest(use).whole === true

/** What of a stage says which weights `signalbox-run` fetches for it. */
type Fetches = Pick<StagePolicy, 'name' | 'use' | 'model' | 'runner' | 'command'>

/** A stage that would be given weights which its pod cannot fetch: known here, before its GPUs are paid for. */
const whyNotFetched = (source: string, stages: readonly Fetches[]): string | null => {
  if (source.startsWith('s3://')) return null
  const fetches = givenTo(stages).find(({ runner }) => runner?.inputs.includes('model') === true)
  if (fetches === undefined) return null
  return `${nameOfStage(fetches)} has its model fetched, which is done from S3 alone, and this version lies at ${said(source, ADDRESS)}: copy it there and register it again`
}

/** Stages that are given the version: the first, and those that have it fetched; where one begins from another model, that one's and those after it have that. */
const givenTo = (stages: readonly Fetches[]): readonly Fetches[] => {
  const own = stages.findIndex(({ model }) => model !== undefined)
  const before = stages.slice(0, own < 0 ? stages.length : own)
  return before.filter(({ runner }, index) => index === 0 || runner?.inputs.includes('model') === true)
}

/** Why people are asked about it, whatever it costs: programs may do what weights say; undefined: a pipeline of ours has made them, or it runs on none. */
export const weightsAsk = ({ weights }: TrainDesired, policy: Policy): string | undefined =>
  weights === undefined ? undefined : (whyAsked(weights, policy, 'is run on') ?? undefined)

/** Which version it runs on, who made it, and where it lies. */
export const weightsText = (weights: Weights): string => {
  const { model, version, source, runId } = weights
  const run = runId === null ? '' : `, of the run ${said(runId, BY)}`
  const is = isAdapter(weights) ? ' (an adapter)' : ''
  return `${versionAt(model, version)}${is}: ${madeBy(weights)}${run}; it lies at ${said(source, ADDRESS)}`
}

const madeBy = ({ ours, by }: Weights): string => {
  if (by === null) return 'the registry does not say who made it'
  return ours === true
    ? `registered here by pipeline/${said(by, BY)}, after its gates`
    : `made by ${said(by, BY)}, as the registry says`
}

/** What a version that is made from it says of it. */
export const weightsTags = ({ weights }: Pick<TrainDesired, 'weights'>): Record<string, string> =>
  weights === undefined ? {} : { [label('from-version')]: `${weights.model}/${weights.version}` }
