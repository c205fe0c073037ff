import { describe, expect, it } from 'vitest'
import { emptyDocument, type LaneDocument } from '../../../core/lane/document.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { awaitedFor, isWantedFor, occasionIn, wantedFor } from '../../../core/reactions/for-occasion.ts'
import example from '../../../signalbox.config.ts'
import { piped } from '../../variants.ts'
import { desired, NOW } from '../training-fixture.ts'

const hand = { kind: 'hand', id: 'r1', at: NOW, by: 'ana' } as const
const slot = { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' } as const
const wanted = { ...desired, occasion: hand }

describe('what is wanted for an occasion', () => {
  it('is known by its kind and its key', () => {
    expect([occasionIn(wanted, 'hand'), occasionIn(wanted, 'schedule'), occasionIn(null, 'hand')]).toEqual([
      hand,
      null,
      null,
    ])
    const lane = { desired: wanted }
    expect([isWantedFor(lane, hand), isWantedFor(lane, { ...hand, id: 'r2' }), isWantedFor(lane, slot)]).toEqual([
      true,
      false,
      false,
    ])
    expect(isWantedFor({ desired }, hand)).toBe(false)
    // Cancelled behind a run, it may be tried again.
    const aside = { desired: wanted } as unknown as NonNullable<LaneDocument['aside']>
    expect(isWantedFor({ desired, aside }, hand)).toBe(true)
  })

  it('is awaited of its own kind alone', () => {
    const policy = parsePolicy(example)
    const outcome = { kind: 'refused', reason: null } as ReturnType<typeof emptyDocument>['outcome']
    const doc = { ...emptyDocument(policy, 'pipeline/support-chats'), desired: wanted, outcome }
    expect([awaitedFor(doc, 'hand'), awaitedFor(doc, 'schedule'), awaitedFor(null, 'hand')]).toEqual([hand, null, null])
  })

  it('takes the place of what runs where the policy says that something newer does', () => {
    const config = { ...example, pipelines: { 'support-chats': piped({ onNewer: 'replace' }) } }
    const policy = parsePolicy(config)
    const rule = { lane: 'pipeline/support-chats', name: 'support-chats', mode: 'act' as const }
    const given = { policy, rule, doc: { ...emptyDocument(policy, rule.lane), desired } }
    const said = { facts: { kind: 'nowhere' } as const, detail: '', requester: null }
    expect(wantedFor(slot, said, given)).toMatchObject({ kind: 'intend', intent: { onNewer: 'stop', order: null } })
  })
})
