import type { ModelPromoted } from '../../events/contract.ts'
import { NAME } from '../../events/input.ts'
import { modelPromoted } from '../../events/model-promoted.ts'
import type { NoneDesired, ServeDesired } from '../desired.ts'
import { digestOf } from '../digest.ts'
import { service } from '../lane-kinds/service.ts'
import { laneNameOf, ruleNamed } from '../policy/names.ts'
import { modelOf, type Policy, type ServicePolicy } from '../policy.ts'
import { promotionOf, signalAt } from '../promotion.ts'
import { said } from '../text.ts'
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
    }

/** A version in a sentence. Characters. */
const SHORT = 20

/** How long a pending registration is waited for. Milliseconds. */
const REGISTRATION = 60 * 60_000

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
  whyNoRule: (event, policy) => elsewhere(event, policy),
  at: ({ model, signal }) => signalAt(model, signal),
  look: ({ model }, { policy, rule }) => ({
    kind: 'promotion',
    model,
    promotion: promotionOf(ruleNamed(policy.services, rule.name)?.rule as ServicePolicy),
    results: policy.results,
  }),
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
const elsewhere = ({ model, signal, workspace }: ModelPromoted, { registry }: Policy): string | null =>
  workspace === undefined || registry === undefined || workspace === registry.workspace
    ? null
    : `${signalAt(model, signal)} is of the workspace ${workspace}, and the policy’s registry.workspace is ${registry.workspace}`

const onVersion = (event: ModelPromoted, facts: ModelFacts & { kind: 'version' }, now: number): Decision => {
  const at = `${signalAt(event.model, event.signal)} is v${facts.version}`
  if (facts.status === 'PENDING_REGISTRATION')
    return {
      kind: 'wait',
      reason: 'registry-pending',
      detail: `${at}, still being registered`,
      until: Math.max(event.at, now - REGISTRATION) + REGISTRATION,
    }
  if (facts.status !== 'READY')
    return {
      kind: 'ignore',
      reason: 'source-names-nothing-new',
      detail: `${at}, whose status is ${facts.status}: it cannot be served`,
    }
  const long = tooLong(facts)
  if (long !== null)
    return {
      kind: 'ignore',
      reason: 'source-names-nothing-new',
      detail: `${said(at, NAME)}, whose ${long}: it cannot be served`,
    }
  return {
    kind: 'intend',
    detail: at,
    intent: { desired: serveDesired(event.model, facts), order: null, onNewer: 'stop' },
  }
}

/**
 * What a registry says of a version is kept in the lane's document several times over, and an approval shows it: longer than
 * MLflow's own databases keep, or with characters that are not seen, it is nothing that could be served (law 14).
 */
const tooLong = ({ version, source, runId }: ModelFacts & { kind: 'version' }): string | null => {
  const texts = { version: [version, 20], source: [source, SOURCE], run: [runId ?? '', NAME] } as const
  for (const [name, [text, most]] of Object.entries(texts)) {
    if (text.length > most) return `${name} has more than ${most} characters`
    if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(text)) return `${name} has characters that are not seen`
  }
  return null
}

/** Longest address of weights: a bucket and the longest key of S3, and some. Characters. */
const SOURCE = 1200

/** A served version pinned: name, version, resolved source and run, with a digest over them. */
export const serveDesired = (
  model: string,
  facts: Omit<ModelFacts & { kind: 'version' }, 'kind' | 'status'>,
): ServeDesired => {
  const adapter = facts.adapter === true ? { adapter: true as const } : {}
  const pinned = { model, version: facts.version, source: facts.source, runId: facts.runId, ...adapter }
  return { kind: 'serve', ...pinned, digest: digestOf(pinned), requester: facts.requester }
}
