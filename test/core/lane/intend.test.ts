import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Desired, TrainDesired } from '../../../core/desired.ts'
import { cancelledBehind, leftBeside } from '../../../core/lane/before.ts'
import type { LaneDocument, Run } from '../../../core/lane/document.ts'
import { intend } from '../../../core/lane/intend.ts'
import { againstOf, pinned } from '../../../core/lane/planning.ts'
import { pipeline } from '../../../core/lane-kinds/pipeline.ts'
import { desired, emptyPool, emptyWorld, standing } from '../training-fixture.ts'
import {
  ANA,
  approvedBy,
  asking,
  docOf,
  NOW,
  planRow,
  policy,
  policyWith,
  questionOf,
  running,
  runOf,
  SERVICE,
  seenWorld,
  served,
  viewOf,
  wanted,
} from './fixture.ts'

const other: TrainDesired = { ...desired, version: 'cd'.repeat(32) }
const intentOf = (what: Desired, order: string | null = 'p', onNewer: 'finish' | 'stop' = 'finish') => ({
  desired: what,
  order,
  onNewer,
})
const outcome = (over: Partial<NonNullable<LaneDocument['outcome']>> = {}): LaneDocument['outcome'] => ({
  kind: 'failed',
  reason: 'exit-code',
  detail: 'x',
  generation: 1,
  attempt: 1,
  at: NOW,
  against: null,
  stages: [],
  ...over,
})
type Over = Parameters<typeof viewOf>[0]
const wants = (doc: LaneDocument, intent = intentOf(desired), over: Over = {}) =>
  intend(viewOf({ doc, ...over }), intent, { kept: {} })
const reason = (...given: Parameters<typeof wants>) => {
  const answer = wants(...given)
  return answer.kind === 'ignore' ? answer.reason : answer.kind
}

