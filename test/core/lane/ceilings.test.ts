import { describe, expect, it } from 'vitest'
import {
  becauseOf,
  isLeftOver,
  isManaged,
  isOwnKnown,
  looksAgain,
  markedForLease,
  resizing,
  settleEndLeases,
  settleMarkCeiling,
  settleResized,
  untilResized,
} from '../../../core/lane/ceilings.ts'
import { contributionsAfter } from '../../../core/lane/contributions.ts'
import type { View } from '../../../core/lane/view.ts'
import type { Ceiling, ContributionRow } from '../../../core/pools/contribution.ts'
import example from '../../example.ts'
import { docOf, HOUR, NOW, policyWith, running, runOf, viewOf } from './fixture.ts'

const POOL = 'pool/gpu-train'
const policy = policyWith((config) => {
  Object.assign(config.pools['gpu-train'] ?? {}, { leases: { maxGpus: 16, maxHours: 12 } })
})
const lease = (over: Partial<ContributionRow> = {}): ContributionRow => ({
  ...{ kind: 'lease', lane: POOL, id: 'g1', gpus: 8, from: NOW - HOUR, until: NOW + HOUR, by: 'T0/U0' },
  ...over,
})
const set: Ceiling = { gpus: 16, at: NOW - HOUR, by: 'somebody', fence: 2 }
const poolView = (ceiling?: Ceiling, over: Partial<View> = {}): View =>
  viewOf({ doc: docOf({ lane: POOL, ...(ceiling && { ceiling }) }), policy, line: [], ...over })

describe('which ceilings a lane sees to', () => {
  it('is said by its policy, or by what it has set before; any other stays as it is', () => {
    expect(isManaged({}, null)).toBe(false)
    expect(isManaged({ leases: { maxGpus: 8, maxHours: 1 } }, null)).toBe(true)
    expect(isManaged({}, docOf({ lane: POOL, ceiling: set }))).toBe(true)
    expect(resizing(poolView(undefined, { policy: policyWith() }))).toBeNull()
    expect(resizing(viewOf({ policy }))).toBeNull()
    expect(resizing(poolView(set, { doc: docOf({ lane: 'pool/gone', ceiling: set }) }))).toBeNull()
  })
})

describe('a ceiling', () => {
  it('is marked before it is set, with the revision that its mark will have, and anew by whoever comes next', () => {
    expect(resizing(poolView())).toEqual({ kind: 'mark-ceiling', gpus: 16 })
    const view = poolView(set, { contributions: [lease()], fenceFrom: 100 })
    expect(resizing(view)).toEqual({ kind: 'mark-ceiling', gpus: 24 })
    const { doc } = settleMarkCeiling(view, 24)
    expect(doc.ceiling).toEqual({ gpus: 24, at: null, by: 'me', fence: 104, own: 16 })
    expect(resizing({ ...view, doc })).toEqual({ kind: 'resize' })
    expect(resizing({ ...view, doc, me: 'another' })).toEqual({ kind: 'mark-ceiling', gpus: 24 })
    // It has become another one in between.
    expect(resizing({ ...view, doc, contributions: [] })).toEqual({ kind: 'mark-ceiling', gpus: 16 })
  })

  it('that was read back is set, and told where it was another one', () => {
    const view = poolView({ ...set, at: null, by: 'me' })
    const same = settleResized(view, { kind: 'set', was: 16 })
    expect([same.doc.ceiling?.at, same.moments, resizing({ ...view, doc: same.doc })]).toEqual([NOW, [], null])
    const [told] = settleResized(view, { kind: 'set', was: null }).moments
    expect(told?.text).toBe('its ceiling is 16 GPUs, and was no limit: `maxGpus` of the policy say 16')
  })

  it('that is not set says why once, counts a right that is missing, and holds nobody up', () => {
    const view = poolView({ ...set, at: null, by: 'me' })
    const first = settleResized(view, { kind: 'not', why: 'no NodePool', right: true })
    expect([first.moments[0]?.text, first.counts, resizing({ ...view, doc: first.doc })]).toEqual([
      'its ceiling would be 16 GPUs and is not set: no NodePool',
      ['not-allowed:cluster'],
      null,
    ])
    const again = settleMarkCeiling({ ...view, doc: looksAgain(first.doc) }, 16)
    const second = settleResized({ ...view, doc: again.doc }, { kind: 'not', why: 'no NodePool' })
    expect([second.moments, second.doc.ceiling?.why]).toEqual([[], 'no NodePool'])
    const other = settleResized({ ...view, doc: again.doc }, { kind: 'set', was: 8 })
    expect(other.doc.ceiling).not.toHaveProperty('why')
  })

  it('in shadow is said to be its own again, where its lane had set it', () => {
    const shadow = policyWith((config) => Object.assign(config.pools['gpu-train'] ?? {}, { mode: 'shadow' }))
    const view = poolView({ ...set, gpus: 0, at: null, by: 'me' }, { policy: shadow })
    const first = settleResized(view, { kind: 'not', why: 'pools.gpu-train is in shadow', back: { was: 0 } })
    expect([first.moments.map(({ text }) => text), first.counts]).toEqual([
      [
        'its ceiling is 16 GPUs, and was 0 GPUs: in shadow it keeps to `maxGpus`',
        'its ceiling would be 0 GPUs and is not set: pools.gpu-train is in shadow',
      ],
      ['resized'],
    ])
    const again = { kind: 'not', why: 'pools.gpu-train is in shadow', back: { was: 16 } } as const
    expect(settleResized({ ...view, doc: looksAgain(first.doc) }, again).moments).toEqual([])
  })

  it('is looked at again once somebody may have moved it', () => {
    const doc = looksAgain(docOf({ lane: POOL, ceiling: set }))
    expect(resizing(poolView(set, { doc }))).toEqual({ kind: 'mark-ceiling', gpus: 16 })
    expect(looksAgain(docOf())).toEqual(docOf())
  })
})

