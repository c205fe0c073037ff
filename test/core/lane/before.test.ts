import { describe, expect, it } from 'vitest'
import {
  approvedOf,
  asAside,
  asBefore,
  asideText,
  asOfTurn,
  cancelledBehind,
  isAside,
  leftBeside,
  turnOf,
  wantedBefore,
  withKeptOf,
  withRepeat,
  withTurn,
} from '../../../core/lane/before.ts'
import type { Before, LaneDocument } from '../../../core/lane/document.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { settle } from '../../../core/lane/settle.ts'
import { desired } from '../training-fixture.ts'
import { approvedBy, NOTHING, NOW, running, runOf, viewOf, wanted } from './fixture.ts'

const other = { ...desired, version: 'cd'.repeat(32) }
const third = { ...desired, version: 'ef'.repeat(32) }
const run = runOf({ phase: 'steps', steps: [running()] })
const kept = [{ step: 'train', key: 'k', row: 'r' }]
const was = wanted({ run, kept, approved: approvedBy({ begun: true }), attemptsLeft: 1, attempt: 1 })
const before = leftBeside(was, { onNewer: 'finish', now: NOW }).before as Before
/** Something else is wanted, and what was before goes on. */
const newer = (over: Partial<LaneDocument> = {}): LaneDocument =>
  wanted({ desired: other, generation: 2, run, before, ...over })

describe('what the run under way carries out, while something else is wanted', () => {
  it('stays beside it, with what was approved, what is finished and how many attempts are left', () => {
    const { generation, attempt, since, order, attemptsLeft, approved } = was
    const all = { desired, generation, attempt, since, order, attemptsLeft, approved, kept, redo: [], outcome: null }
    expect(before).toEqual(all)
    // Also while more and more comes.
    expect(leftBeside(newer(), { onNewer: 'finish', now: NOW })).toEqual({ before })
  })

  it('is not there of what has no run and has finished nothing', () => {
    expect(leftBeside(wanted(), { onNewer: 'finish', now: NOW })).toEqual({})
    expect(leftBeside(newer({ run: null }), { onNewer: 'finish', now: NOW })).toEqual({})
  })

  it('is found when it is wanted again, and nothing else is', () => {
    const finds = (doc: LaneDocument, what = desired) => wantedBefore(viewOf({ doc }), what)
    expect(finds(newer())).toBe(before)
    expect(finds(newer(), { ...desired, requester: 'T0SIGNAL/U0BEN' })).toBe(before)
    expect(finds(newer(), third)).toBeNull()
    // What a release before this one has left there when it closed that run.
    expect(finds(newer({ run: { ...run, generation: 2 } }))).toBeNull()
    expect(finds(newer({ run: null }))).toBeNull()
  })

  it('is then as if nothing had come between; generations count on', () => {
    const held = { reason: 'bad-manifest', detail: '', at: NOW } as const
    const again = asBefore(newer({ generation: 4, held }), before)
    expect(again).toEqual({ ...was, redo: [], newest: 4 })
    expect(asBefore(newer({ generation: 3, newest: 7 }), before).newest).toBe(7)
  })
})

