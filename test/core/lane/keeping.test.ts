import { describe, expect, it } from 'vitest'
import { changed } from '../../../core/lane/change.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { atRest } from '../../../core/lane/keeping.ts'
import type { Outcome } from '../../../core/reasons.ts'
import type { PoolView } from '../../../core/world.ts'
import { emptyWorld, standing } from '../training-fixture.ts'
import { docOf, NOW, policyWith, SERVICE, served, viewOf } from './fixture.ts'

const baseline = { generation: 1, desired: served('7'), replicas: 2 }
const ended = (outcome: Outcome, generation = 2) => ({
  ...outcome,
  generation,
  attempt: 1,
  at: NOW,
  against: null,
  stages: [],
})
const FAILED = ended({ kind: 'failed', reason: 'gate', detail: 'too slow' })
/** v8 is wanted and has failed its gate; v7 stands. */
const parked = (over: Partial<LaneDocument> = {}): LaneDocument =>
  docOf({
    lane: SERVICE,
    ...{ desired: served('8'), generation: 2, attempt: 1, order: 'o', baseline, stands: { 'gpu-serve': 8 } },
    outcome: FAILED,
    ...over,
  })
const look = (
  doc: LaneDocument,
  {
    gone = true,
    onEdit,
    replicas = 2,
    others = 0,
  }: { gone?: boolean; onEdit?: 'tell'; replicas?: number; others?: number } = {},
) => {
  const generations = [{ ...standing(1, replicas), ready: replicas }]
  const world = { ...emptyWorld({ generations }), traffic: gone ? null : 1 }
  const pool = world.pools['gpu-serve'] as PoolView
  world.pools = { ...world.pools, 'gpu-serve': { ...pool, heldByOthers: pool.heldByOthers + others } }
  const parts = { kinds: gone ? (['Service'] as const) : [], objects: [] }
  const policy = policyWith(({ services = {} }) => {
    for (const rule of Object.values(services)) Object.assign(rule, onEdit && { onEdit })
  })
  return atRest(viewOf({ doc, policy, world: { ...world, parts } }), changed(doc))
}

