/**
 * What should become true of a lane, as its source says it now: data of the lane's kind, which alone knows what is in it.
 * Everybody else stores it, compares it by the kind's key, and hands it back.
 */
export interface Desired {
  kind: string
}

/** A dataset version to run a pipeline on: run-once, final when it has succeeded. */
export interface TrainDesired extends Desired {
  kind: 'train'
  /** Name of the pipeline's lane. */
  dataset: string
  /** SHA-256 of the manifest's bytes: the dataset version. */
  version: string
  bucket: string
  /** Key of the manifest, literal. */
  key: string
  /** Of the manifest's bytes in the bucket: tells two of one second apart. */
  etag: string
  objects: number
  bytes: number
  /** Who asked, as `TEAM/USER`, or null when the source does not tell. */
  requester: string | null
  /** Revisions of the presets that it is made with, by their names; left out: the first. */
  presets?: Record<string, number>
}

/** A model version to serve: standing, the world must keep agreeing. */
export interface ServeDesired extends Desired {
  kind: 'serve'
  /** The registered model's name in the registry. */
  model: string
  /** The registry's version, a decimal number as a string. */
  version: string
  /** Resolved URI of the weights. */
  source: string
  runId: string | null
  /** Digest over what the registry said (name, version, source, run). */
  digest: string
  requester: string | null
  /** The engine that it is made with, and its revision; left out: the first. */
  engine?: { name: string; revision: number }
}

/** The serving source names nothing: return to baseline, remove nothing else. */
export interface NoneDesired extends Desired {
  kind: 'none'
  model: string
}

/** The service has left the policy: nothing of it shall stand (law 18). */
export interface RetiredDesired extends Desired {
  kind: 'retired'
  /** The registered model that it served, or the lane's own name. */
  model: string
}
