import { describe, expect, it } from 'vitest'
import { foldCancelUnread, foldCommand, mayRetry, shownFor } from '../../../core/lane/commands.ts'
import type { LaneDocument, Run } from '../../../core/lane/document.ts'
import { carried } from '../../../core/lane/kept.ts'
import type { CommandLetter } from '../../../core/lane/letters.ts'
import { desired } from '../training-fixture.ts'
import {
  asking,
  command,
  docOf,
  lookLetter,
  NOW,
  policy,
  policyWith,
  running,
  runOf,
  viewOf,
  wanted,
} from './fixture.ts'

const fold = (doc: LaneDocument, kind: CommandLetter['kind'], over: Partial<CommandLetter> = {}, of = policy) => {
  const change = foldCommand(viewOf({ doc, policy: of }), command(kind, { id: 'l1', ...over }))
  expect(change.removed.map(({ id }) => id)).toEqual(['l1'])
  const data = change.moments.at(-1)?.data as {
    became: string
    reason: string | null
    detail: string
    letters: string[]
  }
  expect(data.letters).toEqual(['l1'])
  expect(change.counts).toEqual([data.became === 'recorded' ? `command:${kind}` : `refused:${data.reason}`])
  if (data.became === 'refused') expect(change.doc).toBe(doc)
  return { ...data, doc: change.doc, text: change.moments.at(-1)?.text ?? '' }
}
const outcome = (over: Partial<NonNullable<LaneDocument['outcome']>> = {}): LaneDocument['outcome'] => ({
  kind: 'failed',
  reason: 'gate',
  detail: 'x',
  generation: 1,
  attempt: 1,
  at: NOW,
  against: null,
  stages: ['train', 'evaluate', 'judge'],
  ...over,
})
const kept = [
  { step: 'train', key: 'k1', row: 'r1' },
  { step: 'evaluate', key: 'k2', row: 'r2' },
]
const failed = (over: Partial<LaneDocument> = {}) => wanted({ outcome: outcome(), kept, attemptsLeft: 0, ...over })
const passing = outcome({ reason: 'node-lost' })
const saw = { generation: 1, attempt: 1 }

