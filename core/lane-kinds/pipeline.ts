import type { TrainDesired } from '../desired.ts'
import { planTrain, trainTitle } from '../planning/train.ts'
import { type LaneKind, laneOf } from './kind.ts'

/** Run-once: a dataset is fine-tuned on, evaluated, judged and registered. */
export const pipeline: LaneKind<TrainDesired> = {
  name: 'pipeline',
  lasts: 'once',
  stands: false,
  ruleOf: (policy, name) => {
    const rule = Object.hasOwn(policy.datasets, name) ? policy.datasets[name] : undefined
    return rule === undefined ? null : { lane: laneOf(pipeline, name), name, mode: rule.mode }
  },
  keyOf: ({ dataset, version }) => `train:${dataset}:${version}`,
  titleOf: trainTitle,
  requesterOf: ({ requester }) => requester,
  isNothing: () => false,
  plan: planTrain,
  // A Job leaves nothing behind that could be walked back.
  back: () => [],
  baselineOf: () => null,
}