describe('a lease that is over', () => {
  it('is forgotten, and what runs is said to be finished', () => {
    const over = lease({ until: NOW })
    const view = poolView(set, { contributions: [over, lease({ id: 'g2' })] })
    expect(resizing(view)).toEqual({ kind: 'end-leases' })
    const change = settleEndLeases(view)
    expect(change.contributions).toEqual([{ row: over, gone: true }])
    expect(change.moments[0]?.text).toMatch(/lease g1 of 8 GPUs has ended: what runs is finished/)
    expect(contributionsAfter(view.contributions, change).map(({ id }) => id)).toEqual(['g2'])
    expect(change.tellings).toMatchObject([
      {
        kind: 'note',
        card: { title: 'The lease g1 of 8 GPUs of gpu-train is over', lines: [expect.stringMatching(/finished/)] },
      },
    ])
  })

  it('of a pool that has left the policy too', () => {
    const view = poolView(set, { doc: docOf({ lane: 'pool/gone' }), contributions: [lease({ until: NOW })] })
    expect(resizing(view)).toEqual({ kind: 'end-leases' })
  })
})

it('a pool rests no longer than until its ceiling changes, and says what it is made of', () => {
  const rest = { why: 'done', text: 'nobody waits', since: NOW, until: null, side: null, tries: 1 } as const
  const view = poolView({ ...set, gpus: 24 }, { contributions: [lease()] })
  expect(becauseOf(view)).toBe('`maxGpus` of the policy say 16, and 8 are leased')
  expect(untilResized(view, rest)).toMatchObject({
    until: NOW + HOUR,
    text: 'its ceiling is 24 GPUs: `maxGpus` of the policy say 16, and 8 are leased; nobody waits',
  })
  expect(untilResized(view, { ...rest, until: NOW + 5 }).until).toBe(NOW + 5)
  expect(untilResized(viewOf(), rest)).toEqual(rest)
})

