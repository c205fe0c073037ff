import { describe, expect, it } from 'vitest'
import { resting } from '../../../core/lane/change.ts'
import { patient, patientFrom, spentOnWayBack, unreachedOf } from '../../../core/lane/patience.ts'
import { HOUR, MINUTE, NOW, running, runOf, wanted } from './fixture.ts'

const move = running({ kind: 'roll-out-model', touched: true, startedAt: NOW - 6 * HOUR, ranFrom: NOW - 6 * HOUR })
type Why = 'unavailable' | 'not-allowed' | 'frozen' | 'working'
const since = (why: Why, at: number) => resting({ doc: wanted(), now: at }, { why, text: '', side: 'cluster' })
const away = (at: number, why: Why = 'unavailable') => ({
  now: NOW,
  doc: wanted({ rest: since(why, at), run: runOf({ phase: 'steps', steps: [move] }) }),
})

describe('patience with a step', () => {
  it('counts only the time in which somebody could look at it', () => {
    expect(patientFrom(away(NOW - 5 * HOUR), move)).toBe(NOW - HOUR)
    expect(patientFrom(away(NOW - 5 * HOUR, 'not-allowed'), move)).toBe(NOW - HOUR)
    expect(patientFrom(away(NOW - 5 * HOUR, 'frozen'), move)).toBe(NOW - HOUR)
    expect(patientFrom(away(NOW - 5 * HOUR, 'working'), move)).toBe(NOW - 6 * HOUR)
  })

  it('is not longer for an outage that was over, or had begun, before it began', () => {
    expect(patientFrom(away(NOW - 5 * HOUR), { startedAt: NOW - MINUTE })).toBe(NOW)
    expect(patientFrom({ doc: { rest: null }, now: NOW }, { startedAt: null })).toBe(NOW)
  })

  it('is one for the whole way back: a move that waits has what those that failed have left', () => {
    const back = running({ way: 'back' })
    const failed = { ...back, state: 'failed' as const, startedAt: NOW - 2 * HOUR, endedAt: NOW - HOUR }
    const steps = [failed, { ...failed, way: 'forth' as const }, { ...failed, state: 'done' as const }, back]
    expect([spentOnWayBack({ steps }, back), spentOnWayBack({ steps }, running())]).toEqual([HOUR, 0])
  })

  it('goes on once somebody looks again, and its money counts as before', () => {
    const view = away(NOW - 5 * HOUR)
    const still = patient({ plan: null, ...view }, { doc: view.doc, rest: since('unavailable', NOW) })
    expect(still.run?.steps[0]?.startedAt).toBe(NOW - 6 * HOUR)
    const seen = patient({ plan: null, ...view }, { doc: view.doc, rest: since('working', NOW) })
    expect(seen.run?.steps[0]).toMatchObject({ startedAt: NOW - HOUR, ranFrom: NOW - 6 * HOUR })
    // Another such rest forgets nothing of the first.
    const other = patient({ plan: null, ...view }, { doc: view.doc, rest: since('not-allowed', NOW) })
    expect(other.run?.steps[0]).toMatchObject({ startedAt: NOW - HOUR, unseenFrom: NOW - 5 * HOUR })
    const later = { now: NOW + HOUR, doc: { ...other, rest: since('not-allowed', NOW) } }
    const third = patient({ plan: null, ...later }, { doc: later.doc, rest: since('unavailable', NOW + HOUR) })
    expect(third.run?.steps[0]?.unseenFrom).toBe(NOW - 5 * HOUR)
    expect(
      patient({ plan: null, ...later }, { doc: later.doc, rest: since('working', NOW + HOUR) }).run?.steps[0]
        ?.unseenFrom,
    ).toBeUndefined()
    expect(patient({ plan: null, ...view }, { doc: wanted({ run: null }), rest: since('working', NOW) }).run).toBeNull()
  })
})

describe('what stands while nobody can take it away', () => {
  const steps = [{ kind: 'roll-out-model', name: 'move-1', perHour: 10 }] as never
  const up = running({ kind: 'roll-out-model', name: 'move-1', touched: true, startedAt: 0, ranFrom: NOW - 9 * HOUR })
  const run = runOf({ phase: 'steps', steps: [up] })
  const planRow = { plan: { steps }, back: [] } as never
  const waits = (rest: ReturnType<typeof resting>) => ({
    now: NOW,
    plan: planRow,
    doc: wanted({ rest, run, due: rest.until, writtenAt: rest.since }),
  })
  const at = (why: Why, from: number, side: string | null, until: number | null = null) =>
    waits(resting({ doc: wanted(), now: from }, { why, text: '', side, until }))

  it('is counted apart: the cluster away, or nobody looking where somebody was to', () => {
    const of = (view: ReturnType<typeof waits>) => unreachedOf(view, run)
    for (const side of ['cluster', 'policies']) expect(of(at('unavailable', NOW - 2 * HOUR, side))).toBe(20)
    // It may have begun an hour before somebody was to look; in a freeze nothing would have happened until then.
    expect(of(at('working', NOW - 5 * HOUR, null, NOW - 3 * HOUR))).toBe(40)
    expect(of(at('working', NOW - 3.5 * HOUR, null, NOW - 3 * HOUR))).toBe(35)
    expect(of(at('frozen', NOW - 5 * HOUR, null, NOW - 3 * HOUR))).toBe(30)
    expect(of(at('unavailable', NOW - 2 * HOUR, 'objects', NOW - MINUTE))).toBe(0)
    expect(of(at('working', NOW - 5 * HOUR, null, NOW - 5 * MINUTE))).toBe(0)
    expect(of(at('frozen', NOW - 5 * HOUR, null, NOW))).toBe(0)
  })

  it('and kept once that is over, also where it rests as before', () => {
    const late = at('working', NOW - 5 * HOUR, null, NOW - 3 * HOUR)
    const next = resting({ doc: late.doc, now: NOW }, { why: 'working', text: '' })
    const { run: kept } = patient(late, { doc: late.doc, rest: next })
    expect(kept).toMatchObject({ unreached: 40, unreachedTo: NOW })
    // What is settled after that in the same commit counts none of it twice.
    const joined = { ...late, now: NOW + 1000, doc: { ...late.doc, run: kept as never } }
    expect(unreachedOf(joined, kept as never)).toBeCloseTo(40, 1)
    expect(patient({ ...joined, now: NOW }, { doc: joined.doc, rest: next })).toBe(joined.doc)
    const again = at('unavailable', NOW - HOUR, 'cluster')
    expect(unreachedOf(again, { ...run, unreached: 30 })).toBe(40)
  })
})
