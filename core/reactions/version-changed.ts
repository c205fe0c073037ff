import type { VersionChanged } from '../../events/occasions.ts'
import { versionChanged } from '../../events/version-changed.ts'
import { type TrainDesired, type Weights, weightsIn } from '../desired.ts'
import type { LaneDocument } from '../lane/document.ts'
import { hadBegun } from '../lane/wanted.ts'
import { laneName, laneOf } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import { isToldOtherwise } from '../occasions/catalogue.ts'
import type { Versioned } from '../occasions/occasion.ts'
import { placeOfVersion, versionAt, versioned } from '../occasions/version.ts'
import { sinceOf } from '../policy/begun-by.ts'
import { laneNameOf } from '../policy/names.ts'
import { nameOfTrigger, type VersionTrigger } from '../policy/versions.ts'
import type { Policy } from '../policy.ts'
import { awaitedFor, isWantedFor, occasionIn, wantedFor } from './for-occasion.ts'
import { ofOtherWorkspace, REGISTRATION } from './model-promoted.ts'
import { lookAtVersion, onVersion, triggerIn, type VersionFacts } from './newest-version.ts'
import type { Ask, Decision, Reaction } from './reaction.ts'

/**
 * A version of a model is new, or a tag was set on one: the pipelines that such versions begin run on it, once each. Versions from before the
 * policy said so begin nothing; of those that nobody told of the newest counts.
 */
export const onVersionChanged: Reaction<VersionChanged, VersionFacts> = {
  contract: versionChanged,
  kind: pipeline,
  ruleOf: (event, policy) => {
    const [first] = eachOf(event, policy)
    return first?.pipeline === undefined ? null : pipeline.ruleOf(policy, first.pipeline)
  },
  each: (event, policy) => eachOf(event, policy),
  whyNoRule: (event, policy) => elsewhere(event, policy) ?? `no pipeline begins by ${atOf(event)}`,
  at: (event) => atOf(event),
  look: ({ model, version }, { policy, rule }) => {
    const trigger = triggerIn(policy, rule.name)
    return trigger?.model === model ? lookAtVersion(trigger, version, policy) : { kind: 'nowhere' }
  },
  whence: (desired, { lane, now }) => {
    const wanted = occasionIn(desired, 'version')
    return wanted === null ? null : eventOf(laneName(lane), wanted, now)
  },
  decide: (event, facts, given) => {
    if (event.replayed)
      return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
    const { policy, rule, doc } = given
    const trigger = triggerIn(policy, rule.name)
    if (trigger?.model === event.model && facts.kind !== 'nowhere') return decided(event, facts, { ...given, trigger })
    const detail = `versions of ${event.model} do not begin \`${rule.name}\``
    // What it knew is forgotten: one that comes back begins as a new one does.
    const forgets = trigger === null && doc.versions !== undefined ? { versions: null } : {}
    return { kind: 'ignore', reason: 'no-version', detail, ...forgets }
  },
  resync: ({ policy, now, docOf }) =>
    Object.entries(policy.pipelines).flatMap(([key, rule]): Ask[] => {
      const name = laneNameOf(key, rule)
      const doc = docOf(laneOf(pipeline, name))
      const awaited = awaitedFor(doc, 'version')
      const asked = rule.on.version?.model ?? (doc?.versions === undefined ? null : '')
      return [
        ...(awaited === null ? [] : [eventOf(name, awaited, now)]),
        ...(asked === null ? [] : [eventOf(name, { model: asked, version: null }, now)]),
      ].map((event) => ({ kind: 'event', event }))
    }),
}

/** One for each pipeline that such versions begin; a version that is made has its first tags already. */
const eachOf = (event: VersionChanged, policy: Policy): VersionChanged[] => {
  if (event.pipeline !== undefined) return [event]
  if (elsewhere(event, policy) !== null) return []
  return (policy.found.byVersion.get(event.model) ?? []).flatMap((key) => {
    const rule = policy.pipelines[key]
    const isAbout = event.tag === null || event.tag === rule?.on.version?.tag?.key
    return rule !== undefined && isAbout ? [{ ...event, pipeline: laneNameOf(key, rule) }] : []
  })
}

const elsewhere = (event: VersionChanged, policy: Policy): string | null => ofOtherWorkspace(atOf(event), event, policy)

type Facts = Exclude<VersionFacts, { kind: 'nowhere' }>
type Given = Parameters<typeof onVersionChanged.decide>[2] & { trigger: VersionTrigger }