describe('of a pool that has left the policy', () => {
  const gone = policyWith((config) => {
    delete config.pools['gpu-train']
    Object.assign(config, { pipelines: {}, services: {}, approvals: config.approvals })
    config.pools['gpu-other'] = { ...example.pools['gpu-train'] } as never
  })
  const raised = { ...set, gpus: 24, own: 16 }

  it('what was raised is taken back, once, whoever dies meanwhile; from then on nobody of us says how high it goes', () => {
    const view = poolView(raised, { policy: gone, contributions: [lease()] })
    expect(resizing(view)).toEqual({ kind: 'mark-ceiling', gpus: 16 })
    const marked = settleMarkCeiling(view, 16).doc
    expect([marked.ceiling?.own, resizing({ ...view, doc: marked })?.kind]).toEqual([16, 'resize'])
    expect(resizing({ ...view, doc: marked, me: 'another' })?.kind).toBe('mark-ceiling')
    const away = settleResized({ ...view, doc: marked }, { kind: 'not', why: 'it is not answered', soon: true })
    expect([isLeftOver(away.doc), resizing({ ...view, doc: away.doc, now: NOW + HOUR - 1 })?.kind]).toEqual([
      true,
      'resize',
    ])
    const { doc, moments } = settleResized({ ...view, doc: marked }, { kind: 'set', was: 24 })
    expect(moments[0]?.text).toBe('its ceiling is 16 GPUs, and was 24 GPUs: the policy has no such pool')
    expect([isLeftOver(doc), doc.ceiling?.own, resizing({ ...view, doc: looksAgain(doc) })]).toEqual([
      false,
      undefined,
      null,
    ])
    // What was leased of it ends in its time.
    expect(untilResized({ ...view, doc }, { ...REST_OF, why: 'done' }).until).toBe(NOW + HOUR)
  })

  it('what others set, or what is gone, is theirs; and what was set no higher than its own stays', () => {
    const view = poolView({ ...raised, gpus: 16, at: null, by: 'me' }, { policy: gone })
    const { doc } = settleResized(view, { kind: 'not', why: 'there is no NodePool of its name', theirs: true })
    expect([isLeftOver(doc), resizing({ ...view, doc })]).toEqual([false, null])
    expect(resizing(poolView({ ...set, gpus: 8 }, { policy: gone }))).toBeNull()
    expect(resizing(poolView({ ...set, gpus: 24 }, { policy: gone }))).toBeNull()
  })

  it('is written down for what is higher than its own alone, also where an earlier release has set it', () => {
    const rule = policy.pools['gpu-train']
    expect([raised, { ...set, gpus: 24 }, { ...raised, own: 8 }, set].map((one) => isOwnKnown(one, rule))).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(resizing(poolView({ ...set, gpus: 24 }, { contributions: [lease()] }))?.kind).toBe('mark-ceiling')
    expect(resizing(poolView(raised, { contributions: [lease()] }))).toBeNull()
    const back = settleResized(poolView({ ...raised, gpus: 16, at: null, by: 'me' }), { kind: 'set', was: 24 })
    expect(back.doc.ceiling).not.toHaveProperty('own')
  })

  it('that somebody may have died over who set a lease is looked at, and goes back', () => {
    const view = poolView({ ...set, gpus: 8 })
    const marked = markedForLease(view)
    expect([marked.ceiling, resizing({ ...view, doc: marked })]).toEqual([
      { ...set, gpus: 8, own: 16 },
      { kind: 'mark-ceiling', gpus: 16 },
    ])
    const left = { ...view, doc: marked, policy: gone }
    expect([isLeftOver(marked), resizing(left)]).toEqual([true, { kind: 'mark-ceiling', gpus: 8 }])
    const back = settleResized({ ...left, doc: settleMarkCeiling(left, 8).doc }, { kind: 'set', was: 24 })
    expect([back.moments[0]?.text, resizing({ ...left, doc: back.doc })]).toEqual([
      'its ceiling is 8 GPUs, and was 24 GPUs: the policy has no such pool',
      null,
    ])
    // Where that cannot be set it is tried again, and not at once.
    const away = settleResized({ ...left, doc: settleMarkCeiling(left, 8).doc }, { kind: 'not', why: 'denied' })
    expect([isLeftOver(away.doc), resizing({ ...left, doc: away.doc })]).toEqual([true, null])
    expect(markedForLease(poolView()).ceiling).toBeUndefined()
  })

  it('a question that is open is left over too', () => {
    expect(isLeftOver({ run: runOf({ phase: 'asked' }) })).toBe(true)
    expect(isLeftOver({ run: runOf({ phase: 'steps', steps: [running()] }) })).toBe(false)
    expect(isLeftOver({ run: null })).toBe(false)
  })
})

const REST_OF = { text: 'nobody waits', since: NOW, until: null, side: null, tries: 1 } as const
