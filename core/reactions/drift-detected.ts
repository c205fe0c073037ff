import type { DriftDetected } from '../../events/contract.ts'
import { driftDetected } from '../../events/drift-detected.ts'
import { againOn, askedBefore, unjudged } from '../again.ts'
import { isOfPrometheus, type Still } from '../alerting.ts'
import type { Drift, TrainDesired } from '../desired.ts'
import { cardOf, coolsFrom, driftFor, driftOf, isCovered } from '../drift.ts'
import { milliseconds } from '../duration.ts'
import {
  again,
  aheadText,
  alertPlace,
  type Episode,
  type Episodes,
  hear,
  isOf,
  knownOf,
  lastTold,
  openEpisodes,
  sinceText,
  withEpisode,
} from '../episodes.ts'
import { hasBegun, type LaneDocument } from '../lane/document.ts'
import { laneOf, type Rule } from '../lane-kinds/kind.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import { service } from '../lane-kinds/service.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import type { Policy } from '../policy.ts'
import { plainTime } from '../text.ts'
import { type DatasetFacts, orderOf } from './dataset-uploaded.ts'
import { waiting, withTakenBack } from './drift-waits.ts'
import { insteadText, othersIn } from './newest-dataset.ts'
import type { Ask, Decision, Reaction } from './reaction.ts'

/** What is known of a drift beside the alert: the newest dataset version, where its lane knows of one. */
export type NewestDataset = DatasetFacts | { kind: 'nowhere' }
/** And whether it still fires, where somebody can be asked. */
export type DriftFacts = NewestDataset | AlertFacts
export interface AlertFacts {
  kind: 'alert'
  still: Still
  dataset: DatasetFacts
}

/** An alert says that a service drifts: its pipeline runs on the newest dataset version once more, once an episode. */
export const onDriftDetected: Reaction<DriftDetected, DriftFacts> = {
  contract: driftDetected,
  kind: pipeline,
  // The pipeline that the drift begins; where there is none the service hears of it, and tells.
  ruleOf: (event, policy) => {
    const watched = watchOf(event, policy)?.service
    if (watched === undefined) return null
    const key = policy.found.byDrift.get(watched)
    const begun = key === undefined ? undefined : policy.pipelines[key]
    if (key !== undefined && begun !== undefined) return pipeline.ruleOf(policy, laneNameOf(key, begun))
    const rule = policy.services[watched]
    return rule === undefined ? null : service.ruleOf(policy, laneNameOf(watched, rule))
  },
  whyNoRule: ({ alert }, { found }) =>
    found.byAlert.has(alert)
      ? `the alert ${alert} has not the labels that \`services.*.drift.alerts\` names with it`
      : `no service names the alert ${alert} in its \`drift.alerts\``,
  at: alertPlace,
  last: lastTold,
  look: (event, { policy, rule, doc, again }) => {
    const desired = doc.desired as TrainDesired | null
    if (event.state === 'resolved' || !isPipeline(rule) || desired === null) return { kind: 'nowhere' }
    const { bucket, key, version, named = [] } = desired
    const prefix = ruleNamed(policy.pipelines, rule.name)?.rule.on.dataset?.prefix ?? ''
    // What was read before was whole; whether it still is counts once it is to run.
    const at = { kind: 'manifest', bucket, key, prefix, ...othersIn(doc, { bucket, prefix }) } as const
    const dataset = again ? { ...at, known: [], beside: { version, objects: named } } : { ...at, known: [version] }
    const { alert, labels, since } = event
    return isOfPrometheus(event) ? { kind: 'alert', alert, labels, since, dataset } : dataset
  },
  whence: (desired, { now }) => {
    const drift = driftOf(desired)
    return drift === null ? null : again(drift, now)
  },
  decide: (event, facts, given) => {
    if (event.replayed)
      return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
    const ahead = aheadText(event, given.now)
    if (ahead !== null) return { kind: 'ignore', reason: 'time-ahead', detail: ahead }
    if (facts.kind !== 'alert') return decided(event, facts, given)
    // What its source says now counts (law 1): an end that nobody told of is one.
    const isOver = facts.still === 'over'
    const { now } = given
    return decided(isOver ? { ...event, state: 'resolved', at: now } : event, facts.dataset, { ...given, isOver })
  },
  resync: ({ policy, now, docOf }) =>
    [...policy.found.byDrift.values()].flatMap((key): Ask[] => {
      const rule = policy.pipelines[key]
      const doc = rule === undefined ? null : docOf(laneOf(pipeline, laneNameOf(key, rule)))
      return doc === null ? [] : askedAgain(doc, now)
    }),
}

