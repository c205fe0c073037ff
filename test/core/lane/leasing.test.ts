import { describe, expect, it } from 'vitest'
import type { LeaseDesired } from '../../../core/desired.ts'
import { foldOfPool } from '../../../core/lane/leasing.ts'
import type { LeaseLetter } from '../../../core/lane/letters.ts'
import type { View } from '../../../core/lane/view.ts'
import type { ContributionRow } from '../../../core/pools/contribution.ts'
import { ANA, BEN, docOf, HOUR, NOW, policyWith, runOf, viewOf } from './fixture.ts'

const POOL = 'pool/gpu-train'
const policy = policyWith((config) => {
  Object.assign(config.pools['gpu-train'] ?? {}, { leases: { maxGpus: 16, maxHours: 12 } })
  config.approvals.operators = [{ id: ANA, name: 'Ana' }]
})
const letter = (over: Partial<LeaseLetter> = {}): LeaseLetter => ({
  ...{ kind: 'lease', does: 'take', id: '7.a', lane: POOL, at: NOW, due: NOW, by: ANA },
  ...{ gpus: 8, until: NOW + 6 * HOUR, more: null, of: null },
  ...over,
})
const ASKED: LeaseDesired = { kind: 'leased', asked: '6.a', gpus: 8, until: NOW + HOUR, requester: BEN }
const row = (over: Partial<ContributionRow> = {}): ContributionRow => ({
  ...{ kind: 'lease', lane: POOL, id: 'g1', gpus: 8, from: NOW - HOUR, until: NOW + HOUR, by: ANA },
  ...over,
})
const poolView = (over: Partial<View> = {}): View => viewOf({ doc: docOf({ lane: POOL }), policy, line: [], ...over })
const answer = (view: View, over: Partial<LeaseLetter> = {}) => {
  const change = foldOfPool(view, letter(over))
  expect(change.removed.map(({ id }) => id)).toEqual(['7.a'])
  const data = change.moments[0]?.data as { became: string; reason: string | null; detail: string; letters: string[] }
  expect(data.letters).toEqual(['7.a'])
  return { ...change, ...data }
}

describe('a person’s word about a lease', () => {
  it('is wanted as anything else is, asked for by a claim unless its source proves who says it', () => {
    const { doc, became } = answer(poolView())
    expect([became, doc.generation, doc.outcome]).toEqual(['recorded', 1, null])
    const wanted = { kind: 'leased', asked: '7.a', gpus: 8, until: NOW + 6 * HOUR, requester: ANA }
    expect(doc.desired).toEqual(wanted)
    expect(answer(poolView(), { proven: true }).doc.desired).toEqual({ ...wanted, proven: true })
  })

  it('about more time is of the lease that is meant, from its end or until a time', () => {
    const view = poolView({ contributions: [row()] })
    expect(answer(view, { does: 'extend', gpus: null, until: null, more: HOUR }).doc.desired).toMatchObject({
      ...{ gpus: 8, until: NOW + 2 * HOUR, of: 'g1' },
    })
    expect(answer(view, { does: 'extend', of: 'g1' }).doc.desired).toMatchObject({ until: NOW + 6 * HOUR, of: 'g1' })
  })

  it('about its end forgets it, and needs nobody’s word', () => {
    const view = poolView({ contributions: [row(), row({ id: 'g2' })] })
    expect(answer(view, { does: 'end' })).toMatchObject({
      ...{ reason: 'no-such-lease', contributions: [] },
      detail: expect.stringMatching(/several leases: name one of g1 \(8 GPUs until .*, g2 /),
    })
    expect(answer(view, { does: 'end', of: 'g2' })).toMatchObject({
      ...{ became: 'recorded', contributions: [{ row: { id: 'g2' }, gone: true }] },
      detail: expect.stringMatching(/what runs is finished/),
    })
    expect(answer(view, { does: 'end', of: 'g9' }).detail).toMatch(/has no lease g9: it has g1/)
    expect(answer(poolView(), { does: 'end' }).detail).toBe('nothing is leased of gpu-train')
  })

  it.each<[string, Partial<View>, Partial<LeaseLetter>, string]>([
    ['of who is no operator', {}, { by: BEN }, 'not-an-operator'],
    ['of a lane that is no pool', { doc: docOf(), line: null }, {}, 'not-configured'],
    ['of a pool that has left the policy', { doc: docOf({ lane: 'pool/gone' }) }, {}, 'not-configured'],
    ['beyond what is allowed', {}, { gpus: 24 }, 'lease-not-allowed'],
    ['while another is asked about', { doc: docOf({ lane: POOL, run: runOf({ desired: ASKED }) }) }, {}, 'in-progress'],
  ])('%s changes nothing and says why', (_, view, over, reason) => {
    const given = poolView(view)
    const { doc, became, reason: why, contributions, counts } = answer(given, over)
    expect([doc, became, why, contributions, counts]).toEqual([given.doc, 'refused', reason, [], [`refused:${reason}`]])
  })
})

it('word that something has moved has a pool look at its ceiling again, and is answered by nothing else', () => {
  const ceiling = { gpus: 16, at: NOW, by: 'me', fence: 4 }
  const goOn = { kind: 'go-on', id: '1', lane: POOL, at: NOW, due: NOW } as const
  const { doc, removed, moments } = foldOfPool(poolView({ doc: docOf({ lane: POOL, ceiling }) }), goOn)
  expect([doc.ceiling?.at, removed, moments]).toEqual([null, [goOn], []])
})
