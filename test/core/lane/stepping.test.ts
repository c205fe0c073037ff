import { describe, expect, it } from 'vitest'
import type { LaneDocument, Mark } from '../../../core/lane/document.ts'
import type { Made } from '../../../core/lane/made.ts'
import { type Stepped, settleMark, settleStepped } from '../../../core/lane/stepping.ts'
import { desired } from '../training-fixture.ts'
import { approvedBy, HOUR, MINUTE, markOf, NOW, planRow, running, runOf, viewOf, wanted } from './fixture.ts'

const made: Made = {
  ref: { kind: 'Job', namespace: 'training', name: 'j' },
  uid: 'u',
  result: { bucket: 'b', key: 'k' },
}
const at = (steps: Mark[], over: Parameters<typeof viewOf>[0] = {}, doc: Partial<LaneDocument> = {}) =>
  viewOf({ doc: wanted({ ...doc, run: runOf({ phase: 'steps', steps }) }), plan: planRow, ...over })
const [first] = planRow.plan.steps
const name = first?.name ?? ''
const stepped = (
  answer: Stepped,
  steps: Mark[] = [running({ touched: true })],
  over: Parameters<typeof viewOf>[0] = {},
) => settleStepped(at(steps, over), name, answer)
const mark = (change: ReturnType<typeof stepped>): Mark => change.doc.run?.steps[0] as Mark
const at1 = { bucket: 'b', key: 'results/job-x7k2p/result.json' }
const read = { etag: 'e', by: 'file', pins: { model: 'p' }, at: at1 } as const
const done: Stepped = { kind: 'done', note: 'score 0.9', values: { score: 0.9, model: 's3://b/m' }, read }

describe('a mark', () => {
  it('says running, by whom and when, and fences with the revision that it will have', () => {
    const change = settleMark(at([markOf()]), 'train')
    expect(mark(change)).toMatchObject({
      state: 'running',
      by: 'me',
      markedAt: NOW,
      startedAt: NOW,
      fence: 4,
      touched: false,
    })
    expect(change.moments.map(({ text }) => text)).toEqual(['Fine-tune: begins'])
  })

  it('fences from above what stood when the ledger took its place', () => {
    expect(mark(settleMark(at([markOf()], { fenceFrom: 40 }), 'train')).fence).toBe(44)
  })

  it('taken over from another is quiet, with a higher fence', () => {
    const theirs = running({ by: 'another', markedAt: NOW - HOUR, fence: 2, note: 'n' })
    const change = settleMark(at([theirs]), 'train')
    expect(mark(change)).toMatchObject({ by: 'me', markedAt: NOW, fence: 4, note: 'n' })
    expect(change.moments).toEqual([])
  })

  it('begins what was approved; one on the way back does not', () => {
    const approved = approvedBy()
    expect(settleMark(at([markOf()], {}, { approved }), 'train').doc.approved).toEqual({ ...approved, begun: true })
    expect(settleMark(at([markOf({ way: 'back' })], {}, { approved }), 'train').doc.approved).toEqual(approved)
    expect(settleMark(at([markOf()]), 'train').doc.approved).toBeNull()
  })
})

