import type { ModelPromoted } from '../../events/contract.ts'
import { NAME } from '../../events/input.ts'
import { modelPromoted } from '../../events/model-promoted.ts'
import type { NoneDesired, ServeDesired } from '../desired.ts'
import { digestOf } from '../digest.ts'
import { laneName } from '../lane-kinds/kind.ts'
import { service } from '../lane-kinds/service.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import { modelOf, type Policy, type ServicePolicy } from '../policy.ts'
import { promotionOf, signalAt } from '../promotion.ts'
import { said, shortened } from '../text.ts'
import type { Decision, Reaction } from './reaction.ts'

/** What the registry says of the promotion signal now. */
export type ModelFacts =
  | { kind: 'none' }
  /** What lies at its address is not what was registered. */
  | { kind: 'changed'; version: string }
  | {
      kind: 'version'
      version: string
      source: string
      runId: string | null
      status: string
      requester: string | null
      /** Whether its tag says that it is an adapter. */
      adapter?: true
      /** Of an adapter the weights that it was trained on, as its tag says. */
      base?: string
      /** Among our own results, and nothing says what they were when they were registered: by a pipeline, or by nobody knows whom. */
      unpinned?: 'pipeline' | 'unknown'
      /** Whether a pipeline of this ledger has registered it after its gates, and its pin is what lies there. */
      ours?: true
      /** What lies there, where its registration says so and it is that still. */
      pin?: string
      /** When it was made, milliseconds since the epoch, and who made it; left out: the registry does not say. */
      made?: number
      by?: string
    }

/** A version in a sentence. Characters. */
const SHORT = 20

/** What a lane hears of its source. Characters. */
const DETAIL = 300

/** How long a pending registration is waited for. Milliseconds. */
export const REGISTRATION = 60 * 60_000

/** A promotion signal changed: serve what it says now. */
export const onModelPromoted: Reaction<ModelPromoted, ModelFacts> = {
  contract: modelPromoted,
  kind: service,
  ruleOf: (event, policy) => {
    if (elsewhere(event, policy) !== null) return null
    const { model, signal } = event
    const key = policy.found.bySignal.get(signalAt(model, signal))
    const rule = key === undefined ? undefined : policy.services[key]
    return key === undefined || rule === undefined ? null : service.ruleOf(policy, laneNameOf(key, rule))
  },
  // A tag that nothing is served by, and that begins pipelines, is their matter.
  each: (event, policy) => {
    const { model, signal } = event
    const isServed = policy.found.bySignal.has(signalAt(model, signal))
    return signal.kind === 'tag' && !isServed && policy.found.byVersion.has(model) ? [] : [event]
  },
  whyNoRule: (event, policy) => elsewhere(event, policy),
  at: ({ model, signal }) => signalAt(model, signal),
  look: ({ model }, { policy, rule }) => ({
    kind: 'promotion',
    model,
    promotion: promotionOf(ruleNamed(policy.services, rule.name)?.rule as ServicePolicy),
    results: policy.results,
  }),
  // By the signal that the rule names now. What is to be retired was read in the policy.
  whence: (desired, { policy, lane, now }) => {
    const rule = ruleNamed(policy.services, laneName(lane))?.rule
    if (rule === undefined || (desired.kind !== 'serve' && desired.kind !== 'none')) return null
    const { model } = desired as ServeDesired | NoneDesired
    return { type: 'model-promoted', id: 'again', at: now, model, signal: promotionOf(rule), replayed: false }
  },
  decide: (event, facts, { now }) => {
    const at = signalAt(event.model, event.signal)
    if (event.replayed)
      return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
    if (facts.kind === 'version') return onVersion(event, facts, now)
    const desired: NoneDesired = { kind: 'none', model: event.model }
    // Whoever was asked about its weights was asked about others: nothing of it begins or goes on.
    const detail =
      facts.kind === 'changed'
        ? `the weights of v${said(facts.version, SHORT)}, which ${at} is, are not what was registered: it cannot be served`
        : `${at} names no version`
    return { kind: 'intend', detail, intent: { desired, order: null, onNewer: 'stop' } }
  },
  resync: ({ policy, now }) =>
    Object.entries(policy.services).map(([key, rule]) => ({
      kind: 'event',
      event: {
        type: 'model-promoted',
        id: `resync-${now}`,
        at: now,
        model: modelOf(key, rule),
        signal: promotionOf(rule),
        replayed: false,
      } satisfies ModelPromoted,
    })),
}