describe('a new desired state', () => {
  it('is the next generation’s first attempt, with nothing of the last: no approval, no kept step, no outcome', () => {
    const before = wanted({
      generation: 3,
      attempt: 4,
      attemptsLeft: 0,
      kept: [{ step: 'train', key: 'k', row: 'r' }],
      approved: { question: questionOf(), spent: 9, begun: true },
      outcome: outcome(),
      held: { reason: 'held-failed', detail: '', at: 0 },
    })
    const answer = wants(before, intentOf(other, 'p', 'stop'))
    expect(answer).toMatchObject({ kind: 'want', why: 'the desired state changed' })
    expect(answer.kind === 'want' && answer.doc).toMatchObject({
      generation: 4,
      attempt: 1,
      desired: other,
      order: 'p',
      onNewer: 'stop',
      attemptsLeft: policy.retries,
      kept: [],
      approved: null,
      outcome: null,
      held: null,
      since: NOW,
    })
  })

  it('leaves the run under way, and what it returns to, alone', () => {
    const baseline = { generation: 1, desired, replicas: 2 }
    const before = wanted({ run: runOf(), baseline })
    const answer = wants(before, intentOf(other))
    expect(answer.kind === 'want' && [answer.doc.run, answer.doc.baseline]).toEqual([before.run, baseline])
  })

  it('that served before, while one that has no run was to take the place of another: that one goes back first', () => {
    const baseline = { generation: 1, desired: served('7'), replicas: 2 }
    const over = { lane: SERVICE, desired: served('9'), generation: 3, attempt: 1, baseline }
    const goes = (version: string, halfway: boolean) => {
      const answer = wants(docOf({ ...over, halfway }), intentOf(served(version), null))
      return answer.kind === 'want' ? answer.doc.run : answer
    }
    expect(goes('7', true)).toMatchObject({ generation: 3, ending: { kind: 'superseded' } })
    expect([goes('8', true), goes('7', false)]).toEqual([null, null])
  })

  it.each<[string, string | null, string | null, string]>([
    ['an older order', 'b', 'a', 'older-than-current'],
    ['the same order: the same source written again in one second', 'b', 'b', 'want'],
    ['a newer order', 'b', 'c', 'want'],
    ['a source that orders nothing', 'b', null, 'want'],
    ['a lane that was never ordered', null, 'a', 'want'],
  ])('with %s', (_, standing, given, expected) => {
    expect(reason(wanted({ order: standing }), intentOf(other, given))).toBe(expected)
  })

  it('of the same version says nothing new, whoever asked for it and however it came', () => {
    const again = { ...desired, requester: 'T0SIGNAL/U0OTHER', etag: 'e9', key: 'support-chats/other/manifest.json' }
    expect(reason(wanted(), intentOf(again))).toBe('in-progress')
  })

  it('of the same version elsewhere moves its order alone while it is under way or over, and its place with another attempt', () => {
    const again = { ...desired, etag: 'e9', key: 'support-chats/other/manifest.json' }
    const at = (over: Partial<LaneDocument>, order = 'p') =>
      wants(wanted({ order: 'o', ...over }), intentOf(again, order))
    for (const over of [{}, { outcome: outcome() }, { outcome: outcome({ kind: 'succeeded', reason: null }) }])
      expect(at(over)).toMatchObject({ kind: 'ignore', doc: { order: 'p', desired } })
    expect(at({}, 'a')).not.toHaveProperty('doc')
    for (const over of [
      { kind: 'superseded', reason: null },
      { kind: 'cancelled', reason: 'not-configured' },
    ] as const) {
      const answer = at({ outcome: outcome(over) })
      expect(answer).toMatchObject({
        kind: 'want',
        doc: { attempt: 2, order: 'p', desired: { key: again.key, etag: 'e9' } },
      })
      expect(at({ outcome: outcome(over) }, 'a')).toMatchObject({ reason: 'older-than-current' })
    }
  })

  it('that is done with says nothing new once what came after it is gone, until it is written anew', () => {
    const doneWith = { order: 'm', key: pipeline.keyOf(other) }
    const doc = wanted({ order: 'm', doneWith, outcome: outcome({ kind: 'superseded', reason: null }) })
    expect([reason(doc, intentOf(other, 'm')), reason({ ...doc, order: 'n' }, intentOf(other, 'o'))]).toEqual([
      'already-done',
      'want',
    ])
  })

  it('of none is nothing to do for a lane that never wanted anything', () => {
    const none = { kind: 'none', model: 'support-llama' } as Desired
    expect(reason(docOf({ lane: SERVICE }), intentOf(none, null))).toBe('source-names-nothing-new')
    expect(
      reason(docOf({ lane: SERVICE, desired: served('8'), generation: 1, attempt: 1 }), intentOf(none, null)),
    ).toBe('want')
  })
})