const decided = (event: VersionChanged, facts: Facts, given: Given): Decision => {
  const { policy, rule, doc, trigger, now } = given
  const { model, tag } = trigger
  if (facts.kind === 'version' && facts.status === 'PENDING_REGISTRATION')
    return {
      kind: 'wait',
      reason: 'registry-pending',
      detail: `${versionAt(model, facts.version)} is still being registered`,
      until: Math.max(event.at, now - REGISTRATION) + REGISTRATION,
    }
  const known = doc.versions?.of === nameOfTrigger(trigger) ? doc.versions : null
  const seen = seenIn(facts, trigger)
  const versions = known !== null && !isLater(seen, known) ? known : seen
  // Of one version alone nobody knows yet which is the newest.
  const learns = known !== null || event.version === null ? { versions } : {}
  const on = onVersion(facts, trigger, { doc, version: event.version })
  if (on.kind === 'none') return { kind: 'ignore', reason: on.reason, detail: on.detail, ...learns }
  const { version, made } = on.weights
  const occasion: Versioned = { kind: 'version', model, version, made, ...(tag && { tag }) }
  const at = versionAt(model, version)
  const title = `${at}, ${versioned.titleOf(occasion)}`
  const requester = facts.kind === 'version' ? facts.requester : null
  const run = (): Decision => wantedFor(occasion, { facts, detail: title, requester }, given)
  if (isWantedFor(doc, occasion)) return run()
  if (doc.had?.includes(versioned.keyOf(occasion)) || isOn(doc, on.weights))
    return { kind: 'ignore', reason: 'already-done', detail: `${title}: it has had its run, or has it`, ...learns }
  if (!isNew(event, seen, { known, trigger, since: sinceOf(policy, rule.name, 'version') }))
    return { kind: 'ignore', reason: 'older-than-current', detail: `${at} is none that came since`, ...learns }
  return besideRun(doc, on.weights) ?? { ...run(), versions }
}

/**
 * Whether it is run on for something else, by hand or by the clock, and that has begun, or has ended well: it needs no other run. What is told
 * otherwise than the policy says is none of that.
 */
const isOn = (doc: LaneDocument, weights: Weights): boolean => {
  const { outcome } = doc
  const isFor = isOnSame(doc, weights) && !isOther(doc)
  return isFor && hadBegun(doc) && (outcome === null || outcome.kind === 'succeeded')
}

/**
 * What comes of a version that is run on for something else, of which nobody knows yet whether it is that one's: nobody may agree to it, and what
 * is told otherwise is waited for to its end. Null: it has its own run.
 */
const besideRun = (doc: LaneDocument, weights: Weights): Decision | null => {
  if (doc.outcome !== null || !isOnSame(doc, weights)) return null
  const on = `a run on ${versionAt(weights.model, weights.version)} that`
  const detail = isOther(doc)
    ? `${on} is told otherwise than the policy says is not over: its own begins after that`
    : `${on} has not begun yet is there: it is that one’s once it does, else it has its own`
  return { kind: 'wait', reason: 'run-not-over', detail, until: null }
}

const isOther = ({ desired }: LaneDocument): boolean => isToldOtherwise((desired as TrainDesired | null)?.occasion)

/** Whether it is run on for something else than a version that is new. */
const isOnSame = ({ desired }: LaneDocument, { model, version, made }: Weights): boolean => {
  const now = occasionIn(desired, 'version') === null ? weightsIn(desired) : null
  return now?.model === model && now.version === version && now.made === made
}

type Seen = NonNullable<LaneDocument['versions']>

/**
 * Whether it came since the policy says so: by what whoever told of it says, by when it was made, and where that is not known, after the newest
 * that is. A tag may be set on an old one, which has its run once.
 */
const isNew = (
  { version }: VersionChanged,
  seen: Seen,
  { known, trigger, since }: { known: Seen | null; trigger: VersionTrigger; since: number },
): boolean => {
  const isTold = version !== null
  const isTagged = trigger.tag !== undefined
  const isSince = since > 0 && !isTagged ? seen.made > since : known !== null
  const isAfter = known === null || isLater(seen, known) || (isTagged && isTold)
  return (isTold || isSince) && isAfter
}

/** Numbers count up; of a model that was deleted and made again they begin anew, and it is made later. */
const isLater = (a: Seen, b: Seen): boolean => a.last > b.last || a.made > b.made

const seenIn = (facts: Facts, trigger: VersionTrigger): Seen => {
  const of = nameOfTrigger(trigger)
  if (facts.kind === 'none') return { of, last: 0, made: 0 }
  return { of, last: Number(facts.version) || 0, made: facts.kind === 'version' ? (facts.made ?? 0) : 0 }
}

const atOf = ({ model, version }: Pick<VersionChanged, 'model' | 'version'>): string =>
  version === null ? `versions of ${model}` : placeOfVersion(model, version)

/** The event that would point there. */
const eventOf = (
  name: string,
  { model, version }: Pick<VersionChanged, 'model' | 'version'>,
  now: number,
): VersionChanged => ({
  ...{ type: 'version-changed', id: 'look', at: now, model, version, tag: null, pipeline: name, replayed: false },
})
