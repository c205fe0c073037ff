import { describe, expect, it } from 'vitest'
import { whereOf } from '../../../core/lane/answering.ts'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { fold, needsPaper } from '../../../core/lane/fold.ts'
import type { Letter, LookLetter } from '../../../core/lane/letters.ts'
import type { DatasetFacts } from '../../../core/reactions/dataset-uploaded.ts'
import type { Facts, Unreadable } from '../../../core/reactions/reaction.ts'
import { desired } from '../training-fixture.ts'
import {
  ALIAS,
  ANA,
  AT,
  asking,
  BEN,
  command,
  docOf,
  facts,
  HOUR,
  lookLetter,
  MINUTE,
  NOW,
  policyWith,
  promoted,
  running,
  runOf,
  SERVICE,
  seenWorld,
  served,
  uploaded,
  viewOf,
  vote,
  wanted,
} from './fixture.ts'

type Over = Parameters<typeof viewOf>[0]
const folded = (letters: Letter[], said: Facts = facts(), over: Over = {}) =>
  fold(viewOf({ doc: docOf(), letters, ...over }), { [AT]: said }, { kept: {} })
const ids = (letters: readonly { id: string }[]): string[] => letters.map(({ id }) => id).sort()
/** What became of the letters: by the moment that names them. */
const became = ({ moments }: ReturnType<typeof folded>) =>
  moments.flatMap(({ data }) =>
    data?.['letters'] === undefined
      ? []
      : [{ became: data['became'], reason: data['reason'] ?? null, letters: data['letters'] }],
  )
const shadowed = policyWith((config) => {
  config.pipelines!['support-chats']!.mode = 'shadow'
})
const gone = policyWith((config) => {
  config.pipelines = {}
})
const unreadable: Unreadable = { kind: 'unreadable', side: 'objects', detail: '503', retryAfter: 0 }
const missing = facts({ missing: ['part-1'], missingCount: 1 })

describe('a letter of an event', () => {
  it('moves the lane to what its place says now, and is answered by a moment that names it', () => {
    const change = folded([lookLetter({ id: 'l1' })])
    expect(change.doc).toMatchObject({ generation: 1, attempt: 1, desired: { version: desired.version } })
    expect(ids(change.removed)).toEqual(['l1'])
    expect(became(change)).toEqual([{ became: 'intended', reason: null, letters: ['l1'] }])
    expect(change.moments.map(({ kind }) => kind)).toEqual(['event', 'facts', 'decision'])
    expect(change.counts).toEqual(['intended'])
  })

  it('that says what is wanted already leaves the document as it is', () => {
    const doc = wanted()
    const change = folded([lookLetter({ id: 'l1' })], facts(), { doc })
    expect(change.doc).toEqual(doc)
    expect(became(change)).toEqual([{ became: 'ignored', reason: 'in-progress', letters: ['l1'] }])
  })

  it('of resync leaves no trace where it changes nothing', () => {
    const change = folded([lookLetter({ from: 'resync' })], facts(), { doc: wanted() })
    expect([change.moments, change.counts, ids(change.removed)]).toEqual([[], [], [lookLetter().id]])
  })

  it('that proves who asked of what is over is written down, and is not said to intend anything', () => {
    const policy = policyWith((config) => {
      config.approvals.requesters = { '123456789012': ANA }
    })
    const event = { ...uploaded, requester: '123456789012', etag: desired.etag }
    const outcome = {
      kind: 'cancelled',
      reason: null,
      detail: '',
      generation: 1,
      attempt: 1,
      at: NOW,
      against: null,
    } as const
    const doc = wanted({ outcome: { ...outcome, stages: [] } })
    const change = folded([lookLetter({ id: 'l1', event })], facts(), { doc, policy })
    expect(change.doc).toMatchObject({ attempt: 1, outcome, desired: { requester: ANA, proven: true } })
    expect(became(change)).toEqual([{ became: 'recorded', reason: null, letters: ['l1'] }])
    expect(change.moments.at(-1)?.text).toMatch(
      /^note: who asked is proven now; generation 1 was cancelled; it stays so/,
    )
    expect([ids(change.removed), change.counts]).toEqual([['l1'], ['noted']])
  })

  it('whose rule is gone since is answered: nothing is about it', () => {
    expect(became(folded([lookLetter({ id: 'l1' })], { kind: 'nowhere' }, { policy: gone }))).toEqual([
      { became: 'ignored', reason: 'not-configured', letters: ['l1'] },
    ])
  })

  it('of an event that this release knows no reaction to is answered too', () => {
    const event = { type: 'of-a-newer-release', id: 'x', at: NOW, replayed: false }
    const letter = lookLetter({ id: 'l1', event })
    expect(whereOf(viewOf(), letter)).toBe('of-a-newer-release')
    const change = fold(
      viewOf({ doc: docOf(), letters: [letter] }),
      { 'of-a-newer-release': { kind: 'nowhere' } },
      { kept: {} },
    )
    expect(became(change)).toEqual([{ became: 'ignored', reason: 'not-configured', letters: ['l1'] }])
  })
})