describe('a step', () => {
  it('that has begun has its object written down, with its uid', () => {
    expect(mark(stepped({ kind: 'begun', made, note: 'created' }))).toMatchObject({
      state: 'running',
      touched: true,
      made,
      note: 'created',
    })
  })

  it('that touches nothing yet is looked at, and once it may begin it is marked anew: only who marks it touches it', () => {
    const waits = mark(stepped({ kind: 'begun', made: null, note: 'not ready', waits: true }, [running()]))
    expect(waits).toMatchObject({ state: 'running', touched: true, waits: true, note: 'not ready' })
    const free = stepped({ kind: 'free' }, [{ ...waits, by: 'another', markedAt: NOW - HOUR, startedAt: NOW - HOUR }])
    expect(mark(free)).toMatchObject({ by: 'me', markedAt: NOW, startedAt: NOW, fence: 4, touched: false })
    expect(mark(free).waits).toBeUndefined()
    expect([free.rest, free.moments]).toEqual([null, []])
  })

  it('whose making was answered with what it is now rests at once, with both written down', () => {
    const seen = { kind: 'wait', note: 'waiting for its pod', until: NOW + HOUR, running: false } as const
    const change = stepped({ kind: 'begun', made, note: 'created', seen })
    expect(mark(change)).toMatchObject({ touched: true, made, note: 'waiting for its pod', ranFrom: null })
    expect(change.rest).toMatchObject({ why: 'working', text: 'Fine-tune: waiting for its pod', until: NOW + HOUR })
  })

  it('that waits rests until it must be looked at, and costs from when its work was first seen running', () => {
    const quiet = stepped({ kind: 'wait', note: 'pending', until: NOW + HOUR, running: false })
    expect(mark(quiet).ranFrom).toBeNull()
    expect(quiet.rest).toMatchObject({ why: 'working', text: 'Fine-tune: pending', until: NOW + HOUR })
    const works = stepped({ kind: 'wait', note: 'running', until: NOW + 99 * HOUR, running: true })
    expect(mark(works).ranFrom).toBe(NOW)
    expect(works.rest?.until).toBeLessThan(NOW + 4 * HOUR)
    const earlier = stepped({ kind: 'wait', note: '', until: null, running: true, ranFrom: NOW - MINUTE })
    expect(mark(earlier).ranFrom).toBe(NOW - MINUTE)
  })

  it('that has cost all that it may is ended by its bound, once it was looked at', () => {
    const late = [running({ touched: true, ranFrom: NOW - 9 * HOUR })]
    const over = stepped({ kind: 'wait', note: 'running', until: null, running: true }, late)
    expect(over.doc.run?.ending).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
    expect(stepped(done, late).doc.run?.ending).toBeNull()
  })

  it('that is done has its result in a row of its own, and is kept for the attempts that follow', () => {
    const change = stepped(done, [running({ touched: true, made })])
    expect(mark(change)).toMatchObject({ state: 'done', endedAt: NOW, note: 'score 0.9', result: '000001.0001.train' })
    expect(change.results).toEqual([
      {
        row: '000001.0001.train',
        step: 'train',
        key: 'key-train',
        values: { score: 0.9, model: 's3://b/m' },
        made: { ...made, result: at1 },
        etag: 'e',
        by: 'file',
        pins: { model: 'p' },
        generation: 1,
        attempt: 1,
        at: NOW,
      },
    ])
    expect(mark(change).made).toEqual(made)
    expect(change.doc.kept).toEqual([{ step: 'train', key: 'key-train', row: '000001.0001.train' }])
    expect(stepped({ ...done, values: null }).doc.kept).toEqual([])
  })

  it('that was done before is kept as it was done last', () => {
    const kept = [
      { step: 'train', key: 'old', row: 'r' },
      { step: 'x', key: 'x', row: 'x' },
    ]
    const change = settleStepped(at([running({ touched: true })], {}, { kept }), 'train', done)
    expect(change.doc.kept.map(({ step, key }) => [step, key])).toEqual([
      ['x', 'x'],
      ['train', 'key-train'],
    ])
  })

  it('that fails ends the run with its reason, and the detail in the far side’s words', () => {
    const change = stepped({ kind: 'failed', reason: 'exit-code', note: `boom \u001b[31m${'x'.repeat(9000)}` })
    expect(mark(change)).toMatchObject({ state: 'failed', endedAt: NOW })
    expect(mark(change).note.length).toBeLessThanOrEqual(300)
    expect(change.doc.run?.ending).toMatchObject({ kind: 'failed', reason: 'exit-code' })
    expect(change.doc.run?.ending?.detail.length).toBeLessThanOrEqual(2000)
    expect(change.moments.at(-1)?.text).toContain('failed (exit-code): boom')
  })

  it('that is a gate and fails invalidates what it judged, and nothing else', () => {
    const kept = [
      { step: 'train', key: 'k', row: 'r' },
      { step: 'evaluate', key: 'k', row: 'r' },
    ]
    const judge = running({ name: 'judge-evaluate', kind: 'check-gate', title: 'Judge' })
    const change = settleStepped(at([judge], {}, { kept }), 'judge-evaluate', {
      kind: 'failed',
      reason: 'gate',
      note: 'score 0.7',
    })
    expect(change.doc.kept.map(({ step }) => step)).toEqual(['train'])
  })

  it('of a run that something else waits behind leaves nothing to that: what it finishes, and what its gate invalidates, is its own', () => {
    const { run: _, ...rest } = wanted()
    const other = { ...desired, version: 'cd'.repeat(32) } as never
    const kept = [{ step: 'evaluate', key: 'k', row: 'r' }]
    const newer = { generation: 2, desired: other, before: { ...rest, kept } }
    const trained = settleStepped(at([running({ touched: true })], {}, newer), 'train', done).doc
    expect([trained.kept, trained.before?.kept.map(({ step }) => step)]).toEqual([[], ['train']])
    const judge = running({ name: 'judge-evaluate', kind: 'check-gate', touched: true })
    const failed: Stepped = { kind: 'failed', reason: 'gate', note: '' }
    const judged = settleStepped(at([judge], {}, newer), 'judge-evaluate', failed).doc
    expect(judged.before?.kept).toEqual([])
  })

  it('on the way back that fails keeps no other move from being made', () => {
    const back = running({ name: 'back-1', kind: 'roll-out-model', way: 'back' })
    const ending = { kind: 'failed', reason: 'gate', detail: 'g' } as const
    const view = viewOf({ doc: wanted({ run: runOf({ phase: 'back', steps: [back], ending }) }), plan: planRow })
    const change = settleStepped(view, 'back-1', { kind: 'failed', reason: 'not-healthy', note: 'late' })
    expect(change.doc.run?.steps[0]?.state).toBe('failed')
    expect(change.doc.run?.ending).toEqual({ ...ending, detail: 'g; the way back failed: late' })
    expect(change.doc.run?.phase).toBe('back')
    // What somebody has changed of where it leads says anew where that is.
    const edited = settleStepped(view, 'back-1', { kind: 'failed', reason: 'edited-by-hand', note: 'late' })
    expect(edited.doc.run?.phase).toBe('steps')
    // What was only to go back first is tried again all the same, from how it stands; what was to begin on other machines from there is not.
    const first = (reason: 'halfway-bound' | 'other-machines') => {
      const run = runOf({ phase: 'back', steps: [back], ending: { ...ending, reason } })
      const at = viewOf({ doc: wanted({ run }), plan: planRow })
      return settleStepped(at, 'back-1', { kind: 'failed', reason: 'not-healthy', note: 'late' }).doc.run?.ending
    }
    expect(first('halfway-bound')).toEqual({ kind: 'failed', reason: 'halfway-bound', detail: 'g; the way back failed: late' }) // biome-ignore format: one line
    expect(first('other-machines')).toMatchObject({ reason: 'not-healthy' })
    const again = settleStepped({ ...view, doc: change.doc }, 'back-1', {
      kind: 'failed',
      reason: 'not-healthy',
      note: 'late',
    })
    expect(again.doc.run?.ending).toEqual(change.doc.run?.ending)
  })

  it('is reckoned as the most that it may have cost where nobody saw it end, and that is said', () => {
    const gone = { kind: 'failed', reason: 'deleted', note: 'it is gone', ranUntil: null } as const
    const late = stepped({ ...gone, ranFrom: NOW - 25 * HOUR, ranMost: NOW })
    expect(mark(late).endedAt).toBe(NOW - 25 * HOUR + Math.round(((223.83 - 29.35) / 55.04) * HOUR))
    expect(late.doc.run?.ending?.detail).toMatch(/^it is gone; nobody saw when it stopped/)
    const soon = stepped({ ...gone, ranFrom: NOW - HOUR, ranMost: NOW })
    expect([mark(soon).endedAt, soon.doc.run?.ending?.detail]).toEqual([NOW, 'it is gone'])
    expect(mark(stepped({ ...gone, ranFrom: NOW - 2 * HOUR, ranMost: NOW - HOUR })).endedAt).toBe(NOW - HOUR)
    const still = running({ touched: true, ranFrom: NOW - 25 * HOUR })
    const waits = stepped({ kind: 'wait', note: '', until: null, running: false }, [still])
    expect(mark(waits).ran).toBe(Math.round(((223.83 - 29.35) / 55.04) * HOUR))
    const over = stepped({ kind: 'wait', note: '', until: null, running: false }, [{ ...still, ran: 9 * HOUR }])
    expect(mark(over).ran).toBe(9 * HOUR)
  })

  it('ran when the cluster says so, however late we looked', () => {
    const change = stepped({ ...done, ranFrom: NOW - 2 * HOUR, ranUntil: NOW - HOUR })
    expect(mark(change)).toMatchObject({ ranFrom: NOW - 2 * HOUR, endedAt: NOW - HOUR })
    expect(mark(stepped({ ...done, ranUntil: NOW + HOUR })).endedAt).toBe(NOW)
  })
})