describe('retry', () => {
  it('is the next attempt at the same, with what was finished and a new budget of attempts', () => {
    const { doc, detail, became } = fold(failed({ held: { reason: 'held-failed', detail: '', at: NOW } }), 'retry', {
      saw,
    })
    expect(became).toBe('recorded')
    expect(doc).toMatchObject({
      generation: 1,
      attempt: 2,
      outcome: null,
      held: null,
      kept,
      attemptsLeft: policy.retries,
    })
    expect(detail).toBe(
      'attempt 2 of generation 1 has started, keeping train, evaluate where nothing of it has changed',
    )
  })

  it('from a stage keeps what comes before it alone', () => {
    const evaluated = fold(failed(), 'retry', { from: 'evaluate' })
    expect(carried(evaluated.doc).map(({ step }) => step)).toEqual(['train'])
    expect(evaluated.detail).toContain('keeping train')
    expect(carried(fold(failed(), 'retry', { from: 'train' }).doc)).toEqual([])
  })

  it('without a stage goes back to all that was finished, where what was wanted anew was never done', () => {
    const anew = fold(failed(), 'retry', { from: 'train' }).doc
    const denied = { ...anew, outcome: outcome({ kind: 'rejected', reason: null, attempt: 2 }) }
    const again = fold(denied, 'retry')
    expect(carried(again.doc)).toEqual(kept)
    expect(again.detail).toContain('keeping train, evaluate')
    expect(carried(fold(denied, 'retry', { from: 'evaluate' }).doc).map(({ step }) => step)).toEqual(['train'])
  })

  it('of a success does it all again', () => {
    const { doc, detail } = fold(failed({ outcome: outcome({ kind: 'succeeded', reason: null }) }), 'retry')
    expect([carried(doc), detail]).toEqual([[], 'attempt 2 of generation 1 has started'])
    // What was paid for is there until it is made anew: nobody may have said yes to that.
    const denied = { ...doc, outcome: outcome({ kind: 'rejected', reason: null, attempt: 2 }) }
    expect(carried(fold(denied, 'retry', { from: 'evaluate' }).doc).map(({ step }) => step)).toEqual(['train'])
    expect(carried(fold(denied, 'retry').doc)).toEqual(kept)
  })

  it.each<[string, LaneDocument, Partial<CommandLetter>]>([
    ['nothing-wanted', docOf(), {}],
    ['in-progress', wanted(), {}],
    ['in-progress', wanted({ run: runOf(), outcome: outcome() }), {}],
    ['no-longer-so', failed({ attempt: 2 }), { saw }],
    ['no-longer-so', failed(), { saw: 'idle' }],
    ['no-such-stage', failed(), { from: 'register' }],
    ['no-such-stage', failed({ kept: [] }), { from: 'evaluate' }],
  ])('changes nothing and says why: %s', (reason, doc, letter) => {
    expect(fold(doc, 'retry', letter)).toMatchObject({ became: 'refused', reason })
  })

  const runs = (over: Partial<Run> = {}): Run => runOf({ phase: 'steps', steps: [running()], ...over })
  const next = { generation: 2, desired: { ...desired, version: 'cd'.repeat(32) } as never }

  it.each<[string, LaneDocument, string]>([
    ['it runs', wanted({ run: runs() }), 'pipeline/support-chats is being carried out: cancel it first'],
    ['it is planned', wanted(), 'pipeline/support-chats is being carried out: cancel it first'],
    [
      'it was told to stop',
      wanted({ run: runs({ cancelled: { by: 'c', at: NOW } }) }),
      'it is being cancelled: say retry once it is gone',
    ],
    [
      'it is being cancelled',
      wanted({ run: runs({ ending: { kind: 'cancelled', reason: null, detail: 'by carla' } }) }),
      'it is being cancelled: say retry once it is gone',
    ],
    [
      'it is failing',
      wanted({ run: runs({ ending: { kind: 'failed', reason: 'gate', detail: 'score' } }) }),
      'it is ending already (failed): say retry once that is over',
    ],
    [
      'what was wanted before it runs',
      wanted({ run: runs(), ...next }),
      'run on support-chats@cdcdcdcd (generation 2) begins by itself once run on support-chats@abababab (generation 1) has ended',
    ],
    [
      'that runs, and it was cancelled',
      wanted({ run: runs(), ...next, outcome: outcome({ kind: 'cancelled', reason: null }) }),
      'run on support-chats@abababab (generation 1) goes on: say retry of run on support-chats@cdcdcdcd (generation 2) once that has ended',
    ],
    [
      'what was wanted before it is repeated in a moment',
      wanted({ ...next, onNewer: 'finish', before: { ...failed({ outcome: passing, attemptsLeft: 1 }) } }),
      'run on support-chats@abababab (generation 1) is tried again in a moment, and keeps what was finished: run on support-chats@cdcdcdcd (generation 2) begins by itself once that has ended',
    ],
  ])('that cannot be says what goes on and what to do: %s', (_, doc, detail) => {
    expect(fold(doc, 'retry')).toMatchObject({ reason: 'in-progress', detail })
  })

  it('of what the person no longer sees says what is so now, and of an unknown stage which there are', () => {
    expect(fold(failed({ attempt: 2 }), 'retry', { saw }).detail).toBe(
      'you saw generation 1, attempt 1; now it is generation 1, attempt 2: look again',
    )
    expect(fold(failed(), 'retry', { from: 'x' }).detail).toContain('one of train, evaluate, judge, or')
    expect(fold(failed({ kept: kept.slice(0, 1) }), 'retry', { from: 'judge' }).detail).toBe(
      'there is no stage judge to begin from: it is one of train, evaluate, or say retry without --from',
    )
    expect(fold(failed({ outcome: outcome({ stages: [] }) }), 'retry', { from: 'train' }).detail).toContain(
      'no stage of',
    )
  })
})