describe('what the run under way carries out is wanted again, though something else came between', () => {
  const works = (over: Partial<LaneDocument> = {}): LaneDocument => {
    const steps = [running()]
    const run = runOf({ phase: 'steps', steps, ...over.run })
    return wanted({ order: 'o', attemptsLeft: 0, kept: [{ step: 'train', key: 'k', row: 'r' }], ...over, run })
  }
  const cameBetween = (doc: LaneDocument): LaneDocument => {
    const answer = wants(doc, intentOf(other))
    if (answer.kind === 'ignore' || answer.kind === 'later') throw new Error(answer.detail)
    return answer.doc
  }
  const last: TrainDesired = { ...desired, version: 'ef'.repeat(32) }
  const ending = (kind: 'cancelled' | 'failed' | 'superseded') => ({ ending: { kind, reason: null, detail: '' } })

  it.each<[string, Partial<Run>]>([
    ['goes on', {}],
    ['was told to stop', { cancelled: { by: 'c', at: NOW } }],
    ['is being cancelled', ending('cancelled')],
    ['is failing', ending('failed')],
  ])('as if that had never come, while its run %s', (_, run) => {
    const doc = works({ approved: approvedBy({ begun: true, spent: 9 }), run: runOf(run) })
    const answer = wants(cameBetween(doc), intentOf(desired, 'q', 'stop'))
    expect(answer).toEqual({
      kind: 'note',
      doc: { ...doc, redo: [], order: 'q', onNewer: 'stop', newest: 2 },
      detail: expect.stringMatching(/^it is wanted again while its run goes on; .* is already being carried out$/),
    })
  })

  it('and whatever comes next has a generation that nothing else had', () => {
    const again = wants(cameBetween(works()), intentOf(desired))
    const third = again.kind === 'note' ? wants(again.doc, intentOf(last)) : again
    expect(third).toMatchObject({ kind: 'want', doc: { generation: 3, before: { generation: 1 } } })
    expect(third.kind === 'want' && third.doc).not.toHaveProperty('newest')
  })

  it('as another generation where its run gives way, with what that has finished', () => {
    const doc = works({ approved: approvedBy({ begun: true }) })
    const between = { ...cameBetween(doc), run: { ...doc.run, ...ending('superseded') } as Run }
    const answer = wants(between, intentOf(desired))
    expect(answer).toMatchObject({ kind: 'want', doc: { generation: 3, attempt: 1, kept: doc.kept, approved: null } })
    expect(answer.kind === 'want' && answer.doc).not.toHaveProperty('before')
  })

  it('with who asked, where that is proven now', () => {
    const proven: TrainDesired = { ...desired, requester: ANA, proven: true }
    expect(wants(cameBetween(works()), intentOf(proven))).toMatchObject({
      kind: 'note',
      doc: { generation: 1, desired: proven },
      detail: expect.stringContaining('who asked is proven now'),
    })
  })

  it('not by an older order', () => {
    expect(reason(cameBetween(works()), intentOf(desired, 'a'))).toBe('older-than-current')
  })
})

describe('what was cancelled behind a run', () => {
  const before = wanted({ run: runOf({ phase: 'steps', steps: [running()] }) })
  const doc = cancelledBehind(
    {
      ...wanted({ desired: other, generation: 2, order: 'p', run: before.run }),
      ...leftBeside(before, { onNewer: 'finish', now: NOW }),
    },
    outcome({ kind: 'cancelled', reason: null, generation: 2 }) as NonNullable<LaneDocument['outcome']>,
  )
  const failed = { ...doc, run: null, outcome: outcome() }
  const last: TrainDesired = { ...desired, version: 'ef'.repeat(32) }

  it('stays so though its source says it again, while the run goes on and once that has failed', () => {
    for (const at of [doc, failed])
      for (const order of ['p', 'q'])
        expect(wants(at, intentOf(other, order))).toMatchObject({
          kind: 'ignore',
          reason: 'held-cancelled',
          detail: expect.stringContaining('generation 2, which came since, was cancelled'),
        })
  })

  it('is nothing to what is new, also where that came before it', () => {
    expect(reason(failed, intentOf(last, 'a'))).toBe('older-than-current')
    for (const order of ['oo', 'q']) {
      const answer = wants(failed, intentOf(last, order))
      expect(answer).toMatchObject({ kind: 'want', doc: { generation: 3, order } })
      expect(answer.kind === 'want' && answer.doc).not.toHaveProperty('aside')
    }
  })

  it('is forgotten once the source says that what runs is newer, and new when it says it again', () => {
    expect(wants(doc, intentOf(desired, 'o'))).toMatchObject({ kind: 'ignore', reason: 'in-progress' })
    const answer = wants(doc, intentOf(desired, 'q'))
    expect(answer).toMatchObject({ kind: 'note', doc: { generation: 1, order: 'q' } })
    const after = answer.kind === 'note' ? answer.doc : doc
    expect(after).not.toHaveProperty('aside')
    expect(wants(after, intentOf(other, 'r'))).toMatchObject({ kind: 'want', doc: { generation: 3 } })
  })
})