describe('letters that point at one place', () => {
  it('are one look and one answer, with those that would have waited longer', () => {
    const letters = ['l1', 'l2', 'l3'].map((id) => lookLetter({ id }))
    const later = [
      lookLetter({
        id: 'l4',
        due: NOW + HOUR,
        waits: { reason: 'objects-missing', detail: '', until: null, side: null },
      }),
    ]
    const change = folded(letters, facts(), { later })
    expect(ids(change.removed)).toEqual(['l1', 'l2', 'l3', 'l4'])
    expect(became(change)).toHaveLength(1)
    expect(change.doc.generation).toBe(1)
    expect(change.moments[0]?.text).toContain('(4 deliveries)')
  })

  it('and at others are folded one after the other: the later order wins, whichever is read first', () => {
    const older = { ...uploaded, key: 'support-chats/a/manifest.json' }
    const [a, b] = [`s3://${older.bucket}/${older.key}`, AT]
    const [one, two] = [lookLetter({ id: 'l1', event: older, at: NOW }), lookLetter({ id: 'l2', at: NOW + 1 })]
    const said = { [a]: facts({ sha256: 'aa'.repeat(32), lastModified: NOW - HOUR }), [b]: facts() }
    for (const letters of [
      [one, two],
      [{ ...two, at: NOW - 1 }, one],
    ]) {
      const { doc } = fold(viewOf({ doc: docOf(), letters, world: seenWorld }), said, { kept: {} })
      expect(doc.desired).toMatchObject({ version: desired.version })
    }
  })

  it('of which one waits keep exactly one waiting', () => {
    const change = folded([lookLetter({ id: 'l1' }), lookLetter({ id: 'l2' })], missing)
    expect([ids(change.removed), ids(change.later)]).toEqual([['l2'], ['l1']])
    expect(became(change)).toEqual([{ became: 'waiting', reason: 'objects-missing', letters: ['l1', 'l2'] }])
  })
})

/** An upload of the same bytes, written then. */
const nameOf = (written: number): string => `${desired.version} ${new Date(written).toISOString()}`

