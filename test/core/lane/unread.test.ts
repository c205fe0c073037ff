import { describe, expect, it } from 'vitest'
import type { LastLook } from '../../../core/lane/clearing.ts'
import type { Made } from '../../../core/lane/made.ts'
import { jobUnderWay } from '../../../core/lane/marks.ts'
import { seenUnread, toldToEnd } from '../../../core/lane/unread.ts'
import { HOUR, MINUTE, NOW, planRow, running, runOf, viewOf, wanted } from './fixture.ts'

const made = { ref: { kind: 'Job', namespace: 'training', name: 'j' }, uid: 'u' } as Made
const mark = running({ touched: true, made, ranFrom: NOW - 2 * HOUR })
const seenOf = (of: typeof mark, seen: LastLook['seen']) =>
  seenUnread(viewOf({ doc: wanted({ run: runOf({ phase: 'steps', steps: [of] }) }), plan: planRow }), of, seen).run
    ?.steps[0]
const wait = { kind: 'wait', note: 'running', until: null } as const

describe('a Job that was seen while its lane could not be read', () => {
  it('runs since when its pod says, though nobody had seen it at work before', () => {
    const waits = { ...mark, ranFrom: null }
    expect(seenOf(waits, { ...wait, running: true, ranFrom: NOW - HOUR, pod: 'p', lost: null })).toMatchObject({
      ran: 0,
      ranFrom: NOW - HOUR,
      pod: 'p',
      note: 'running',
      unseenFrom: NOW,
    })
    expect(seenOf(waits, { ...wait, running: false, note: 'waiting for a node' })).toMatchObject({ ranFrom: null })
  })

  it('has run until it stood still, whether it waits or is over', () => {
    const until = { ranUntil: NOW - HOUR }
    const stood = { ran: HOUR, ranTo: NOW - HOUR, ranFrom: null, state: 'running', endedAt: null }
    expect(seenOf(mark, { ...wait, ...until, running: false })).toMatchObject(stood)
    expect(seenOf(mark, { kind: 'done', note: 'complete', values: null, ...until })).toMatchObject(stood)
    expect(seenOf(mark, { kind: 'failed', reason: 'deleted', note: 'gone', ...until })).toMatchObject(stood)
    const never = { ...mark, ranFrom: null }
    expect(seenOf(never, { kind: 'failed', reason: 'deleted', note: 'gone' })).toEqual({ ...never, unseenFrom: NOW })
  })

  it('has failed as it was seen to, which its mark remembers; that it is gone says nothing new', () => {
    const died = { kind: 'failed', reason: 'exit-code', note: 'x'.repeat(400), ranUntil: NOW - HOUR } as const
    const known = seenOf(mark, died)
    expect(known).toMatchObject({ state: 'running', died: { failure: 'exit-code' } })
    expect(known?.died?.note).toHaveLength(300)
    const gone = seenOf(known ?? mark, { kind: 'failed', reason: 'deleted', note: 'gone' })
    expect(gone?.died?.failure).toBe('exit-code')
    expect(seenOf(mark, { kind: 'failed', reason: 'deleted', note: 'gone' })?.died).toBeUndefined()
  })

  it('is told to end now, and is what the run has under way', () => {
    const doc = wanted({ run: runOf({ phase: 'steps', steps: [mark] }) })
    expect(jobUnderWay(doc)).toEqual(mark)
    expect(toldToEnd(doc, mark, NOW - MINUTE).run?.steps[0]?.endedAt).toBe(NOW - MINUTE)
    const unmade = wanted({ run: runOf({ phase: 'steps', steps: [{ ...mark, made: null }] }) })
    expect([jobUnderWay(unmade), jobUnderWay(wanted())]).toEqual([undefined, undefined])
    expect(toldToEnd(wanted({ run: null }), mark, NOW).run).toBeNull()
  })
})