const decided = (
  event: DriftDetected,
  facts: NewestDataset,
  { isOver = false, ...given }: Given & { isOver?: boolean },
): Decision => {
  const { policy, rule, doc } = given
  const told = ofRun(event, doc)
  const labels = watchOf(event, policy)?.labels ?? {}
  const known = knownOf(doc.episodes ?? {}, { ...told, labels })
  const heard = hear(known, told, labels)
  if (heard.kind === 'late')
    return {
      kind: 'ignore',
      reason: 'older-than-current',
      detail: `${event.alert} fires since ${plainTime(heard.known.since)} by now: what is told began ${plainTime(event.since)}`,
    }
  const episode = withTakenBack(heard, known, given)
  if (heard.kind === 'over')
    return {
      kind: 'ignore',
      reason: 'drift-over',
      detail: isOver
        ? `${event.alert} fires no more, as Prometheus says: nothing is begun for it`
        : `${event.alert} was resolved ${plainTime(episode.over ?? event.at)}: nothing is begun for it`,
      episodes: knowing(doc, episode),
    }
  const decision = isPipeline(rule) ? retrain(episode, facts, given) : toldAlone(episode, rule)
  // What is only written down in shadow had no run.
  if (rule.mode === 'shadow' && decision.kind === 'intend')
    return { ...decision, intent: { ...decision.intent, order: null }, episodes: knowing(doc, episode) }
  const begun = decision.kind === 'intend' || (decision.kind === 'ignore' && BEGUN.has(decision.reason))
  return { ...decision, episodes: knowing(doc, begun ? { ...episode, begun: true } : episode) }
}

const isPipeline = ({ lane, name }: Rule): boolean => lane === laneOf(pipeline, name)

/** Reasons after which nothing is to be begun for an episode any more. */
const BEGUN: ReadonlySet<string> = new Set(['already-done', 'drift-told'])

/** What fires anew before the run for its last episode is over, of whose end nobody told, is what that run is for. */
const ofRun = (event: DriftDetected, { desired, outcome, episodes = {} }: LaneDocument): DriftDetected => {
  const wanted = driftOf(desired)
  const isSame = wanted !== null && outcome === null && alertPlace(wanted) === alertPlace(event)
  const isOpen = isSame && episodes[alertPlace(event)]?.over === undefined
  return isOpen && event.since > wanted.since ? { ...event, since: wanted.since } : event
}

const knowing = ({ episodes = {} }: LaneDocument, episode: Episode): Episodes =>
  withEpisode(episodes, alertPlace(episode), episode)

/** The service that an alert is about, by its name in the policy, and the labels that say so; null: none. */
const watchOf = ({ alert, labels }: Pick<Drift, 'alert' | 'labels'>, { found }: Policy) =>
  found.byAlert
    .get(alert)
    ?.find((one) => Object.entries(one.labels).every(([name, value]) => labels[name] === value)) ?? null

/** No pipeline is begun by it: the channel hears of each episode, once. */
const toldAlone = (episode: Episode, { name }: Rule): Decision => {
  const detail = `${sinceText(episode)}: no pipeline has \`on.drift\` of ${name}, so it is told and nothing is begun`
  const tells = { key: `drift-${episode.fingerprint}-${episode.since}`, card: cardOf(episode, name) }
  return { kind: 'ignore', reason: 'drift-told', detail, ...(episode.begun === true ? {} : { tells }) }
}

interface Given {
  policy: Policy
  rule: Rule
  doc: LaneDocument
  now: number
}