describe('what stands still costs nothing', () => {
  const wait = { kind: 'wait', note: '', until: null } as const
  const ran = running({ touched: true, ranFrom: NOW - 2 * HOUR })

  it('ran until the cluster says, else until this look, and again from when that began', () => {
    const still = mark(stepped({ ...wait, running: false, ranUntil: NOW - HOUR }, [ran]))
    expect(still).toMatchObject({ ran: HOUR, ranTo: NOW - HOUR, ranFrom: null })
    expect(mark(stepped({ ...wait, running: false }, [ran]))).toMatchObject({ ran: 2 * HOUR, ranTo: NOW })
    expect(mark(stepped({ ...wait, running: false }, [still]))).toMatchObject({ ran: HOUR, ranTo: NOW - HOUR })
    const first = { running: true, ranFrom: NOW - 2 * HOUR }
    const again = mark(stepped({ ...wait, ...first, ranAgain: NOW - MINUTE }, [still]))
    expect(again).toMatchObject({ ran: HOUR, ranFrom: NOW - MINUTE })
    expect(mark(stepped({ ...wait, ...first, ranAgain: NOW - 2 * HOUR }, [still])).ranFrom).toBe(NOW - HOUR)
    expect(mark(stepped({ ...done, ranFrom: NOW - 2 * HOUR }, [still])).ranFrom).toBeNull()
  })
})
