import type { SetOf } from '../../events/occasions.ts'

/** Somebody has asked for it. */
export interface Hand {
  kind: 'hand'
  /** The request's own: the same again is the same. */
  id: string
  /** When, milliseconds since the epoch. */
  at: number
  by: string
  /** What is told to its stages otherwise than the policy says; left out: nothing. */
  set?: SetOf
}

/** Its time has come. */
export interface Scheduled {
  kind: 'schedule'
  /** Which time, milliseconds since the epoch. */
  slot: number
  cron: string
  zone: string
}

/** A version of a registered model is new, or a tag was set on it. */
export interface Versioned {
  kind: 'version'
  model: string
  version: string
  /** When it was made, milliseconds since the epoch. */
  made: number
  /** The tag that it carries; left out: it is new. */
  tag?: { key: string; value: string }
}

/** What something is run for besides its dataset, which is part of what is wanted: the next one is new (law 1). */
export type Occasion = Hand | Scheduled | Versioned

/**
 * How the last run on the same dataset version, or version of a model, ended, where people are asked before the next: well, by somebody's word, or refused before anybody
 * knew who had asked for it.
 */
export type Again = 'succeeded' | 'cancelled' | 'rejected' | 'expired' | 'refused'

/** What of a pipeline's `on` says whether it is begun so. */
interface BegunBy {
  hand?: boolean | undefined
  schedule?: object | undefined
}

/** One kind of occasion as a value: nobody outside of this folder asks which kind one is. */
export interface OccasionKind<O extends Occasion = Occasion> {
  /** Whether the policy itself wants it: then it is known who asked. Left out: somebody else does. */
  isOfPolicy?: true
  /** Whether it is that what its run is on has come: whoever brought that has asked for it. Left out: it comes of something else. */
  isOwn?: true
  /** What tells it from every other: the same again is the same run. */
  keyOf(occasion: O): string
  /** Why nothing begins for it any more, by what begins its pipeline now; null, or left out: nothing of that speaks against it. */
  whyNot?(on: BegunBy): string | null
  /** Where it points, as its reaction names the place. */
  placeOf(occasion: O): string
  /** What its run is for, behind its title. */
  titleOf(occasion: O): string
  /** Why there is a run, in sentences. */
  reasonsOf(occasion: O): string[]
  /** What the stages are told otherwise than the policy says. */
  setOf(occasion: O): SetOf
  /** An end of the run before for which nobody is asked about this one, though it stands for others. Left out: people are asked for each. */
  undoes?: Again
  /** Which source wants it, of which a later one takes the place for good; left out: it is its own. */
  sourceOf?(occasion: O): string
  /** Whether it goes on until the next one of its source: what found no room in time begins once there is some. Left out: it is over then. */
  goesOn?: true
  /** What is known of its source once something newer takes its place: whether it had its run, and where it had none it comes again. Left out: it does not. */
  displaced?(occasion: O, had: boolean, known: Known): Known
}

/** The last of its times that a schedule's lane knows. */
interface Known {
  schedule?: { of: string; last: number }
}
