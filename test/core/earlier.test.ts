import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../core/desired.ts'
import { endedBefore, type Left, leaves, writerBefore } from '../../core/earlier.ts'
import type { Ended } from '../../core/lane/ended.ts'
import { parsePolicy } from '../../core/policy.ts'
import example from '../../signalbox.config.ts'
import { desired, NOW } from './training-fixture.ts'

const policy = parsePolicy(example)
const of = (day: number): TrainDesired => ({
  ...desired,
  version: `v${day}`,
  key: `support-chats/${day}/manifest.json`,
})
const ended = (kind: Ended['kind'], detail = ''): Ended => ({
  ...{ kind, reason: null, detail, generation: 1, attempt: 1, at: NOW, against: null, stages: [] },
})
/** What is known after these days, each left for the next. */
const left = (...days: Ended['kind'][]): Left =>
  days.reduce<Left>(
    (known, kind, day) =>
      leaves(known, { desired: of(day), outcome: ended(kind, `day ${day}`) }, { next: of(day + 1), policy }),
    {},
  )

describe('what is remembered of dataset versions that are wanted no more', () => {
  it('is where the last three lay, and how the last twelve were ended by people', () => {
    const { earlier = [], saidBefore = [] } = left(...Array<'rejected'>(20).fill('rejected'))
    expect(earlier.map(({ key }) => key)).toEqual([19, 18, 17].map((day) => of(day).key))
    expect(saidBefore.map(({ version }) => version)).toEqual(Array.from({ length: 12 }, (_, n) => `v${19 - n}`))
  })

  it('is nothing of what failed; and what ended well takes the place of nothing that people have said', () => {
    expect(left('failed').saidBefore).toBeUndefined()
    const { saidBefore = [] } = left('rejected', 'succeeded', 'succeeded', 'succeeded', 'succeeded', 'succeeded')
    expect(saidBefore.map(({ version, again }) => [version, again])).toEqual([
      ['v0', 'rejected'],
      ...[5, 4, 3].map((day) => [`v${day}`, 'succeeded']),
    ])
  })

  it('is nothing of a place where another lies now, nor while the same is wanted for something else', () => {
    const was = { desired: of(1), outcome: ended('rejected') }
    expect(leaves({}, was, { next: { ...of(2), key: of(1).key } as never, policy })).toMatchObject({ saidBefore: [{}] })
    expect(leaves({}, was, { next: { ...of(2), key: of(1).key } as never, policy }).earlier).toBeUndefined()
    expect(leaves({}, was, { next: of(1), policy })).toEqual({})
    expect(leaves({}, { desired: { ...of(1), version: '' } as never, outcome: null }, { next: of(2), policy })).toEqual(
      {},
    )
  })

  it('is who asked for it, and whether that is proven', () => {
    const asked = { requester: 'T/ANA', proven: true as const }
    const was = { desired: { ...of(1), ...asked }, outcome: ended('rejected') }
    expect(leaves({}, was, { next: of(2), policy }).saidBefore).toEqual([expect.objectContaining(asked)])
  })

  it('is who is proven to have asked for it, though nothing was said of it, also behind a run for an occasion on it', () => {
    const own = { ...of(1), requester: 'T/ANA', proven: true as const }
    const was = (last: TrainDesired, outcome: Ended | null = null) => ({ desired: last, outcome })
    const known = leaves({}, was(own), { next: of(2), policy })
    expect([writerBefore(known, 'v1'), writerBefore(known, 'v2')]).toEqual(['T/ANA', null])
    expect(endedBefore(known, own)).toBeNull()
    expect(leaves({}, was({ ...own, proven: undefined } as never), { next: of(2), policy }).saidBefore).toBeUndefined()
    const drift = { ...own, requester: 'T/BEN', drift: { alert: 'a' } } as unknown as TrainDesired
    const behind = leaves({}, was(own), { next: drift, policy })
    expect(writerBefore(leaves(behind, was(drift), { next: of(2), policy }), 'v1')).toBe('T/ANA')
    expect(leaves({}, was(drift), { next: of(2), policy }).saidBefore).toBeUndefined()
    // The last three, beside what was said of others.
    const days = [3, 4, 5, 6].map((day) => ({ ...own, version: `v${day}` }))
    const all = days.reduce<Left>((last, day) => leaves(last, was(day), { next: of(9), policy }), left('rejected'))
    expect(all.saidBefore?.map(({ version }) => version)).toEqual(['v0', 'v6', 'v5', 'v4'])
  })

  it('is who wrote it, though a person has run it by hand since, until that has ended well', () => {
    const wrote = { requester: 'T/ANA', proven: true as const }
    const own = { ...of(1), ...wrote }
    const hand = { kind: 'hand', id: 'r', at: NOW, by: 'T/BEN' }
    const byHand = { ...of(1), requester: 'T/BEN', occasion: hand, again: 'rejected' } as TrainDesired
    for (const kind of ['rejected', 'refused'] as const) {
      const beside = leaves({}, { desired: own, outcome: ended(kind) }, { next: byHand, policy })
      expect(beside).toEqual({ saidBefore: [expect.objectContaining({ version: 'v1', again: kind, ...wrote })] })
      const after = leaves(beside, { desired: byHand, outcome: ended('cancelled') }, { next: of(2), policy })
      expect(after.saidBefore).toEqual([expect.objectContaining({ version: 'v1', again: 'rejected', ...wrote })])
      const well = { desired: byHand, outcome: ended('succeeded') }
      expect(leaves(beside, well, { next: { ...byHand, requester: null } as TrainDesired, policy }).saidBefore).toEqual(
        [],
      )
    }
    const same = { ...own, occasion: hand } as TrainDesired
    expect(leaves({}, { desired: own, outcome: ended('rejected') }, { next: same, policy })).toEqual({})
    expect(leaves({}, { desired: own, outcome: ended('succeeded') }, { next: byHand, policy })).toEqual({})
  })

  it('goes once a run on it has ended well', () => {
    const known = left('rejected')
    const { saidBefore } = leaves(known, { desired: of(0), outcome: ended('succeeded') }, { next: of(1), policy })
    expect(saidBefore).toEqual([expect.objectContaining({ version: 'v0', again: 'succeeded' })])
  })
})

describe('what people have ended', () => {
  it('stays so where it is wanted by itself again, in the words of whoever did', () => {
    expect(endedBefore(left('rejected'), of(0))).toEqual({ kind: 'rejected', detail: 'day 0' })
    expect(endedBefore(left('succeeded'), of(0))).toBeNull()
    expect(endedBefore(left('rejected'), of(1))).toBeNull()
    const slot = { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' } as const
    expect(endedBefore(left('rejected'), { ...of(0), occasion: slot })).toBeNull()
  })
})
