import type { ManifestObject } from '../events/manifest.ts'
import type { Again, Occasion } from './occasions/occasion.ts'
import type { Counts } from './pools/counts.ts'

/**
 * What should become true of a lane, as its source says it now: data of the lane's kind, which alone knows what is in it.
 * Everybody else stores it, compares it by the kind's key, and hands it back.
 */
export interface Desired {
  kind: string
}

/**
 * Who asked, as `TEAM/USER`. Proven: the source itself names them, through what the policy maps. Else somebody wrote it who may write
 * anything there (a manifest, a tag): a claim, which is shown and counts as nobody known (law 8).
 */
export interface Requester {
  by: string
  proven: boolean
}

/** What of a desired state says who asked. */
export const requesterIn = ({ requester, proven }: Asked): Requester | null =>
  requester === null ? null : { by: requester, proven: proven === true }

/** The same as it was wanted, asked for by whom another says. */
export const askedBy = <D extends Desired>(desired: D, { by, proven }: Requester): D => ({
  ...desired,
  requester: by,
  ...(proven && { proven }),
})

/** What of a desired state says who asked. */
export interface Asked {
  /** Who asked, as `TEAM/USER`, or null when the source does not tell. */
  requester: string | null
  /** Whether the source proves it; left out: it is a claim. */
  proven?: true
}

/** A dataset version to run a pipeline on, or an occasion to run it on none: run-once, final when it has succeeded. */
export interface TrainDesired extends Desired, Asked {
  kind: 'train'
  /** Name of the pipeline's lane. */
  dataset: string
  /** SHA-256 of the manifest's bytes: the dataset version. Empty, as all that says of one: it runs on none. */
  version: string
  bucket: string
  /** Key of the manifest, literal. */
  key: string
  /** Of the manifest's bytes in the bucket: tells two of one second apart. */
  etag: string
  objects: number
  bytes: number
  /** The objects themselves, where they are few: asked side by side with the manifest before anything begins. */
  named?: readonly ManifestObject[]
  /** The version of a registered model that it runs on; left out: on none. */
  weights?: Weights
  /** Why it is run on once more; left out: it is new. */
  drift?: Drift
  /** What it is run for besides; left out: it is new, or `drift` says. */
  occasion?: Occasion
  /** The same as `drift` has, of what is run for an occasion, and of a version of a model too; never that it ended well. */
  again?: Again
  /** When the last run before it ended of which drift cools down, should nothing come of this one; left out: none did, or nobody knows. Milliseconds since the epoch. */
  lastEnd?: number
  /** Revisions of the presets that it is made with, by their names; left out: the first. */
  presets?: Record<string, number>
  /** Revision of what the pods of its stages are made of; left out: the first. */
  pods?: number
  /** Revision of how it is priced; left out: the first. */
  priced?: number
}

/** A version of a registered model, as something that a run reads. */
export interface Weights {
  model: string
  /** The registry's version, a decimal number as a string. */
  version: string
  /** When it was made, by the registry's clock: after its model was deleted and made again, numbers begin anew. Milliseconds since the epoch. */
  made: number
  /** Resolved URI of what lies there. */
  source: string
  runId: string | null
  /** What lay there when a pipeline registered it, and lies there still; left out: nobody can say. */
  pin?: string
  /** Whether its registration says that it is an adapter. */
  adapter?: true
  /** As of what is served. */
  unpinned?: ServeDesired['unpinned']
  /** As of what is served. */
  ours?: true
  /** Who made it, as far as the registry tells. */
  by: string | null
}

/** The version that it runs on; null: on none, or nothing was wanted. */
export const weightsIn = (desired: Desired | null): Weights | null =>
  (desired as Partial<TrainDesired> | null)?.weights ?? null

/** What of a desired state says which dataset version it is. */
export type DatasetVersion = Pick<TrainDesired, 'version' | 'bucket' | 'key' | 'etag' | 'objects' | 'bytes' | 'named'>

