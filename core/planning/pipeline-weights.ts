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
  const unloadable = whyNotLoaded(weights, stages)
  return unloadable === null ? null : refuse('source-not-loadable', unloadable)
}

/** What of a stage says which weights `signalbox-run` fetches for it, and what loads them. */
type Fetches = Pick<StagePolicy, 'name' | 'use' | 'model' | 'runner'> & Partial<Pick<StagePolicy, 'command'>>

/** Those that have the version itself fetched: from the first that says a model on, that one is. */
const fetching = (stages: readonly Fetches[]): Fetches[] => {
  const own = stages.findIndex(({ model }) => model !== undefined)
  return stages
    .slice(0, own < 0 ? stages.length : own)
    .filter(({ runner }) => runner?.inputs.includes('model') === true)
}

/** A preset that would be given an adapter, and loads whole weights; a command of the stage’s own is anybody’s. */
const whyNotLoaded = (weights: Weights, stages: readonly Fetches[]): string | null => {
  if (!isAdapter(weights)) return null
  const loads = fetching(stages).find(
    ({ use, command }) => use !== undefined && command === undefined && newest(use).loads === true,
  )
  if (loads === undefined) return null
  return `${nameOfStage(loads)} loads whole weights, and ${versionAt(weights.model, weights.version)} is an adapter: merge it into its base model where it is trained, and register what that makes; or say a \`command\` of yours`
}

/** A stage that would be given weights which its pod cannot fetch: known here, before its GPUs are paid for. */
const whyNotFetched = (source: string, stages: readonly Fetches[]): string | null => {
  if (source.startsWith('s3://')) return null
  const [fetches] = fetching(stages)
  if (fetches === undefined) return null
  return `${nameOfStage(fetches)} has its model fetched, which is done from S3 alone, and this version lies at ${said(source, ADDRESS)}: copy it there and register it again`
}

/** Why people are asked about it, whatever it costs: programs may do what weights say; undefined: a pipeline of ours has made them, or it runs on none. */
export const weightsAsk = ({ weights }: TrainDesired, policy: Policy): string | undefined =>
  weights === undefined ? undefined : (whyAsked(weights, policy, 'is run on') ?? undefined)

/** Which version it runs on, who made it, and where it lies. */
export const weightsText = (weights: Weights): string => {
  const { model, version, source, runId } = weights
  const run = runId === null ? '' : `, of the run ${said(runId, BY)}`
  return `${versionAt(model, version)}${adapterText(weights)}: ${madeBy(weights)}${run}; it lies at ${said(source, ADDRESS)}`
}

const adapterText = (weights: Weights): string => {
  if (!isAdapter(weights)) return ''
  const { base } = weights
  return `, an adapter${base === undefined ? '' : ` on ${said(base, ADDRESS)}`}`
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