describe('a letter that waits', () => {
  const laterOf = (said: Facts, over: Partial<LookLetter> = {}): LookLetter => {
    const [later] = folded([lookLetter(over)], said).later
    if (later === undefined) throw new Error('it does not wait')
    return later
  }

  it('is due again: for missing objects in a minute, and at the latest when they are given up', () => {
    expect(laterOf(missing)).toMatchObject({
      due: NOW + MINUTE,
      tries: 1,
      waits: { reason: 'objects-missing', until: NOW - 1000 + HOUR },
    })
    expect(laterOf(facts({ missing: ['part-1'], missingCount: 1, lastModified: NOW - HOUR + 5000 })).due).toBe(
      NOW + 5001,
    )
  })

  it('for a source that does not answer with growing pauses, for as long as it takes, and names the far side', () => {
    expect(laterOf(unreadable)).toMatchObject({
      due: NOW + 5000,
      waits: { reason: 'source-unreadable', side: 'objects', until: null },
    })
    expect(laterOf(unreadable, { tries: 99 }).due).toBe(NOW + 5 * MINUTE)
    expect(laterOf({ ...unreadable, retryAfter: 900 } as Facts).due).toBe(NOW + 15 * MINUTE)
  })

  it('says so once, and again when it is about something else or somebody asks anew', () => {
    const waits = laterOf(missing)
    const again = { ...waits, due: NOW }
    expect(folded([again], missing).moments).toEqual([])
    expect(folded([again], facts({ missing: ['part-2'], missingCount: 1 })).moments).not.toEqual([])
    expect(became(folded([again, lookLetter({ id: 'l9' })], missing))).toHaveLength(1)
  })

  it('is answered once its source is whole', () => {
    const change = folded([{ ...laterOf(missing), due: NOW }])
    expect(change.doc.generation).toBe(1)
    expect(change.later).toEqual([])
  })

  it('past its time is given up, and resync does not find it again before its manifest is written again; who tells of it does', () => {
    const late = facts({ missing: ['part-1'], missingCount: 1, lastModified: NOW - 2 * HOUR })
    const change = folded([lookLetter({ id: 'l1' })], late)
    expect(became(change)).toEqual([{ became: 'ignored', reason: 'missed-deadline', letters: ['l1'] }])
    const lastModified = NOW - 2 * HOUR
    expect(change.doc.passed).toEqual([nameOf(lastModified)])
    const [whole, found] = [{ doc: change.doc }, lookLetter({ from: 'resync' })]
    expect(folded([found], facts({ lastModified }), whole).doc.generation).toBe(0)
    expect(folded([lookLetter()], facts({ lastModified }), whole).doc.generation).toBe(1)
    expect(folded([found], facts({ lastModified: lastModified + 1000 }), whole).doc.generation).toBe(1)
  })

  it('that an earlier release has given up, by its version alone, stays so for resync', () => {
    const doc = docOf({ passed: [desired.version] })
    expect(folded([lookLetter({ from: 'resync' })], facts(), { doc }).doc.generation).toBe(0)
    expect(folded([lookLetter()], facts(), { doc }).doc.generation).toBe(1)
  })

  it('or amiss is why the lane rests, until that place says otherwise or something else is wanted', () => {
    const bad = { kind: 'bad', detail: 'no objects' } as Facts
    const told = folded([lookLetter()], bad)
    expect(told.doc.held).toMatchObject({ reason: 'bad-manifest', detail: expect.stringContaining('no objects') })
    const late = facts({ missing: ['part-1'], missingCount: 1, lastModified: NOW - 2 * HOUR })
    expect(folded([lookLetter()], late, { doc: told.doc }).doc.held?.reason).toBe('missed-deadline')
    expect(folded([lookLetter()], { kind: 'gone' } as Facts, { doc: told.doc }).doc.held).toBeNull()
    expect(folded([lookLetter()], facts(), { doc: told.doc }).doc).toMatchObject({ held: null, generation: 1 })
  })

  it('is shown as it was told, however many of them resync finds each time', () => {
    const bad = { kind: 'bad', detail: 'no objects' } as Facts
    const found = folded([lookLetter({ from: 'resync' })], bad)
    expect(found.doc.held?.reason).toBe('bad-manifest')
    expect(became(found)).toHaveLength(1)
    const elsewhere = {
      ...found.doc,
      held: { reason: 'bad-manifest' as const, detail: 'x', at: 0, place: 'elsewhere' },
    }
    const again = folded([lookLetter({ from: 'resync' })], bad, { doc: elsewhere })
    expect(again.doc.held).toEqual(elsewhere.held)
    expect(again.moments).toEqual([])
    expect(folded([lookLetter()], { kind: 'gone' } as Facts, { doc: elsewhere }).doc.held).toEqual(elsewhere.held)
  })

  it('remembers the last few that were given up', () => {
    const passed = Array.from({ length: 16 }, (_, n) => String(n))
    const late = facts({ missing: ['x'], missingCount: 1, lastModified: NOW - 2 * HOUR })
    expect(folded([lookLetter()], late, { doc: docOf({ passed }) }).doc.passed).toEqual([
      nameOf(NOW - 2 * HOUR),
      ...passed.slice(0, 15),
    ])
  })
})

describe('what people say', () => {
  const two = policyWith((config) => {
    config.approvals.approvers = [
      { id: ANA, name: 'ana' },
      { id: BEN, name: 'ben' },
    ]
  })

  it('counts in the order in which it was said: what came first closes the question for the rest', () => {
    const letters = [vote({ id: 'b', at: NOW + 2, by: BEN }), vote({ id: 'a', at: NOW + 1, verdict: 'deny' })]
    const change = folded(letters, facts(), { doc: wanted({ run: asking() }), policy: two })
    expect(change.doc.run?.question?.state).toBe('rejected')
    expect(became(change)).toEqual([
      { became: 'recorded', reason: null, letters: ['a'] },
      { became: 'refused', reason: 'question-closed', letters: ['b'] },
    ])
  })

  it('is folded beside what events say, and a source that does not answer keeps none of it', () => {
    const doc = wanted({ run: runOf({ phase: 'steps', steps: [running()] }) })
    const change = folded([lookLetter({ id: 'l1' }), command('cancel', { id: 'c1', at: NOW + 1 })], unreadable, { doc })
    expect(change.doc.run?.cancelled).not.toBeNull()
    expect([ids(change.removed), ids(change.later)]).toEqual([['c1'], ['l1']])
  })
})

describe('what is held back', () => {
  const failed = (over: Partial<LaneDocument> = {}) =>
    wanted({
      outcome: {
        kind: 'failed',
        reason: 'gate',
        detail: '',
        generation: 1,
        attempt: 1,
        at: NOW,
        against: null,
        stages: [],
      },
      ...over,
    })

  it('is shown, and said once for resync', () => {
    const change = folded([lookLetter({ from: 'resync' })], facts(), { doc: failed() })
    expect(change.doc.held).toMatchObject({ reason: 'held-failed', at: NOW })
    expect(change.moments).not.toEqual([])
    const again = folded([lookLetter({ from: 'resync' })], facts(), { doc: change.doc, now: NOW + 9 })
    expect([again.moments, again.doc.held?.at]).toEqual([[], NOW])
  })
})

