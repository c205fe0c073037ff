import { describe, expect, it } from 'vitest'
import { kindOf, laneKinds } from '../../../core/lane-kinds/catalogue.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { reactions, reactionTo } from '../../../core/reactions/catalogue.ts'
import { contracts } from '../../../events/catalogue.ts'
import config from '../../example.ts'

const policy = parsePolicy(config)

describe('every reaction', () => {
  it('is the one to the event of its contract, which the catalogue of contracts lists', () => {
    for (const reaction of reactions) {
      expect(reactionTo(reactions, { type: reaction.contract.name })).toBe(reaction)
      expect(contracts).toContain(reaction.contract)
    }
    for (const type of ['', 'of-a-newer-release', 'plan-finished'])
      expect(reactionTo(reactions, { type })).toBeUndefined()
    expect(new Set(reactions.map(({ contract }) => contract.name)).size).toBe(reactions.length)
  })

  it('is about lanes of a kind that is in the catalogue, and finds again by resync what its events would say', () => {
    for (const { kind, resync, ruleOf } of reactions) {
      expect(laneKinds).toContain(kind)
      for (const ask of resync({ policy, now: 0, docOf: () => null })) {
        if (ask.kind !== 'event') continue
        const rule = ruleOf(ask.event, policy)
        expect(kindOf(laneKinds, rule?.lane ?? '')).toBe(kind)
      }
    }
  })
})
