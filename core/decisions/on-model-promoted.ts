import type { ModelPromoted } from '../../events/contract.ts'
import type { ServeDesired } from '../desired.ts'
import { digestOf } from '../digest.ts'
import type { Policy } from '../policy.ts'
import { promotionOf, signalAt } from '../promotion.ts'
import { type Decision, patience, type Rule, SOURCE_PATIENCE } from './decision.ts'

/** What the registry says of the promotion signal now. */
export type ModelFacts =
  | { kind: 'none' }
  | { kind: 'unreadable'; detail: string }
  | { kind: 'version'; version: string; source: string; runId: string | null; status: string; requester: string | null }

/** The model of the policy that this signal promotes; null when no rule is about it. */
export const modelRule = (
  { model: name, signal }: Pick<ModelPromoted, 'model' | 'signal'>,
  policy: Policy,
): Rule | null => {
  const model = Object.hasOwn(policy.models, name) ? policy.models[name] : undefined
  if (model === undefined) return null
  const promotion = promotionOf(model)
  if (promotion.kind !== signal.kind || promotion.name !== signal.name) return null
  return { lane: `serve/${name}`, name, mode: model.mode }
}

/** A promotion signal changed: serve what it says now. */
export const onModelPromoted = (
  event: ModelPromoted,
  facts: ModelFacts,
  { rule, now }: { rule: Rule; now: number },
): Decision => {
  if (event.replayed)
    return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
  const at = signalAt(event.model, event.signal)
  switch (facts.kind) {
    case 'unreadable':
      return patience(event.at, now, `the registry cannot tell what ${at} is: ${facts.detail}`)
    case 'none':
      return {
        kind: 'intend',
        detail: `${at} names no version`,
        intent: { desired: { kind: 'none', model: rule.name }, order: null, takeover: 'stop' },
      }
    case 'version':
      return onVersion(event, facts, { rule, now })
  }
}

const onVersion = (
  event: ModelPromoted,
  facts: ModelFacts & { kind: 'version' },
  { rule, now }: { rule: Rule; now: number },
): Decision => {
  const at = `${signalAt(event.model, event.signal)} is v${facts.version}`
  if (facts.status === 'PENDING_REGISTRATION')
    return {
      kind: 'wait',
      reason: 'registry-pending',
      detail: `${at}, still being registered`,
      until: now + SOURCE_PATIENCE,
    }
  if (facts.status !== 'READY')
    return {
      kind: 'ignore',
      reason: 'source-names-nothing-new',
      detail: `${at}, whose status is ${facts.status}: it cannot be served`,
    }
  return {
    kind: 'intend',
    detail: at,
    intent: { desired: serveDesired(rule.name, facts), order: null, takeover: 'stop' },
  }
}

/** A served version pinned: name, version, resolved source and run, with a digest over them. */
export const serveDesired = (
  model: string,
  facts: Omit<ModelFacts & { kind: 'version' }, 'kind' | 'status'>,
): ServeDesired => {
  const pinned = { model, version: facts.version, source: facts.source, runId: facts.runId }
  return { kind: 'serve', ...pinned, digest: digestOf(pinned), requester: facts.requester }
}
