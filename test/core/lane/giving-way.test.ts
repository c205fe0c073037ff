import { describe, expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { askedOfRun, keepsPlace, looksForNewer, replacingNow } from '../../../core/lane/giving-way.ts'
import type { View } from '../../../core/lane/view.ts'
import { desired } from '../training-fixture.ts'
import {
  ANA,
  approvedBy,
  asking,
  busy,
  docOf,
  free,
  HOUR,
  lookLetter,
  NOW,
  planRow,
  policy,
  policyWith,
  poor,
  running,
  runOf,
  SERVICE,
  seenWorld,
  viewOf,
  wanted,
} from './fixture.ts'

const newer: TrainDesired = { ...desired, version: 'cd'.repeat(32), key: 'support-chats/newer/manifest.json' }
const intentOf = (onNewer: 'finish' | 'stop', what: TrainDesired = newer) => ({ desired: what, order: 'p', onNewer })
const begun = runOf({ phase: 'steps', steps: [running({ touched: true })] })
const NO_MONEY = {
  kind: 'refused',
  reason: 'budget-exceeded',
  detail: 'it costs more than is left',
  at: NOW,
  against: 'x',
} as never
const seen = (doc: LaneDocument, over: Partial<View> = {}): View =>
  viewOf({ doc, policy: free, world: seenWorld, plan: planRow, ...over })

describe('what is newer ends what was paid for', () => {
  const asked = (over: Partial<View> = {}) => askedOfRun(seen(wanted({ run: begun }), over), intentOf('stop'))

  it('where it would begin at once, and waits behind it where it is refused, asked about, frozen or not known', () => {
    expect(asked()).toBe('stop')
    expect(asked({ world: poor })).toBe('finish')
    expect(asked({ policy })).toBe('finish')
    expect(asked({ frozenUntil: NOW + HOUR })).toBe('finish')
    expect(asked({ world: null })).toBe('finish')
  })

  it('where there is room for it beside what that gives back, and nobody else waits for it', () => {
    const inLine = { 'pool/gpu-train': 1 }
    expect(asked({ holds: { 'pool/gpu-train': { lane: 'pipeline/support-chats', amount: 1 } } })).toBe('stop')
    expect(asked({ world: busy })).toBe('finish')
    expect(asked({ lines: inLine })).toBe('finish')
    // Its own place in line is given back too.
    const line = { place: '1', since: 1, rooms: ['pool/gpu-train'], needs: {}, until: null }
    const waits = seen(wanted({ run: { ...begun, line } }), { lines: inLine })
    expect(askedOfRun(waits, intentOf('stop'))).toBe('stop')
  })

  it('never where Kueue lends the GPUs: nobody here knows to whom', () => {
    const lent = policyWith((given) => {
      given.approvals.autoApproveBelow = 1000
      given.pools!['gpu-train']!.queue = 'gpu'
    })
    expect([asked(), asked({ policy: lent })]).toEqual(['stop', 'finish'])
  })

  it('at once where nothing was paid for, and never where it is to let that finish', () => {
    const open = seen(wanted({ run: asking() }), { world: poor })
    expect(askedOfRun(open, intentOf('stop'))).toBe('stop')
    expect(askedOfRun(seen(wanted({ run: begun })), intentOf('finish'))).toBe('finish')
  })

  it('once it may, where it could not as it came', () => {
    const behind = wanted({ desired: newer, generation: 2, run: begun, onNewer: 'finish' })
    expect(replacingNow(seen(behind), intentOf('stop'))).toEqual({ ...behind, onNewer: 'stop' })
    expect(replacingNow(seen(behind, { world: poor }), intentOf('stop'))).toBeNull()
    expect(replacingNow(seen(wanted({ run: begun })), intentOf('stop', desired))).toBeNull()
  })
})

describe('what has begun nothing keeps its place', () => {
  const inLine = wanted({ run: runOf({ phase: 'waiting-for-room' }), approved: approvedBy() })
  const keeps = (doc: LaneDocument, over: Partial<View> = {}, what = newer) =>
    keepsPlace(seen(doc, over), intentOf('finish', what))

  it('beside what is refused on paper, or where nobody has looked; not beside what may begin', () => {
    for (const doc of [wanted({ run: asking() }), inLine]) {
      expect(keeps(doc, { world: poor })).toMatchObject({ kind: 'later', reason: 'run-not-over' })
      expect(keeps(doc, { world: null })).toMatchObject({ kind: 'later', reason: null })
      expect(keeps(doc)).toBeNull()
    }
  })

  it('beside what people are to be asked about where they have approved it; not where they are asked themselves', () => {
    expect(keeps(inLine, { policy })).toMatchObject({ kind: 'later', reason: 'run-not-over' })
    expect(keeps(wanted({ run: asking() }), { policy })).toBeNull()
  })

  it('beside what people are to be asked about where nobody need be asked about it, in line or behind a run', () => {
    const strangers = policyWith((given) => {
      given.approvals.autoApproveBelow = 1000
      given.approvals.unknownRequester = 'one-more'
    })
    const own: TrainDesired = { ...desired, requester: ANA, proven: true } as never
    const waits = wanted({ desired: own, run: runOf({ phase: 'waiting-for-room' }) })
    const behind = wanted({ desired: own, generation: 2, run: begun })
    for (const doc of [waits, behind]) {
      expect(keeps(doc, { policy: strangers })).toMatchObject({ kind: 'later', reason: 'run-not-over' })
      expect(keeps(doc, { policy: strangers }, { ...newer, requester: ANA, proven: true } as never)).toBeNull()
      expect(keeps(doc, { policy })).toBeNull()
    }
  })

  it('once it was refused for what passes, beside what stays refused then; not beside what is refused alike, nor where it would be refused for good itself', () => {
    const strangers = policyWith((given) => {
      given.approvals.autoApproveBelow = 1e6
      given.approvals.unknownRequester = 'refuse'
    })
    const own: TrainDesired = { ...desired, requester: ANA, proven: true } as never
    const refused = (what: TrainDesired) => docOf({ desired: what, generation: 1, outcome: NO_MONEY })
    const at = { policy: strangers, world: poor }
    expect(keeps(refused(own), at)).toMatchObject({ kind: 'later', reason: 'run-not-over' })
    expect(keeps(refused(own), { ...at, world: null })).toMatchObject({ kind: 'later', reason: null })
    expect(keeps(refused(own), at, { ...newer, requester: ANA, proven: true } as never)).toBeNull()
    expect(keeps(refused(desired), at)).toBeNull()
    // What the policy itself lowers passes as well.
    const lowered = policyWith((given) => {
      Object.assign(given.approvals, { autoApproveBelow: 1e6, unknownRequester: 'refuse' })
      given.pools!['gpu-train']!.maxGpus = 0
    })
    expect(keeps(refused(own), { policy: lowered })).toMatchObject({ kind: 'later', reason: 'run-not-over' })
  })

  it('not once it was refused, beside what people may be asked about', () => {
    const strangers = policyWith((given) => {
      given.approvals.autoApproveBelow = 1e6
      given.approvals.unknownRequester = 'one-more'
    })
    const own: TrainDesired = { ...desired, requester: ANA, proven: true } as never
    const refused = docOf({ desired: own, generation: 1, outcome: NO_MONEY })
    for (const world of [poor, seenWorld]) expect(keeps(refused, { policy: strangers, world })).toBeNull()
  })

  it('once it was refused, beside an occasion on the same, but for one that may begin where that may not', () => {
    const slot = { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' }
    const scheduled = { ...desired, requester: null, occasion: slot } as never
    const refused = docOf({ desired, generation: 1, outcome: NO_MONEY })
    for (const world of [poor, seenWorld])
      expect(keeps(refused, { world }, scheduled)).toMatchObject({ kind: 'later', reason: 'run-not-over' })
    const onOccasion = docOf({ desired: scheduled, generation: 1, outcome: NO_MONEY })
    expect(
      keeps(onOccasion, { world: poor }, { ...(scheduled as object), occasion: { ...slot, slot: NOW + 1 } } as never),
    ).toBeNull()
    const claimed = policyWith((given) => {
      given.approvals.autoApproveBelow = 1000
      given.approvals.unknownRequester = 'refuse'
    })
    expect(
      keeps(
        docOf({ desired: { ...desired, requester: null } as never, generation: 1, outcome: NO_MONEY }),
        { policy: claimed },
        scheduled,
      ),
    ).toBeNull()
  })

  it('once it was refused, beside a person who runs it by hand; not beside one that is told otherwise, nor where it waits for a person', () => {
    const refused = docOf({ desired, generation: 1, outcome: NO_MONEY })
    const hand = { kind: 'hand', id: 'r', at: NOW, by: ANA }
    const byHand = (occasion: object) => ({ ...desired, requester: ANA, occasion }) as unknown as typeof desired
    for (const world of [poor, seenWorld])
      expect(keeps(refused, { world }, byHand(hand))).toMatchObject({ kind: 'later', reason: 'run-not-over' })
    const small = byHand({ ...hand, set: { train: { args: [] } } })
    expect(keeps(refused, { world: poor }, small)).toBeNull()
    const parked = docOf({ desired, generation: 1, outcome: { ...(NO_MONEY as object), against: null } as never })
    expect(keeps(parked, { world: poor }, byHand(hand))).toBeNull()
  })

  it('once it was refused, not beside what is to run on another dataset: that is there no more', () => {
    const strangers = policyWith((given) => {
      given.approvals.unknownRequester = 'refuse'
    })
    const own: TrainDesired = { ...desired, requester: ANA, proven: true } as never
    const refused = docOf({ desired: own, generation: 1, outcome: NO_MONEY })
    const hand = { kind: 'hand', id: 'r', at: NOW, by: ANA }
    const claimed = { ...desired, version: 'z', key: 'support-chats/z/manifest.json', requester: ANA } as TrainDesired
    const at = { policy: strangers, world: poor }
    expect(keeps(refused, at, claimed as never)).toMatchObject({ kind: 'later' })
    expect(keeps(refused, at, { ...claimed, occasion: hand } as never)).toBeNull()
  })

  it('not where its own place says something else, nor once it has begun or ended', () => {
    expect(keeps(wanted({ run: asking() }), { world: poor }, { ...newer, key: desired.key })).toBeNull()
    const slot = { kind: 'schedule', slot: NOW, cron: '0 2 * * *', zone: 'UTC' }
    const timed = wanted({
      desired: { ...desired, occasion: slot } as never,
      run: runOf({ phase: 'waiting-for-room' }),
    })
    expect(keeps(timed, { world: poor }, { ...newer, key: desired.key })).toBeNull()
    expect(keeps(timed, { world: poor })).toMatchObject({ kind: 'later' })
    expect(keeps(wanted({ run: begun }), { world: poor })).toBeNull()
    expect(keeps(docOf(), { world: poor })).toBeNull()
  })
})

it('the world is looked at for that, and of what is to stand it is not', () => {
  const looks = (doc: LaneDocument, letters = 1) =>
    looksForNewer(viewOf({ doc, letters: Array.from({ length: letters }, (_, n) => lookLetter({ id: `l${n}` })) }))
  expect(looks(wanted({ run: asking() }))).toBe(true)
  expect([looks(docOf()), looks(docOf(), 2)]).toEqual([false, true])
  // The example lets what is under way finish: nothing depends on it.
  expect(looks(wanted({ run: begun }))).toBe(false)
  expect(looks(docOf({ lane: SERVICE }), 2)).toBe(false)
})