describe('where the policy names who may', () => {
  const operators = [{ id: 'T0SIGNAL/U0OPS', name: 'ops' }]
  const named = policyWith((config) => Object.assign(config.approvals, { operators }))

  it.each(['retry', 'cancel'] as const)('nobody else can say %s, not even who approves', (kind) => {
    const doc = kind === 'retry' ? failed() : wanted({ run: runOf() })
    expect(fold(doc, kind, {}, named)).toMatchObject({ became: 'refused', reason: 'not-an-operator' })
    expect(fold(doc, kind, { by: 'T0SIGNAL/U0OPS' }, named)).toMatchObject({ became: 'recorded' })
    const change = foldCommand(viewOf({ doc, policy: named }), command(kind, { id: 'l1', saw, by: 'T0SIGNAL/U0OPS' }))
    expect(change.moments.at(-1)?.text).toMatch(/^ops says /)
  })

  it('nobody else cancels what cannot be read, as far as the policy can: else whoever says it, and is told what waits', () => {
    const doc = wanted({ run: runOf() })
    const said = (of: typeof named | null, by: string) =>
      foldCancelUnread({ ...viewOf({ doc }), policy: of }, command('cancel', { id: 'l1', by }), 'policies: 503')
    expect(said(named, 'T0SIGNAL/U0BEN')).toMatchObject({ doc, counts: ['refused:not-an-operator'] })
    expect(said(named, 'T0SIGNAL/U0OPS').doc.run?.cancelled).toEqual({ by: 'ops', at: NOW })
    const { doc: after, moments } = said(null, 'T0SIGNAL/U0BEN')
    expect(after.run?.cancelled).toEqual({ by: 'T0SIGNAL/U0BEN', at: NOW })
    expect(moments[0]?.data?.['detail']).toMatch(/closes once its lane can be read \(policies: 503\)$/)
  })
})

describe('retry of what no rule acts for', () => {
  const shadow = policyWith(({ pipelines }) => {
    pipelines!['support-chats']!.mode = 'shadow'
  })
  const gone = policyWith((config) => {
    config.pipelines = {}
  })

  it.each([
    ['in-shadow', shadow, 'set its mode to act first'],
    ['not-configured', gone, 'put it back first'],
  ])('is refused before it would start to be cancelled: %s, and what to do', (reason, without, todo) => {
    const view = viewOf({ doc: failed(), policy: without })
    const change = foldCommand(view, command('retry', { id: 'l1', saw }))
    expect(change.doc).toBe(view.doc)
    expect(change.moments.at(-1)?.data).toMatchObject({
      became: 'refused',
      reason,
      detail: expect.stringContaining(todo),
    })
    expect(mayRetry(view)).toBe(false)
  })

  it('may be said of what has ended, and of nothing else', () => {
    const docs = [failed(), wanted({ outcome: outcome({ kind: 'succeeded' }) }), docOf(), wanted()]
    expect(docs.map((doc) => mayRetry(viewOf({ doc })))).toEqual([true, true, false, false])
    expect(mayRetry(viewOf({ doc: failed({ run: runOf() }) }))).toBe(false)
  })
})