describe('the same desired state', () => {
  it.each<[string, Partial<LaneDocument>, string]>([
    ['under way', {}, 'in-progress'],
    ['a run-once success is final', { outcome: outcome({ kind: 'succeeded', reason: null }) }, 'already-done'],
    ['failed for good', { outcome: outcome() }, 'held-failed'],
    ['failed by what another attempt may cure', { outcome: outcome({ reason: 'node-lost' }) }, 'in-progress'],
    [
      'failed by that, with no attempt left',
      { outcome: outcome({ reason: 'node-lost' }), attemptsLeft: 0 },
      'attempts-exhausted',
    ],
    ['denied', { outcome: outcome({ kind: 'rejected', reason: null }) }, 'held-rejected'],
    ['expired', { outcome: outcome({ kind: 'expired', reason: null }) }, 'held-expired'],
    ['cancelled', { outcome: outcome({ kind: 'cancelled', reason: null }) }, 'held-cancelled'],
    ['superseded, and wanted again', { outcome: outcome({ kind: 'superseded', reason: null }) }, 'want'],
  ])('%s: %s', (_, doc, expected) => {
    expect(reason(wanted({ attemptsLeft: 1, ...doc }))).toBe(expected)
  })

  it('that was superseded and is wanted again is another attempt', () => {
    const answer = wants(wanted({ outcome: outcome({ kind: 'superseded', reason: null }) }))
    expect(answer.kind === 'want' && [answer.doc.generation, answer.doc.attempt, answer.doc.outcome]).toEqual([
      1,
      2,
      null,
    ])
  })
})

describe('who asked is proven, and was only claimed', () => {
  const proven: TrainDesired = { ...desired, requester: ANA, proven: true }
  const proves = (doc: Partial<LaneDocument>) => wants(wanted(doc), intentOf(proven))
  const kept = [{ step: 'train', key: 'k', row: 'r' }]
  const again = (over: Partial<Run>, attempt: number): Run => ({ ...runOf(over), attempt })

  it.each([1, 2])(
    'begins attempt %i anew while nothing of it has begun: nobody’s yes to the claim counts',
    (attempt) => {
      const waits: Partial<LaneDocument>[] = [
        { run: again(asking(), attempt) },
        { run: again({ phase: 'planned' }, attempt), approved: approvedBy() },
        { run: again({ phase: 'waiting-for-room' }, attempt), approved: approvedBy() },
        {
          run: again({ phase: 'steps', steps: [running({ state: 'pending', by: null })] }, attempt),
          approved: approvedBy(),
        },
      ]
      for (const doc of waits)
        expect(proves({ ...doc, attempt, kept })).toMatchObject({
          kind: 'want',
          doc: { generation: 1, attempt: attempt + 1, desired: proven, approved: null, kept, run: doc.run },
        })
    },
  )

  it('asks nobody again under what has begun, since that was paid for', () => {
    const approved = approvedBy({ begun: true, spent: 9 })
    const waits = { attempt: 2, run: again({ phase: 'waiting-for-room' }, 2) }
    expect(proves({ ...waits, approved })).toMatchObject({ kind: 'want', doc: { attempt: 3, approved } })
    const works = { run: runOf({ phase: 'steps', steps: [running()] }), approved }
    expect(proves(works)).toMatchObject({ kind: 'note', doc: { ...works, attempt: 1, desired: proven } })
  })

  it.each<[string, LaneDocument['approved'], LaneDocument['approved']]>([
    ['has begun nothing goes', approvedBy(), null],
    ['has begun stays', approvedBy({ begun: true }), approvedBy({ begun: true })],
  ])(
    'is written down where the attempt is over, and says that it stays so: what was approved and %s',
    (_, before, left) => {
      expect(proves({ outcome: outcome({ kind: 'cancelled', reason: null }), approved: before })).toEqual({
        kind: 'note',
        doc: expect.objectContaining({ attempt: 1, desired: proven, approved: left }),
        detail: expect.stringMatching(/^who asked is proven now; generation 1 was cancelled; it stays so until /),
      })
    },
  )

  it('starts what it would start if it were said again, and another attempt at what was refused', () => {
    const ends = [
      outcome({ kind: 'refused', reason: 'requester-unknown' }),
      outcome({ kind: 'cancelled', reason: 'not-configured' }),
    ]
    for (const ended of ends) expect(proves({ outcome: ended })).toMatchObject({ kind: 'want', doc: { attempt: 2 } })
  })

  it('takes back no cancel and no denial that is on its way', () => {
    const stops = [runOf({ cancelled: { by: 'c', at: NOW } }), asking({ state: 'rejected' })]
    for (const run of stops) expect(proves({ run })).toMatchObject({ kind: 'note', doc: { attempt: 1, run } })
  })
})

