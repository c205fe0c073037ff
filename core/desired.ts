/**
 * What should become true of a lane, as its source says it now.
 * `train` is run-once: when it has succeeded it is final. `serve` and `none` are standing: the world must keep agreeing.
 */
export type Desired = TrainDesired | ServeDesired | NoneDesired

/** A dataset version to fine-tune on. */
export interface TrainDesired {
  kind: 'train'
  /** The dataset's name in the policy. */
  dataset: string
  /** SHA-256 of the manifest's bytes: the dataset version. */
  version: string
  bucket: string
  /** Key of the manifest, literal. */
  key: string
  objects: number
  bytes: number
  /** Who asked, as `TEAM/USER`, or null when the source does not tell. */
  requester: string | null
}

/** A model version to serve. */
export interface ServeDesired {
  kind: 'serve'
  /** The registered model's name in the policy and in the registry. */
  model: string
  /** The registry's version, a decimal number as a string. */
  version: string
  /** Resolved URI of the weights. */
  source: string
  runId: string | null
  /** Digest over what the registry said (name, version, source, run). */
  digest: string
  requester: string | null
}

/** The serving source names nothing: return to baseline, remove nothing else. */
export interface NoneDesired {
  kind: 'none'
  model: string
}

/** Two desired states are the same exactly when their keys are equal. The requester is not part of it. */
export const desiredKey = (desired: Desired): string => {
  switch (desired.kind) {
    case 'train':
      return trainKey(desired)
    case 'serve':
      return `serve:${desired.model}:${desired.version}:${desired.digest}`
    case 'none':
      return `none:${desired.model}`
  }
}

/** The key of a dataset version, before anything else is known of it. */
export const trainKey = ({ dataset, version }: Pick<TrainDesired, 'dataset' | 'version'>): string =>
  `train:${dataset}:${version}`

/** A desired state in the words of a person: what the page and the cards call it. */
export const desiredTitle = (desired: Desired): string => {
  switch (desired.kind) {
    case 'train':
      return `fine-tune on ${desired.dataset}@${desired.version.slice(0, 8)}`
    case 'serve':
      return `serve ${desired.model} v${desired.version}`
    case 'none':
      return `serve no promoted version of ${desired.model}`
  }
}
