import type { Contract, IntendingEvent } from '../../events/contract.ts'
import type { ManifestObject } from '../../events/manifest.ts'
import type { Card } from '../cards.ts'
import type { Desired } from '../desired.ts'
import type { Episodes } from '../episodes.ts'
import type { LaneDocument } from '../lane/document.ts'
import type { LaneKind, Rule } from '../lane-kinds/kind.ts'
import type { Policy } from '../policy.ts'
import type { Promotion } from '../promotion.ts'
import type { Ignored, Waiting } from '../reasons.ts'

/** What should become true of a lane. */
export interface Intent {
  desired: Desired
  /**
   * A lesser one never moves the lane; an equal one is the same source written again within its clock's step, and what
   * it says now counts. Null when the source orders nothing.
   */
  order: string | null
  /** What is asked of an earlier run that has begun its effects. */
  onNewer: LaneDocument['onNewer']
}

/** What an event and the facts come to: pure, and always with a sentence. */
export type Decision = (
  | { kind: 'intend'; intent: Intent; detail: string }
  | {
      kind: 'ignore'
      reason: Ignored
      detail: string
      /** What is told in the channel; left out: nothing. */
      tells?: { key: string; card: Card }
      /** That it stands on the timeline, though nobody told of it: something is over by that. Left out: it does where somebody did. */
      isOver?: true
    }
  /** `next`: nothing of it changes before; left out: soon. */
  | { kind: 'wait'; reason: Waiting; detail: string; until: number | null; next?: number }
) & {
  /** Alerts as they are known by that; left out: as before. */
  episodes?: Episodes
  /** What is known of its schedule by that; null: it has none any more; left out: as before. */
  schedule?: LaneDocument['schedule'] | null
  /** The same of the versions that begin it. */
  versions?: LaneDocument['versions'] | null
}

/** A manifest in a bucket, which names what lies below the prefix alone; of versions that are known nothing more is asked, and of none where `all` are. */
export interface ManifestLook {
  kind: 'manifest'
  bucket: string
  key: string
  prefix: string
  known: readonly string[] | 'all'
  /** Keys of manifests that are looked at in turn where nothing lies there any more: the first one that is whole is what there is. Left out: none. */
  others?: readonly string[]
  /** What a version named when it was read: asked side by side with the manifest, which is likely to say the same again. */
  beside?: { version: string; objects: readonly ManifestObject[] }
}

/** A place to look at, through a port. */
export type Look =
  | ManifestLook
  /** A report of drift, and the newest dataset version beside it, where one is known. */
  | { kind: 'report'; bucket: string; key: string; dataset: ManifestLook | null }
  /** Whether an alert still fires, where anybody can be asked, and the newest dataset version beside it. */
  | { kind: 'alert'; alert: string; labels: Readonly<Record<string, string>>; since: number; dataset: ManifestLook }
  /** What a promotion signal means now. */
  | { kind: 'promotion'; model: string; promotion: Promotion; results: { bucket: string; prefix: string } }
  /** A version of a model as it is there now, null: the newest; of those alone that carry the tag. */
  | {
      kind: 'version'
      model: string
      version: string | null
      tag: { key: string; value: string } | null
      results: { bucket: string; prefix: string }
    }
  /** Nowhere: the event itself says all that there is to know. */
  | { kind: 'nowhere' }

/** What a place said. `unreadable` says nothing of what is there: it is looked at again for as long as it takes (law 6). */
export type Facts = { kind: string } | Unreadable
export interface Unreadable {
  kind: 'unreadable'
  side: string
  detail: string
  /** Seconds to leave it alone. */
  retryAfter: number
  /** Whether it is our own code that cannot read it. */
  bug?: boolean
}

/** What resync asks of a source, to find what events missed. */
export type Ask =
  | { kind: 'event'; event: IntendingEvent }
  /** Manifests of a rule below its prefix that came after what moved its lane, or are other bytes of the same second. */
  | {
      kind: 'manifests'
      name: string
      bucket: string
      prefix: string
      manifest: string
      after: { order: string; etag: string | null } | null
    }

/**
 * One value that ties a contract to the lanes that it concerns: which lane, where to look, what that comes to, and what
 * resync asks. Nobody outside of this folder and the catalogues asks what type an event has: it asks the value.
 */
export interface Reaction<E extends IntendingEvent = IntendingEvent, F extends Facts = Facts> {
  contract: Contract<E>
  /** The kind of lane that it is about. */
  kind: LaneKind
  /** The policy's rule that this event is about; null when none is. */
  ruleOf(event: E, policy: Policy): Rule | null
  /** One event for each rule that it is about, none: it is about nobody, as most are; left out: it is about one. */
  each?(event: E, policy: Policy): E[]
  /** Why no rule is about it, where there is more to say than that; null: there is not. */
  whyNoRule?(event: E, policy: Policy): string | null
  /** Where the event points, as people write it: two events with the same answer look at the same source. */
  at(event: E): string
  /** `again`: what is wanted was read there before, and may have changed since. */
  look(event: E, given: { policy: Policy; rule: Rule; doc: LaneDocument; again?: true }): Look
  /** The event that would point where this lane reads it, to look there again before anything of it begins; null: none would. Left out: none ever does. */
  whence?(desired: Desired, given: { policy: Policy; lane: string; now: number }): E | null
  /**
   * What an upload is known by that is given up unfinished, the newest name first and then those that earlier releases gave it: written again
   * it is another, be it with the same bytes. Left out: none ever is.
   */
  uploadOf?(facts: F): readonly [string, ...string[]] | null
  /** Of two events that point at one place the one that says how it is there; left out: each says where to look, and all are one. */
  last?(a: E, b: E): E
  /** What the facts come to; never called with `unreadable`. */
  decide(
    event: E,
    facts: F,
    /** `asked`: a person's own letter brings it; left out: a door, resync, or a look at what is wanted already. */
    given: { policy: Policy; rule: Rule; doc: LaneDocument; now: number; asked?: true },
  ): Decision
  /**
   * What this event alone proves of who made what stands there now (or, while the place does not answer, may): letters with another proof
   * are kept beside each other. Null: nothing; left out: no event ever does.
   */
  proof?(event: E, facts?: F): string | null
  /** Everything that resync asks so that nothing stays lost; `docOf` is what a lane knows already. */
  resync(given: { policy: Policy; now: number; docOf(lane: string): LaneDocument | null }): Ask[]
}