describe('what was refused', () => {
  const full = emptyWorld({ dollars: { spent: 20_000, held: 0 } })
  const refusedBy = (world: typeof full) =>
    wanted({ outcome: outcome({ kind: 'refused', reason: 'budget-exceeded', against: againstOf(viewOf({ world })) }) })

  it('stays so while what refused it does, and says why', () => {
    expect(wants(refusedBy(full), intentOf(desired), { world: full })).toMatchObject({
      kind: 'ignore',
      reason: 'held-refused',
      detail: expect.stringContaining('ml-monthly'),
    })
    expect(reason(refusedBy(full), intentOf(desired), { world: null })).toBe('held-refused')
  })

  it('starts once that has changed', () => {
    const answer = wants(refusedBy(full), intentOf(desired), { world: seenWorld })
    expect(answer.kind === 'want' && [answer.doc.attempt, answer.why]).toEqual([2, 'it would no longer be refused'])
  })

  it('starts nothing where only the release has: it says that it would pass', () => {
    expect(reason(refusedBy(seenWorld), intentOf(desired), { world: seenWorld })).toBe('would-pass-now')
  })
})

describe('a standing lane that has succeeded', () => {
  const doc = (over: Partial<LaneDocument> = {}) =>
    docOf({
      lane: SERVICE,
      desired: served('8'),
      generation: 1,
      attempt: 1,
      attemptsLeft: 2,
      outcome: outcome({ kind: 'succeeded', reason: null }),
      ...over,
    })

  it('wants another attempt where the world no longer agrees, within its budget', () => {
    const answer = wants(doc(), intentOf(served('8'), null), { world: emptyWorld() })
    expect(answer.kind === 'want' && [answer.doc.attempt, answer.doc.attemptsLeft]).toEqual([2, 1])
    expect(reason(doc({ attemptsLeft: 0 }), intentOf(served('8'), null), { world: emptyWorld() })).toBe(
      'attempts-exhausted',
    )
  })

  it('wants a generation of its own of what its pods are changed to, whatever attempts are left', () => {
    const stood = emptyWorld({ generations: [{ ...standing(1, 2), digest: 'of other pods' }] })
    const answer = wants(doc({ attemptsLeft: 0 }), intentOf(served('8'), null), { world: stood })
    expect(answer).toMatchObject({ kind: 'want', why: 'what its pods are wanted to be has changed' })
  })

  it('is already true where it stands and is not ready for a while, and says so', () => {
    const none = { kind: 'none', model: 'support-llama' } as Desired
    const baseline = { generation: 1, desired: served('7'), replicas: 2 }
    const world = emptyWorld({ generations: [{ ...standing(1, 2), ready: 1 }] })
    expect(wants(doc({ desired: none, baseline }), intentOf(none, null), { world })).toMatchObject({
      kind: 'ignore',
      reason: 'already-true',
      detail: expect.stringContaining('stands alone with 2 replicas, 1 of 2 ready'),
    })
  })

  it('is already true where nobody has looked, or nothing is to be done', () => {
    expect(reason(doc(), intentOf(served('8'), null))).toBe('already-true')
    const none = { kind: 'none', model: 'support-llama' } as Desired
    expect(reason(doc({ desired: none }), intentOf(none, null), { world: emptyWorld() })).toBe('already-true')
  })
})