describe('a rule in shadow', () => {
  const shadow = { policy: shadowed, world: seenWorld }

  it('has its plan on record with a price, once for each desired state, and nothing else', () => {
    const change = folded([lookLetter({ id: 'l1' })], facts(), shadow)
    // Its order too: of several manifests the newest has a plan on record, however often they are looked at.
    expect(change.doc).toEqual({ ...docOf(), shadow: change.doc.shadow, order: change.doc.order })
    expect(change.doc.order).toContain('manifest.json')
    expect(change.shadows).toMatchObject([{ row: { plan: { title: expect.any(String) }, refused: null } }])
    expect(became(change)).toEqual([{ became: 'recorded', reason: null, letters: ['l1'] }])
    const again = folded([lookLetter({ id: 'l2' })], facts(), { ...shadow, doc: change.doc })
    expect([again.shadows, became(again)]).toEqual([
      [],
      [{ became: 'ignored', reason: 'already-done', letters: ['l2'] }],
    ])
  })

  it('says what would be refused', () => {
    const poor = { ...seenWorld, dollars: { spent: 20_000, held: 0 } }
    const [row] = folded([lookLetter()], facts(), { ...shadow, world: poor }).shadows
    expect(row?.row).toMatchObject({ plan: null, refused: expect.stringMatching(/^budget-exceeded: /) })
  })

  it('waits while nobody could look at the cluster', () => {
    const change = folded([lookLetter({ id: 'l1' })], facts(), { policy: shadowed })
    expect(ids(change.later)).toEqual(['l1'])
  })
})

describe('whether the world must be looked at before letters are folded', () => {
  const outcome = (kind: 'refused' | 'succeeded' | 'failed') => ({
    kind,
    reason: null,
    detail: '',
    generation: 1,
    attempt: 1,
    at: NOW,
    against: null,
    stages: [],
  })
  const service = { lane: SERVICE, desired: served('8'), generation: 1, attempt: 1 }

  it.each<[string, Over, boolean]>([
    ['nothing was ever wanted', { doc: docOf() }, false],
    ['it was refused', { doc: wanted({ outcome: outcome('refused') }) }, true],
    ['a run-once success', { doc: wanted({ outcome: outcome('succeeded') }) }, false],
    ['a standing success', { doc: docOf({ ...service, outcome: outcome('succeeded') }) }, true],
    ['it failed', { doc: docOf({ ...service, outcome: outcome('failed') }) }, false],
    ['its rule is in shadow', { doc: docOf(), policy: shadowed }, true],
    ['its rule is gone', { doc: docOf(), policy: gone }, false],
  ])('%s: %s', (_, over, needed) => {
    expect(needsPaper(viewOf(over))).toBe(needed)
  })
})

describe('a letter about a service', () => {
  const onAlias = (said: Facts, doc: LaneDocument = docOf({ lane: SERVICE })) =>
    fold(
      viewOf({ doc, letters: [lookLetter({ lane: SERVICE, event: promoted })], world: seenWorld }),
      { [ALIAS]: said },
      { kept: {} },
    )

  it('wants what the alias names now, and none where it names none', () => {
    const version = { kind: 'version', version: '8', source: 's3://m/8', runId: null, status: 'READY', requester: null }
    const change = onAlias(version)
    expect(change.doc.desired).toMatchObject({ kind: 'serve', version: '8' })
    expect(onAlias({ kind: 'none' }, change.doc).doc).toMatchObject({ generation: 2, desired: { kind: 'none' } })
    expect(onAlias({ kind: 'none' }).doc.generation).toBe(0)
  })
})

describe('texts of others', () => {
  const said = (what: DatasetFacts | Unreadable): Facts => what
  const ugly = '\u001b[31mred\u001b[0m\u202eevil\u0000\nnext'

  it('are clean wherever they are kept, and what is said of them is short', () => {
    const changes = [
      folded([lookLetter()], said({ kind: 'bad', detail: ugly.repeat(500) })),
      folded([lookLetter()], facts({ missing: [ugly], missingCount: 1 })),
      folded([lookLetter()], said({ ...unreadable, detail: ugly.repeat(500) })),
      folded([lookLetter({ event: { ...uploaded, key: `support-chats/${ugly}/manifest.json` } as never })], facts()),
    ]
    for (const { doc, moments, later } of changes) {
      for (const { text, data } of moments) {
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(String(data?.['detail'] ?? '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(text.length).toBeLessThanOrEqual(2000)
      }
      for (const { waits } of later) {
        expect(waits?.detail ?? '').not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect((waits?.detail ?? '').length).toBeLessThanOrEqual(2000)
      }
      expect(doc.held?.detail ?? '').not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
    }
  })
})