describe('what serves while what is wanted has ended', () => {
  it('is set right where somebody has taken its Service: what is wanted is parked beside that', () => {
    const { doc, moments } = look(parked())
    expect(doc).toMatchObject({
      desired: { kind: 'kept', model: 'support-llama' },
      generation: 3,
      outcome: null,
      aside: { desired: { version: '8' }, generation: 2, order: 'o', outcome: FAILED },
      baseline,
    })
    expect(moments).toMatchObject([{ kind: 'decision', text: expect.stringContaining('nobody answers: somebody has deleted Service') }]) // biome-ignore format: a line
  })

  it.each<[string, Partial<LaneDocument>]>([
    ['stands as it was judged', {}],
    ['is planned with what is wanted', { outcome: ended({ kind: 'succeeded', reason: null, detail: '' }) }],
    ['is on its way back', { halfway: true }],
    ['is repeated by itself', { outcome: ended({ kind: 'failed', reason: 'node-lost', detail: '' }), attemptsLeft: 1 }],
  ])('is left alone where it %s', (what, over) => {
    const { doc } = look(parked(over), { gone: what !== 'stands as it was judged' })
    expect(doc.desired).toEqual(served('8'))
  })

  it('is told once where the policy only tells, and forgotten once somebody has set it right', () => {
    const told = look(parked(), { onEdit: 'tell' })
    expect(told.doc.desired).toEqual(served('8'))
    expect(told.tellings).toMatchObject([{ kind: 'note', card: { title: expect.stringContaining('somebody has deleted Service') } }]) // biome-ignore format: a line
    expect(look(told.doc, { onEdit: 'tell' }).tellings).toEqual([])
    expect(look(told.doc, { onEdit: 'tell', gone: false }).doc.keepsTold).toBeUndefined()
  })

  it('is tried once: what has failed waits for a person, or for whoever sets it right', () => {
    const begun = look(parked()).doc
    const failed = { ...begun, outcome: ended({ kind: 'failed', reason: 'conflict', detail: 'another sets it' }, 3) }
    expect(look(failed).doc).toMatchObject({ desired: { kind: 'kept' }, outcome: { reason: 'conflict' } })
    expect(look(failed, { gone: false }).doc).toMatchObject({ desired: served('8'), generation: 2, outcome: FAILED })
    const deleted = {
      ...failed,
      outcome: ended({ kind: 'failed', reason: 'deleted', detail: 'somebody has deleted it' }, 3),
    }
    expect(look(deleted).doc).toMatchObject({ outcome: null, aside: { generation: 2 } })
    // What asks nobody is no matter of what somebody has denied.
    const denied = { ...begun, outcome: ended({ kind: 'rejected', reason: null, detail: 'no' }, 3) }
    expect(look(denied).doc).toMatchObject({ outcome: null, aside: { generation: 2 } })
  })

  it('is led to again though its replicas had no room, or did not come: that costs nothing, and was not tried by it', () => {
    const begun = look(parked()).doc
    const refused = ended({ kind: 'refused', reason: 'would-deadlock', detail: 'no replica has room' }, 3)
    const failed = ended({ kind: 'failed', reason: 'not-healthy', detail: 'no node came' }, 3)
    const full = { replicas: 1, others: 16 }
    const own = look({ ...parked(), outcome: { ...refused, against: 'a' } }, full).doc
    expect(own).toMatchObject({ desired: { kind: 'kept' }, outcome: null })
    for (const outcome of [{ ...refused, against: 'as it was' }, { ...refused }, { ...failed, paid: true as const }]) {
      const { doc } = look({ ...begun, outcome }, full)
      expect(doc).toMatchObject({ outcome: null, aside: { generation: 2 } })
    }
    expect(look({ ...begun, outcome: failed }, full).doc).toMatchObject({ outcome: failed })
  })

  it('has no room for what somebody has taken of it: that is refused and told, once, and begins as soon as there is some', () => {
    const full = { gone: false, replicas: 1, others: 16 }
    const begun = look(parked(), full).doc
    expect(begun).toMatchObject({ desired: { kind: 'kept' }, outcome: null })
    const refused = ended({ kind: 'refused', reason: 'would-deadlock', detail: 'no replica has room' }, 3)
    const doc = { ...begun, outcome: { ...refused, against: 'as it was' } }
    expect(look(doc, full).doc).toBe(doc)
    expect(look(doc, { ...full, others: 0 }).doc).toMatchObject({ outcome: null, aside: { generation: 2 } })
  })

  describe('people have left it with fewer replicas', () => {
    const fewer = { gone: false, replicas: 1 }
    const no = { ...ended({ kind: 'rejected', reason: null, detail: 'no' }, 1), replicas: 2, stood: 1 }
    const left = parked({ desired: served('7'), generation: 1, outcome: no })

    it('stays so, and comes back once all were there again, or fewer are', () => {
      expect(look(left, fewer).doc).toMatchObject({ desired: served('7'), outcome: no })
      const all = look(left, { gone: false }).doc
      expect(all.outcome).toEqual({ ...no, stood: 2 })
      expect(look(all, fewer).doc).toMatchObject({ desired: { kind: 'kept' }, outcome: null })
      expect(look(left, { gone: false, replicas: 0 }).doc).toMatchObject({ desired: { kind: 'kept' }, outcome: null })
    })

    it('under its own name as well: an answer is about as many as stood', () => {
      const kept = look(parked(), fewer).doc
      const denied = { ...kept, outcome: { ...no, generation: 3 } }
      expect(look(denied, fewer).doc).toMatchObject({ outcome: { kind: 'rejected' } })
      expect(look(denied, { gone: false, replicas: 0 }).doc).toMatchObject({ outcome: null, aside: { generation: 2 } })
    })

    it('is told by no earlier release with how many: then some of it is as many', () => {
      const { stood: _, ...earlier } = no
      expect(look({ ...left, outcome: earlier }, fewer).doc.outcome).toEqual(earlier)
    })
  })
})