/** The registry is asked in one workspace: what another one tells says nothing of what is there, though the names may be the same. */
const elsewhere = ({ model, signal, ...told }: ModelPromoted, policy: Policy): string | null =>
  ofOtherWorkspace(signalAt(model, signal), told, policy)

/** The same of anything that is told of the registry. */
export const ofOtherWorkspace = (
  what: string,
  { workspace }: Pick<ModelPromoted, 'workspace'>,
  { registry }: Policy,
): string | null =>
  workspace === undefined || registry === undefined || workspace === registry.workspace
    ? null
    : `${what} is of the workspace ${workspace}, and the policy’s registry.workspace is ${registry.workspace}`

const onVersion = (event: ModelPromoted, facts: ModelFacts & { kind: 'version' }, now: number): Decision => {
  const at = `${signalAt(event.model, event.signal)} is v${facts.version}`
  if (facts.status === 'PENDING_REGISTRATION')
    return {
      kind: 'wait',
      reason: 'registry-pending',
      detail: `${at}, still being registered`,
      until: Math.max(event.at, now - REGISTRATION) + REGISTRATION,
    }
  // What cannot be served is wanted all the same, and refused on paper: nothing older may begin while the registry names it.
  const desired = serveDesired(event.model, facts, whyUnfit(facts))
  return { kind: 'intend', detail: said(at, DETAIL), intent: { desired, order: null, onNewer: 'stop' } }
}

/** Longest word for a status. Characters. */
const STATUS = 40

/**
 * Why a version is of use to nobody, wherever its weights lie; null: it may be. What a registry says of it is kept in the lane's
 * document several times over, and an approval shows it: nothing longer than MLflow's own databases keep is, nor what is not seen (law 14).
 */
export const whyUnfit = ({ version, source, runId, base, status }: ModelFacts & { kind: 'version' }): string | null => {
  if (status !== 'READY') return `its status is ${said(status, STATUS) || 'empty'}`
  const texts: [string, string, number][] = [
    ['version', version, SHORT],
    ['source', source, SOURCE],
    ['run', runId ?? '', NAME],
    ['base', base ?? '', SOURCE],
  ]
  for (const [name, text, most] of texts) {
    if (text.length > most) return `its ${name} has more than ${most} characters`
    if (text.search(UNSEEN) >= 0) return `its ${name} has characters that are not seen`
  }
  return null
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu

/** As a document keeps it: what was cut or is not seen shows, so that it is never taken for the text itself. */
const kept = (text: string, most: number): string => shortened(text.replace(UNSEEN, '\ufffd'), most)

/** Longest address of weights: a bucket and the longest key of S3, and some. Characters. */
const SOURCE = 1200

/**
 * A served version pinned: name, version, resolved source and run, with a digest over them as they were said. `unfit`: why it
 * cannot be served.
 */
export const serveDesired = (
  model: string,
  facts: Omit<ModelFacts & { kind: 'version' }, 'kind' | 'status'>,
  unfit: string | null = null,
): ServeDesired => {
  const { requester, unpinned, ours, adapter, base } = facts
  const trained = { ...(adapter && { adapter }), ...(base !== undefined && { base }) }
  const pinned = { model, version: facts.version, source: facts.source, runId: facts.runId, ...trained }
  const known = { ...(unpinned && { unpinned }), ...(ours && { ours }) }
  if (unfit === null) return { kind: 'serve', ...pinned, digest: digestOf(pinned), requester, ...known }
  const texts = {
    version: kept(facts.version, SHORT),
    source: kept(facts.source, SOURCE),
    runId: facts.runId === null ? null : kept(facts.runId, NAME),
    ...(base !== undefined && { base: kept(base, SOURCE) }),
  }
  return { kind: 'serve', ...pinned, ...texts, unfit, digest: digestOf({ ...pinned, unfit }), requester }
}
