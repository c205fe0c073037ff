import { type Weights, weightsIn } from '../desired.ts'
import type { LaneDocument } from '../lane/document.ts'
import { versionAt } from '../occasions/version.ts'
import { ruleNamed } from '../policy/names.ts'
import type { VersionTrigger } from '../policy/versions.ts'
import type { Policy } from '../policy.ts'
import { type ModelFacts, whyUnfit } from './model-promoted.ts'
import type { Look } from './reaction.ts'

/** What is known of a version; `nowhere`: nobody could look. */
export type VersionFacts = ModelFacts | { kind: 'nowhere' }

/** Longest name of who made it. Characters. */
const BY = 100

/** The versions that begin a pipeline; null: none do. */
export const triggerIn = (policy: Policy, name: string): VersionTrigger | null =>
  ruleNamed(policy.pipelines, name)?.rule.on.version ?? null

/** Looks at one version of those, null: at the newest. */
export const lookAtVersion = (
  { model, tag }: VersionTrigger,
  version: string | null,
  { results }: Pick<Policy, 'results'>,
): Look => ({ kind: 'version', model, version, tag: tag ?? null, results })

/** The version that a run is on, as it is there now, or as it was known where nobody could look; else why it cannot run on it. `version`: which one was asked for, null: the newest. */
export const onVersion = (
  facts: VersionFacts,
  { model, tag }: VersionTrigger,
  { doc, version = null }: { doc: LaneDocument; version?: string | null },
): { kind: 'on'; weights: Weights } | { kind: 'none'; reason: 'no-version'; detail: string } => {
  const none = (detail: string) => ({ kind: 'none', reason: 'no-version', detail }) as const
  if (facts.kind === 'nowhere') {
    const known = weightsIn(doc.desired)
    return known?.model === model
      ? { kind: 'on', weights: known }
      : none(`no version of ${model} is known: say it again`)
  }
  if (facts.kind === 'none') return none(missingText({ model, tag }, version))
  const at = versionAt(model, facts.version)
  if (facts.kind === 'changed') return none(`the weights of ${at} are not what was registered: nothing runs on them`)
  const unfit = whyUnfit(facts)
  if (unfit !== null) return none(`${at}: ${unfit}`)
  const { source, runId, made = 0, pin, adapter, unpinned, ours, by } = facts
  const known = {
    ...(pin && { pin }),
    ...(adapter && { adapter }),
    ...(unpinned && { unpinned }),
    ...(ours && { ours }),
  }
  const weights = { model, version: facts.version, made, source, runId, ...known, by: by?.slice(0, BY) ?? null }
  return { kind: 'on', weights }
}

/** That there is no such version, and what to do. */
const missingText = ({ model, tag }: VersionTrigger, version: string | null): string => {
  const carrying = tag === undefined ? '' : ` whose tag ${tag.key} is ${tag.value}`
  if (version === null) return `${model} has no version${carrying}: register one`
  const at = versionAt(model, version)
  return tag === undefined ? `${at} is not there any more` : `${at} is not there, or not one${carrying}`
}