/** What says that it runs on none. */
export const NO_DATASET: DatasetVersion = { version: '', bucket: '', key: '', etag: '', objects: 0, bytes: 0 }

/** The dataset version that it runs on; null: on none, or nothing was wanted. */
export const datasetIn = (desired: Desired | null): DatasetVersion | null => {
  if (desired === null || !('key' in desired) || desired.key === '') return null
  const { version, bucket, key, etag, objects, bytes, named } = desired as TrainDesired
  return { version, bucket, key, etag, objects, bytes, ...(named === undefined ? {} : { named }) }
}

/** What says that a service drifts: the episode of an alert, which is part of what is wanted, so that the next one is new (law 1). */
export interface Drift {
  alert: string
  fingerprint: string
  /** Of its labels those that the policy names. */
  labels: Readonly<Record<string, string>>
  /** Since when it fires, milliseconds since the epoch. */
  since: number
  /** What it says, with its numbers: anybody's words. */
  text: string
  /** How the last run on the same dataset version ended: well, or by somebody's word; left out: it is another version, or ended by its work. */
  again?: Again
}

/** A model version to serve: standing, the world must keep agreeing. */
export interface ServeDesired extends Desired, Asked {
  kind: 'serve'
  /** The registered model's name in the registry. */
  model: string
  /** The registry's version, a decimal number as a string. */
  version: string
  /** Resolved URI of the weights. */
  source: string
  runId: string | null
  /** Whether the registry's version says of itself that it is an adapter. */
  adapter?: true
  /** Of an adapter the weights that it was trained on, as the registry's version says; left out: it says none, or is none. */
  base?: string
  /** Whose registration says of weights among our own results not what they were; left out: one does, or they lie elsewhere. A card tells it: no part of `digest`. */
  unpinned?: 'pipeline' | 'unknown'
  /** Whether this ledger's own proof is on the version: a pipeline registered it after its gates, under a pin that it has now. No part of `digest`. */
  ours?: true
  /** Why it cannot be served, wherever its weights lie; left out: it may be. */
  unfit?: string
  /** Digest over what the registry said (name, version, source, run). */
  digest: string
  /** The engine that it is made with, and its revision; left out: the first. */
  engine?: { name: string; revision: number }
  /** Revision of how it is priced; left out: the first. */
  priced?: number
}

/** The serving source names nothing: return to baseline, remove nothing else. */
export interface NoneDesired extends Desired {
  kind: 'none'
  model: string
  /** Revision of how it is priced; left out: the first. */
  priced?: number
}

/** What serves shall stand, and be asked, as it was judged, while what is wanted stays as it has ended. */
export interface KeptDesired extends Desired {
  kind: 'kept'
  /** The registered model that is wanted. */
  model: string
  /** Revision of how it is priced; left out: the first. */
  priced?: number
}

/** The service has left the policy: nothing of it shall stand (law 18). */
export interface RetiredDesired extends Desired {
  kind: 'retired'
  /** The registered model that it served, or the lane's own name. */
  model: string
  /** Revision of how it is priced; left out: the first. */
  priced?: number
}

/** That a rung of a budget's ladder is kept to no more until its month is over: wanted once, by whoever asked. */
export interface LiftDesired extends Desired, Asked {
  kind: 'lifted'
  /** Id of the letter that asked for it: the same again is another. */
  asked: string
  /** Its name in the ladder, and when its month is over. */
  rung: string
  until: number
  /** Why, in the words of who asked. */
  why: string
}

/** GPUs on top of a pool's ceiling until a time: wanted once, by whoever asked. */
export interface LeaseDesired extends Desired, Asked {
  kind: 'leased'
  /** Id of the letter that asked for it: the same again is another. */
  asked: string
  gpus: number
  /** That these are nodes, of a pool without GPUs, or slices, of one that shares them. */
  counts?: NonNullable<Counts['counts']>
  until: number
  /** The lease that goes on until then; left out: a new one. */
  of?: string
}