describe('what has finished something, and has another attempt', () => {
  const failed = { kind: 'failed' as const, reason: 'image-pull' as const, detail: '', generation: 1, attempt: 1 }
  const at = { ...failed, at: NOW, against: null, stages: [] }
  const paused = wanted({ ...was, run: null, outcome: at })
  const finish = { onNewer: 'finish' as const, now: NOW }
  /** Something else came while it paused. */
  const behind = newer({ run: null, onNewer: 'finish', ...leftBeside(paused, finish) })

  it('stays beside what is newer where that lets it finish, and is repeated first, by what was approved of it', () => {
    expect(turnOf(behind)).toMatchObject({ generation: 1, kept, outcome: at })
    expect(leftBeside(paused, { onNewer: 'stop', now: NOW })).toEqual({})
    expect(turnOf({ ...behind, onNewer: 'stop' })).toBeNull()
    expect(asOfTurn(behind)).toEqual({ ...paused, redo: [], newest: 2, onNewer: 'finish' })
    // Also while more and more comes.
    expect(leftBeside(behind, finish)).toEqual({ before: behind.before })
    const again = settle(viewOf({ doc: behind }), { kind: 'again' }, NOTHING).doc
    expect(again).toMatchObject({ desired: other, generation: 2, outcome: null })
    expect(again).toMatchObject({ run: { generation: 1, attempt: 2 }, before: { attempt: 2, attemptsLeft: 0, kept } })
    expect(asOfTurn(again)).toMatchObject({ generation: 1, attempt: 2, approved: was.approved, kept })
  })

  it('has a run at once where it was wanted again and has none yet', () => {
    const beside = leftBeside({ ...paused, attempt: 2, outcome: null }, finish)
    expect(beside).toMatchObject({ before: { attempt: 2 }, run: { generation: 1, attempt: 2, digest: '' } })
  })

  it('fails for good, has no attempt left or has finished nothing: what is newer begins', () => {
    const others: Partial<LaneDocument>[] = [
      { outcome: { ...at, reason: 'exit-code' } },
      { attemptsLeft: 0 },
      { kept: [] },
      { redo: ['train'] },
    ]
    for (const over of others) expect(leftBeside({ ...paused, ...over }, finish)).toEqual({})
    expect(withTurn(behind, { ...asOfTurn(behind), attemptsLeft: 0 }).before).toBeUndefined()
  })

  it('fails in passing while what is newer waits: it stays there, with what it has cost', () => {
    const left = (doc: LaneDocument, reason: Ended['reason']) =>
      withRepeat({ ...doc, run: null, before: undefined } as never, doc, {
        at: { ...at, reason },
        cost: 7,
        ran: { pool: 'p', at: NOW },
      }).before
    const waits = newer({ onNewer: 'finish' })
    expect(left(waits, 'image-pull')).toEqual({
      ...before,
      outcome: at,
      approved: approvedBy({ begun: true, spent: 7, ran: { pool: 'p', at: NOW } }),
    })
    expect(left(waits, 'exit-code')).toBeUndefined()
    expect(left({ ...waits, onNewer: 'stop' }, 'image-pull')).toBeUndefined()
  })
})

describe('what came since and is cancelled behind the run', () => {
  const outcome = { kind: 'cancelled' as const, reason: null, detail: 'c', generation: 2, attempt: 1, at: NOW }
  const ended = { ...outcome, against: null, stages: [] }
  const came = newer({ order: 'p', since: NOW + 1 })
  const after = cancelledBehind(came, ended)

  it('is as if it had never come: the lane wants what runs, with all that is of that', () => {
    const { aside, newest, ...doc } = after
    expect(doc).toEqual({ ...was, redo: [] })
    expect([newest, aside]).toMatchObject([2, { desired: other, generation: 2, order: 'p', outcome: ended }])
    expect(finishesIn(after)).toEqual({ ...after, kept: [...kept, evaluated] })
    expect([other, third].map((desired) => isAside(viewOf({ doc: after }), desired))).toEqual([true, false])
    expect([after, came].map(asideText)).toEqual([expect.stringMatching(/^generation 2.*--saw g2a1/), ''])
  })

  it('is what the lane wants, cancelled, once that is over', () => {
    expect(asAside({ ...after, run: null })).toEqual({
      ...came,
      run: null,
      before: undefined,
      redo: [],
      newest: 2,
      outcome: ended,
    })
    expect(asAside(was)).toEqual(was)
  })

  it('ends where it is while what ran gives way to it already, or nothing of that is known', () => {
    const gone: LaneDocument[] = [
      newer({ run: { ...run, ending: { kind: 'superseded', reason: null, detail: '' } } }),
      wanted({ desired: other, generation: 2, run }),
      newer({ run: null }),
    ]
    for (const doc of gone) expect(cancelledBehind(doc, ended)).toEqual({ ...doc, outcome: ended })
  })
})

it('what was approved of the run under way is its own, whatever is wanted since', () => {
  const later = approvedBy({ spent: 7 })
  expect(approvedOf(was, run)).toBe(was.approved)
  expect(approvedOf(newer({ approved: later }), run)).toBe(before.approved)
  expect(approvedOf(newer({ approved: later }), { generation: 2 })).toBe(later)
  expect(approvedOf(wanted({ generation: 2, approved: later }), run)).toBeNull()
})

const evaluated = { step: 'evaluate', key: 'e', row: 'q' }
const finishesIn = (doc: LaneDocument) =>
  withKeptOf(viewOf({ doc }), run, (known) => ({ ...known, kept: [...known.kept, evaluated] }))

describe('what a run finishes', () => {
  it('is kept for attempts at the same', () => {
    expect(finishesIn(was)).toEqual({ ...was, kept: [...kept, evaluated] })
  })

  it('is nothing that something else has made', () => {
    expect(finishesIn(newer())).toEqual(newer({ before: { ...before, kept: [...kept, evaluated] } }))
    const { before: _, ...without } = newer()
    expect(finishesIn(without)).toEqual(without)
  })
})