describe('what was denied or failed is of the template of its pods alone', () => {
  const at = { lane: SERVICE, desired: served('8'), generation: 2, attempt: 2, attemptsLeft: 0, newest: 3 }
  const another = policyWith(({ services }) => {
    services!['support-llama']!.args = ['--seed=7']
  })
  const templateOf = (doc: LaneDocument): string => {
    const { kind, identity } = viewOf({ doc })
    return kind.templateOf?.({ identity, policy, run: doc, desired: doc.desired!, baseline: null }) ?? ''
  }
  const ended = (over: Parameters<typeof outcome>[0] = {}) =>
    docOf({ ...at, approved: approvedBy(), outcome: outcome({ template: templateOf(docOf(at)), ...over }) })
  const ends = (['failed', 'rejected', 'expired', 'cancelled', 'refused'] as const).map((kind) => [kind] as const)

  it.each(ends)('%s: it stays so with the same, and another is a new desired state', (kind) => {
    const doc = ended({ kind })
    expect(wants(doc, intentOf(served('8'), null)).kind).toBe('ignore')
    const answer = wants(doc, intentOf(served('8'), null), { policy: another })
    expect(answer).toMatchObject({
      kind: 'want',
      why: 'what its pods are wanted to be has changed',
      doc: {
        generation: 4,
        attempt: 1,
        attemptsLeft: policy.retries,
        approved: null,
        outcome: null,
        desired: at.desired,
      },
    })
  })

  it('stays as it is where nobody wrote down which that was: a release starts nothing by itself', () => {
    const { template: _, ...older } = ended({ kind: 'rejected', reason: null }).outcome!
    expect(reason(docOf({ ...at, outcome: older }), intentOf(served('8'), null), { policy: another })).toBe(
      'held-rejected',
    )
  })
})

describe('over any history of intents', () => {
  it('generations only grow, by one; attempts restart at 1 with each; and the order never falls', () => {
    const intent = fc.record({
      desired: fc.constantFrom(
        ...['a', 'b', 'c'].map((letter): TrainDesired => ({ ...desired, version: letter.repeat(64) })),
      ),
      order: fc.option(fc.constantFrom('1', '2', '3', '4')),
      onNewer: fc.constantFrom<'finish' | 'stop'>('finish', 'stop'),
    })
    const ending = fc.option(
      fc.record({
        kind: fc.constantFrom(
          'succeeded' as const,
          'failed' as const,
          'superseded' as const,
          'rejected' as const,
          'refused' as const,
        ),
        reason: fc.constantFrom('node-lost' as const, 'gate' as const),
      }),
    )
    const world = fc.constantFrom(
      null,
      seenWorld,
      emptyWorld({ pools: { 'gpu-train': emptyPool('gpu-train', { ceiling: 0 }) } }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(intent, ending, world), { maxLength: 30 }), (history) => {
        let doc = docOf()
        for (const [index, [what, ended, seen]] of history.entries()) {
          const view = viewOf({ doc, now: NOW + index, plan: planRow, world: seen })
          const answer = intend(view, what, { kept: {} })
          if (answer.kind === 'want') {
            const after = answer.doc
            const grew = after.generation - doc.generation
            expect([0, 1]).toContain(grew)
            expect(after.attempt).toBe(grew === 1 ? 1 : doc.attempt + 1)
            expect((after.order ?? '') >= (doc.order ?? '')).toBe(true)
            expect(after.outcome).toBeNull()
            expect(after.desired).toEqual(grew === 1 ? pinned(view, what.desired) : doc.desired)
            doc = after
          }
          if (ended !== null && doc.desired !== null && doc.outcome === null)
            doc = { ...doc, outcome: outcome({ ...ended, generation: doc.generation, attempt: doc.attempt }) }
        }
      }),
      { numRuns: 300 },
    )
  })
})