/** Whether and when a pipeline runs for an alert that fires: once an episode, never beside another run, nor soon after one. */
const retrain = (episode: Episode, facts: NewestDataset, given: Given): Decision => {
  const { doc, policy } = given
  if (isOf(driftOf(doc.desired), episode)) return onDataset(episode, facts, given)
  if (episode.begun === true)
    return { kind: 'ignore', reason: 'already-done', detail: `${sinceText(episode)}, and had its run` }
  if (isCovered(episode, doc))
    return {
      kind: 'ignore',
      reason: 'already-done',
      detail: `${sinceText(episode)}, and what was begun ${plainTime(doc.since)} is for that too`,
    }
  const coolDown = milliseconds(policy.services[watchOf(episode, policy)?.service ?? '']?.drift?.coolDown ?? '24h')
  return waiting(episode, { ...given, coolDown }) ?? onDataset(episode, facts, given)
}

/** The newest dataset version as it is there now. */
const onDataset = (episode: Episode, facts: NewestDataset, { policy, rule, doc }: Given): Decision => {
  const none = (why: string): Decision => ({
    kind: 'ignore',
    reason: 'no-dataset',
    detail: `${sinceText(episode)}, and ${why}: upload a dataset, which begins ${rule.lane}`,
  })
  const wanted = doc.desired as TrainDesired | null
  if (facts.kind === 'nowhere' || wanted === null) return none('no dataset is known')
  const { bucket } = wanted
  const at = `s3://${bucket}/${wanted.key}`
  if (facts.kind === 'gone') return none(`${at} is not there any more`)
  if (facts.kind === 'bad') return none(`${at} cannot be read: ${facts.detail}`)
  if (facts.missingCount > 0) return none(`of ${at} ${facts.missing.join(', ')} is missing`)
  const { sha256: version, lastModified, etag, objects, bytes, named, instead } = facts
  const { key } = instead === undefined ? wanted : { key: instead }
  const desired: TrainDesired = {
    ...{ kind: 'train', dataset: rule.name, version, bucket, key, etag, objects, bytes, requester: null },
    ...(named === undefined ? {} : { named }),
    ...coolsFrom(doc),
  }
  const endedWell = doc.endedWell === pipeline.keyOf(desired) ? 'succeeded' : undefined
  const last = againOn(desired, doc, policy) ?? endedWell ?? unjudged(desired, doc, policy)
  const drift = driftFor(episode, doc, { last, version })
  // Where nobody knows who asks that has people asked of its own.
  const asked = policy.approvals.unknownRequester === 'anyone' ? askedBefore(desired, last, doc) : {}
  const replaces = ruleNamed(policy.pipelines, rule.name)?.rule.onNewer === 'replace'
  // After the dataset itself, and before the next one; what lies there in place of one that is gone moves the lane's order no more.
  const order =
    instead !== undefined
      ? null
      : `${orderOf(lastModified, key)} ${new Date(episode.since).toISOString()} ${episode.fingerprint}`
  return {
    kind: 'intend',
    detail: `${sinceText(episode)}${insteadText(facts, wanted)}`,
    intent: { order, onNewer: replaces ? 'stop' : 'finish', desired: { ...desired, ...asked, drift } as TrainDesired },
  }
}

/**
 * What goes on and had no run, and what was refused, lost its rule or has begun nothing: what stood in its way, or where it was read, may have
 * changed since.
 */
const askedAgain = (doc: LaneDocument, now: number): Ask[] => {
  const { kind = '', reason } = doc.outcome ?? {}
  const isOpen = doc.run !== null && !hasBegun(doc.run)
  const wanted = driftOf((isOpen ? doc.run?.desired : doc.desired) ?? null)
  const asks = isOpen || kind === 'refused' || reason === 'not-configured'
  const open = openEpisodes(doc.episodes ?? {}).filter((episode) => !isOf(wanted, episode))
  return [...open, ...(asks && wanted !== null ? [wanted] : [])].map((of) => ({ kind: 'event', event: again(of, now) }))
}
