import { requesterIn, type TrainDesired } from '../desired.ts'
import { coolsAfter } from '../drift.ts'
import { milliseconds } from '../duration.ts'
import { endedBefore, leaves } from '../earlier.ts'
import { alertPlace, withRun } from '../episodes.ts'
import { PRICED } from '../money/nodes.ts'
import { isToldOtherwise, occasionOf } from '../occasions/catalogue.ts'
import { learnedFrom } from '../planning/learned.ts'
import { planPipeline } from '../planning/pipeline.ts'
import { whoAsks } from '../planning/pipeline-steps.ts'
import { trainTitle } from '../planning/pipeline-words.ts'
import { ruleNamed } from '../policy/names.ts'
import { nameOfStage } from '../policy/stages.ts'
import { PRESETS, type Presets, revisionsOf } from '../workloads/presets.ts'
import { STAGE_REVISION } from '../workloads/stage-revisions.ts'
import { type LaneKind, laneOf } from './kind.ts'

type Known =
  | 'keyOf'
  | 'placeOf'
  | 'placedAs'
  | 'withoutOccasion'
  | 'occasionOf'
  | 'displaced'
  | 'goesOn'
  | 'toldAs'
  | 'sourceOf'
  | 'isOwn'
  | 'isOfPolicy'
  | 'whyNotFor'

/** What is wanted is known by its dataset version, or that of a model, and by what it is run for besides. */
const known: Pick<LaneKind<TrainDesired>, Known> = {
  keyOf: ({ dataset, version, weights, drift, occasion }) =>
    [
      `train:${dataset}:${version}`,
      ...(weights === undefined ? [] : [weights.model, weights.version, weights.made, weights.source]),
      ...(drift === undefined ? [] : [alertPlace(drift), drift.since]),
      ...(occasion === undefined ? [] : [occasionOf(occasion).keyOf(occasion)]),
    ].join(':'),
  placeOf: ({ bucket, key, drift, occasion }) => {
    if (occasion !== undefined) return occasionOf(occasion).placeOf(occasion)
    return drift === undefined ? `s3://${bucket}/${key}` : alertPlace(drift)
  },
  placedAs: ({ named: _, ...desired }, { bucket, key, etag, named }) => ({
    ...desired,
    ...{ bucket, key, etag },
    ...(named === undefined ? {} : { named }),
  }),
  withoutOccasion: ({ drift, occasion, ...desired }) =>
    drift === undefined && occasion === undefined ? null : desired,
  occasionOf: ({ occasion }) => (occasion === undefined ? null : occasionOf(occasion).keyOf(occasion)),
  isOwn: ({ occasion }) => occasion !== undefined && occasionOf(occasion).isOwn === true,
  displaced: ({ drift, occasion }, had, { episodes, schedule }) => ({
    ...(drift === undefined || episodes === undefined ? {} : { episodes: withRun(episodes, drift, had) }),
    ...(occasion === undefined
      ? {}
      : occasionOf(occasion).displaced?.(occasion, had, schedule === undefined ? {} : { schedule })),
  }),
  goesOn: ({ drift, occasion }) =>
    drift !== undefined || (occasion !== undefined && occasionOf(occasion).goesOn === true),
  toldAs: ({ occasion }) =>
    occasion !== undefined && isToldOtherwise(occasion) ? JSON.stringify(occasionOf(occasion).setOf(occasion)) : '',
  isOfPolicy: (desired) => whoAsks(desired) === 'policy',
  whyNotFor: ({ occasion }, { policy, name }) => {
    const rule = ruleNamed(policy.pipelines, name)?.rule
    return occasion === undefined || rule === undefined ? null : (occasionOf(occasion).whyNot?.(rule.on) ?? null)
  },
  sourceOf: (desired) => {
    const { occasion } = desired
    const own = occasion === undefined ? undefined : occasionOf(occasion).sourceOf?.(occasion)
    return own ?? known.placeOf?.(desired) ?? ''
  },
}

/** Run-once: what a dataset begins, stage by stage, made with these presets. */
export const pipelineOf = (presets: Presets): LaneKind<TrainDesired> => ({
  name: 'pipeline',
  lasts: 'once',
  stands: false,
  ruleOf: (policy, name) => {
    const rule = ruleNamed(policy.pipelines, name)?.rule
    return rule === undefined ? null : { lane: laneOf(pipeline, name), name, mode: rule.mode }
  },
  renames: ({ pipelines }) => pipelines,
  ...known,
  titleOf: trainTitle,
  after: coolsAfter,
  leaves,
  endedBefore,
  replaces: (policy, name) => ruleNamed(policy.pipelines, name)?.rule.onNewer === 'replace',
  requesterOf: requesterIn,
  isNothing: () => false,
  isNew: () => true,
  pinned: (desired, policy, name) => {
    const used = ruleNamed(policy.pipelines, name)?.rule.stages.flatMap(({ use }) => use ?? []) ?? []
    return { ...desired, presets: revisionsOf(used, presets), pods: STAGE_REVISION, priced: PRICED }
  },
  nodeWithin: (policy, name) => {
    const within = ruleNamed(policy.pipelines, name)?.rule.nodeWithin
    return within === undefined ? null : milliseconds(within)
  },
  scheduleOf: (policy, name) => ruleNamed(policy.pipelines, name)?.rule.on.schedule ?? null,
  asksMore: (policy, name, { stage, chosen }) => {
    const rule = ruleNamed(policy.pipelines, name)?.rule
    const others = chosen === undefined ? undefined : rule?.alternatives?.[chosen.name]?.stages[stage]
    const hours = others?.hours ?? rule?.stages.find((one) => nameOfStage(one) === stage)?.hours
    return rule?.onBound === 'ask' && hours !== undefined ? hours.p95 : null
  },
  idleOf: (policy, name) => {
    const idle = ruleNamed(policy.pipelines, name)?.rule.idle
    if (idle === undefined) return null
    const { tell, ask, end } = idle
    return { tell: milliseconds(tell), ask: milliseconds(ask), end: end === undefined ? null : milliseconds(end) }
  },
  preemptible: (policy, name, stage) =>
    ruleNamed(policy.pipelines, name)?.rule.stages.find((one) => nameOfStage(one) === stage)?.preemptible ?? null,
  plan: (input) => planPipeline(input, presets),
  learns: learnedFrom,
  // A Job leaves nothing behind that could be walked back.
  back: () => [],
  baselineOf: () => null,
})

/** As it is made today; marked pure, so that doors that plan nothing carry no planning. */
export const pipeline = /* @__PURE__ */ pipelineOf(PRESETS)
