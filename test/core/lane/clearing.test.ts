import { describe, expect, it } from 'vitest'
import { type LastLook, type Left, settleClear } from '../../../core/lane/clearing.ts'
import type { Mark } from '../../../core/lane/document.ts'
import { costOf } from '../../../core/money/cost.ts'
import type { Outcome } from '../../../core/reasons.ts'
import { desired } from '../training-fixture.ts'
import { HOUR, MINUTE, NOW, planRow, running, runOf, viewOf, wanted } from './fixture.ts'

const ending: Outcome = { kind: 'cancelled', reason: null, detail: 'cancelled by carla' }
const at = (steps: Mark[]) => viewOf({ doc: wanted({ run: runOf({ phase: 'steps', steps, ending }) }), plan: planRow })
const clear = (left: Left | null, looks: LastLook[] = [], mark = ran) => settleClear(at([mark]), left, looks)
const markIn = ({ doc }: ReturnType<typeof settleClear>): Mark => doc.run?.steps[0] as Mark
const ran = running({ touched: true, ranFrom: NOW - 2 * HOUR })

const made = { ref: { kind: 'Job', namespace: 'n', name: 'j' }, uid: 'u', result: { bucket: 'b', key: 'k' } } as const
const look = (seen: LastLook['seen']): LastLook => ({ step: 'train', made, seen })
/** It worked for an hour, and nobody has looked since. */
const worked = { ranFrom: NOW - 25 * HOUR, ranUntil: NOW - 24 * HOUR }
const read = { etag: 'e', by: 'file', at: made.result } as const
const hoursOf = ({ doc }: ReturnType<typeof settleClear>): number =>
  costOf({ run: doc.run ?? runOf(), plan: planRow.plan, now: NOW }) /
  (planRow.plan.steps[0] as { perHour: number }).perHour

describe('what runs of a run that ends', () => {
  it('costs nothing once its pods are gone, whatever still keeps the Job', () => {
    const left = { note: 'held', until: NOW + MINUTE }
    expect(markIn(clear(left)).ranFrom).toBe(NOW - 2 * HOUR)
    expect(markIn(clear({ ...left, stopped: true }))).toMatchObject({ ran: 2 * HOUR, ranFrom: null })
    expect(markIn(clear(null))).toMatchObject({ ran: 2 * HOUR, ranFrom: null })
  })

  it('is taken away, and it rests until that is seen gone', () => {
    const left = clear({ note: 'Job j is being deleted', until: NOW + 5000 })
    expect(left.rest).toMatchObject({ why: 'deleting', text: 'Job j is being deleted', until: NOW + 5000 })
    expect(left.doc.run?.cleared).toBe(false)
    expect(clear(null).doc.run?.cleared).toBe(true)
  })
})

describe('what was over before it is taken away', () => {
  const mark = running({ touched: true, ranFrom: NOW - 25 * HOUR })

  it('is done: its result is there for another attempt, the run ends as it was told to', () => {
    const change = clear(null, [look({ kind: 'done', note: 'loss 0.5', values: { loss: 0.5 }, read, ...worked })], mark)
    expect(markIn(change)).toMatchObject({ state: 'done', result: '000001.0001.train', made })
    expect(change.results).toMatchObject([{ step: 'train', values: { loss: 0.5 }, made: { uid: 'u' } }])
    expect(change.doc).toMatchObject({ kept: [{ step: 'train', row: '000001.0001.train' }], run: { ending } })
    expect(hoursOf(change)).toBe(1)
  })

  it('has failed, which is not how the run ends', () => {
    const change = clear(null, [look({ kind: 'failed', reason: 'exit-code', note: 'exit 1', ...worked })], mark)
    expect(markIn(change)).toMatchObject({ state: 'failed', note: 'exit 1' })
    expect(change.doc).toMatchObject({ kept: [], run: { ending } })
    expect(hoursOf(change)).toBe(1)
  })

  it('and whose result nobody could read is left to another attempt, by where it was written', () => {
    const change = clear(null, [look({ kind: 'unread', note: 'away', ...worked })], mark)
    expect(markIn(change)).toMatchObject({ result: '000001.0001.train', ranFrom: null, endedAt: NOW - 24 * HOUR })
    expect(change.results).toEqual([])
    expect(change.doc.kept).toMatchObject([{ step: 'train', row: '000001.0001.train' }])
    expect(hoursOf(change)).toBe(1)
  })

  it('nor is anything good given up for it', () => {
    const view = at([mark])
    const kept = [{ step: 'train', key: 'key-train', row: '000001.0000.train' }]
    const doc = { ...view.doc, kept, redo: ['train'] }
    const change = settleClear({ ...view, doc }, null, [look({ kind: 'unread', note: 'away', ...worked })])
    expect(change.doc).toMatchObject({ kept, redo: ['train'] })
  })

  it('nor where something else is wanted by now: it is what the run carries out that keeps it', () => {
    const view = at([mark])
    const { kept: _, ...was } = view.doc
    const known = [{ step: 'train', key: 'key-train', row: '000001.0000.train' }]
    const { run: __, baseline: ___, ...before } = { ...was, kept: known, redo: ['train'] }
    const doc = { ...view.doc, generation: 2, desired: { ...desired, version: 'cd'.repeat(32) }, kept: [], before }
    const change = settleClear({ ...view, doc }, null, [look({ kind: 'unread', note: 'away', ...worked })])
    expect(change.doc.before).toMatchObject({ kept: known, redo: ['train'] })
  })

  it('costs no more than its run may where nobody saw it end; and at least as long as it was seen to run', () => {
    const gone = { kind: 'failed', reason: 'deleted', note: '', ranFrom: NOW - 25 * HOUR, ranUntil: null } as const
    expect(hoursOf(clear(null, [look({ ...gone, ranMost: NOW })], mark))).toBeCloseTo((223.83 - 29.35) / 55.04, 5)
    expect(hoursOf(clear(null, [look({ ...gone, ranMost: NOW - 24 * HOUR })], mark))).toBe(1)
    const wait = { kind: 'wait', note: '', until: null, running: true, ranFrom: NOW - 25 * HOUR } as const
    expect(hoursOf(clear({ note: '', until: NOW + 5000, stopped: true }, [look(wait)], mark))).toBe(25)
    // Its Job is gone, and its pods run on.
    const failed = { ...mark, state: 'failed' as const, endedAt: NOW - 24 * HOUR }
    const left = { note: '1 pods are still ending', until: NOW + 5000 }
    expect(hoursOf(clear({ ...left, runs: 'train' }, [], failed))).toBe(25)
    expect(hoursOf(clear({ ...left, runs: 'evaluate' }, [], failed))).toBe(1)
  })

  it('costs what it ran, also where nobody had seen it at work', () => {
    const unseen = running({ touched: true })
    for (const seen of [
      { kind: 'failed', reason: 'deleted', note: '', ...worked },
      { kind: 'unread', note: '', ...worked },
    ] as const)
      expect(hoursOf(clear(null, [look(seen)], unseen))).toBe(1)
    const wait = { kind: 'wait', note: '', until: null, running: true, ranFrom: NOW - 2 * HOUR } as const
    const left = clear({ note: '', until: NOW + 5000 }, [look(wait)], unseen)
    expect(markIn(left)).toMatchObject({ ranFrom: NOW - 2 * HOUR, endedAt: null })
    // And until it was told to end, whenever it is seen gone.
    const told = clear({ note: '', until: NOW + 5000 }, [look({ ...wait, why: 'deleting' })], unseen)
    expect(markIn(told).endedAt).toBe(NOW)
  })
})