describe('cancel', () => {
  const under = (over: Partial<LaneDocument> = {}) =>
    wanted({ run: runOf({ phase: 'steps', steps: [running()] }), ...over })

  it('reaches the run under way, once, and says that it stops at its next safe point', () => {
    const { doc, detail } = fold(under(), 'cancel', { saw })
    expect(doc.run?.cancelled).toEqual({ by: 'carla', at: NOW })
    expect(detail).toContain('stops at its next safe point and goes back')
    const again = foldCommand(viewOf({ doc, now: NOW + 5 }), command('cancel', { by: 'other' }))
    expect(again.doc.run?.cancelled).toEqual({ by: 'carla', at: NOW })
  })

  it('before anything began says so', () => {
    expect(fold(wanted({ run: asking() }), 'cancel').detail).toContain('stops before it begins anything')
  })

  it('names what waits behind the run, which goes on unless that is cancelled too', () => {
    const doc = under({ generation: 2, desired: { ...desired, version: 'cd'.repeat(32) } as never })
    const { detail, doc: after } = fold(doc, 'cancel', { saw })
    expect(detail).toContain('run on support-chats@cdcdcdcd (generation 2) waits behind it')
    expect(after.outcome).toBeNull()
    const both = fold(doc, 'cancel', { wanted: true })
    expect(both.doc).toMatchObject({ outcome: { kind: 'cancelled', generation: 2 }, run: { cancelled: null } })
  })

  it('of what is wanted and has no run ends it where it is', () => {
    const { doc } = fold(wanted(), 'cancel')
    expect(doc.outcome).toMatchObject({
      kind: 'cancelled',
      detail: 'cancelled by carla',
      generation: 1,
      attempt: 1,
      at: NOW,
    })
  })

  const behind = { generation: 2, desired: { ...desired, version: 'cd'.repeat(32) } as never }

  it('of a failed attempt that would be repeated in a moment keeps it from that', () => {
    const { doc, became } = fold(wanted({ outcome: outcome({ reason: 'node-lost' }), attemptsLeft: 2 }), 'cancel', {
      saw,
    })
    expect(became).toBe('recorded')
    expect(doc).toMatchObject({ attemptsLeft: -1, outcome: { kind: 'failed' } })
  })

  it('also of what would be mended, since somebody has changed it while it rose', () => {
    const edited = wanted({ outcome: outcome({ reason: 'edited-by-hand' }), attemptsLeft: 2 })
    expect(fold(edited, 'cancel', { saw }).doc).toMatchObject({ attemptsLeft: -1 })
    expect(fold(wanted({ ...edited, attemptsLeft: 0 }), 'cancel', { saw })).toMatchObject({ became: 'refused' })
  })

  it('and so it does while that attempt still ends', () => {
    const ending = { kind: 'failed', reason: 'halfway-bound', detail: 'goes back first' } as const
    const ends = under({ run: runOf({ phase: 'back', ending }), attemptsLeft: 0 })
    const { doc, became, detail } = fold(ends, 'cancel', { saw })
    expect([became, detail]).toEqual([
      'recorded',
      'attempt 1 of generation 1 ends (halfway-bound) and is not repeated; say retry for another once it has',
    ])
    expect(doc).toMatchObject({ attemptsLeft: -1, run: { ending } })
    expect(fold(doc, 'cancel', { saw })).toMatchObject({ reason: 'too-late' })
    // And so of what was wanted before, which lets what waits behind it begin.
    const { run: _, baseline: __, ...before } = wanted({ attemptsLeft: 2 })
    const pull = { kind: 'failed', reason: 'image-pull', detail: 'no such image' } as const
    const waits = wanted({ ...behind, onNewer: 'finish', before, run: runOf({ steps: [running()], ending: pull }) })
    const first = fold(waits, 'cancel', { saw })
    expect(first.detail).toContain('is not repeated; run on support-chats@cdcdcdcd (generation 2) begins then')
    expect(first.doc).toMatchObject({ generation: 2, before: { attemptsLeft: -1 }, run: { ending: pull } })
  })

  it.each<[string, LaneDocument, Partial<CommandLetter>]>([
    ['nothing-in-progress', docOf(), {}],
    ['nothing-in-progress', failed(), {}],
    ['nothing-in-progress', under(), { wanted: true }],
    ['no-longer-so', under(), { saw: { generation: 1, attempt: 2 } }],
    [
      'too-late',
      under({ run: runOf({ steps: [running()], ending: { kind: 'failed', reason: 'gate', detail: 'the gate' } }) }),
      { saw },
    ],
  ])('changes nothing and says why: %s', (reason, doc, letter) => {
    expect(fold(doc, 'cancel', letter)).toMatchObject({ became: 'refused', reason })
  })

  it.each<[string, LaneDocument, Partial<CommandLetter>, string]>([
    ['idle, then a run', under(), { saw: 'idle' }, 'nothing was in progress; run on support-chats@'],
    ['idle, then a want', wanted(), { saw: 'idle' }, '(generation 1) has begun meanwhile: look again'],
    [
      'idle, then a failure that is repeated',
      wanted({ outcome: outcome({ reason: 'node-lost' }), attemptsLeft: 2 }),
      { saw: 'idle' },
      'has begun meanwhile',
    ],
    ['nothing behind, then something', under(behind), { saw: 'idle', wanted: true }, 'nothing waited; run on'],
    [
      'another behind it',
      under({ ...behind, generation: 3 }),
      { saw: { generation: 2, attempt: 1 }, wanted: true },
      'you saw generation 2, attempt 1; now it is generation 3, attempt 1',
    ],
  ])('of what came after the person looked reaches nothing: %s', (_, doc, letter, detail) => {
    expect(fold(doc, 'cancel', letter)).toMatchObject({
      reason: 'no-longer-so',
      detail: expect.stringContaining(detail),
    })
  })

  it('of what waited and has begun says so', () => {
    expect(fold(under(), 'cancel', { saw, wanted: true })).toMatchObject({
      reason: 'nothing-in-progress',
      detail: expect.stringContaining('generation 1 has begun meanwhile'),
    })
  })

  it('of what waits for its source says what for, and that nothing is wanted of it yet', () => {
    const waits = { reason: 'objects-missing', detail: '1 object is not there yet', until: null, side: null } as const
    for (const given of [{ later: [lookLetter({ waits })] }, { letters: [lookLetter({ waits })] }])
      for (const wantedToo of [false, true]) {
        const view = viewOf({ doc: docOf(), ...given })
        expect(foldCommand(view, command('cancel', { id: 'l1', wanted: wantedToo })).moments[0]?.data).toMatchObject({
          reason: 'nothing-in-progress',
          detail: expect.stringContaining('waits (1 object is not there yet), and nothing is wanted of it yet'),
        })
      }
  })

  it('of an idle lane that still is says how it ended', () => {
    expect(fold(failed(), 'cancel', { saw: 'idle' }).reason).toBe('nothing-in-progress')
  })

  it('what is shown is what would be reached', () => {
    const repeats = wanted({ outcome: outcome({ reason: 'node-lost' }), attemptsLeft: 2 })
    const shown = (doc: LaneDocument, wantedToo = false) => shownFor(doc, { kind: 'cancel', wanted: wantedToo })
    expect([docOf(), failed(), under()].map((doc) => shown(doc))).toEqual(['idle', 'idle', saw])
    expect([wanted(), repeats, under(behind)].map((doc) => shown(doc))).toEqual([saw, saw, saw])
    expect([docOf(), under(), repeats].map((doc) => shown(doc, true))).toEqual(['idle', 'idle', 'idle'])
    expect([wanted(), under(behind)].map((doc) => shown(doc, true))).toEqual([saw, { generation: 2, attempt: 1 }])
    expect([docOf(), failed()].map((doc) => shownFor(doc, { kind: 'retry', wanted: false }))).toEqual(['idle', saw])
  })

  it('that came too late is told how it is ending', () => {
    const ending = { kind: 'failed', reason: 'gate', detail: 'score 0.7' } as const
    expect(fold(under({ run: runOf({ steps: [running()], ending }) }), 'cancel').detail).toContain('failed): score 0.7')
  })
})
