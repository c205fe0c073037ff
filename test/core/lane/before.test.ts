import { describe, expect, it } from 'vitest'
import { asBefore, leftBeside, wantedBefore, withKeptOf } from '../../../core/lane/before.ts'
import type { Before, LaneDocument } from '../../../core/lane/document.ts'
import { desired } from '../training-fixture.ts'
import { approvedBy, NOW, running, runOf, viewOf, wanted } from './fixture.ts'

const other = { ...desired, version: 'cd'.repeat(32) }
const third = { ...desired, version: 'ef'.repeat(32) }
const run = runOf({ phase: 'steps', steps: [running()] })
const kept = [{ step: 'train', key: 'k', row: 'r' }]
const was = wanted({ run, kept, approved: approvedBy({ begun: true }), attemptsLeft: 1, attempt: 1 })
const before = leftBeside(was).before as Before
/** Something else is wanted, and what was before goes on. */
const newer = (over: Partial<LaneDocument> = {}): LaneDocument =>
  wanted({ desired: other, generation: 2, run, before, ...over })

describe('what the run under way carries out, while something else is wanted', () => {
  it('stays beside it, with what was approved, what is finished and how many attempts are left', () => {
    const { generation, attempt, since, attemptsLeft, approved } = was
    const all = { desired, generation, attempt, since, attemptsLeft, approved, kept, redo: [], outcome: null }
    expect(before).toEqual(all)
    // Also while more and more comes.
    expect(leftBeside(newer())).toEqual({ before })
  })

  it('is not there of what has no run', () => {
    expect(leftBeside(wanted())).toEqual({})
    expect(leftBeside(newer({ run: null }))).toEqual({})
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

describe('what a run finishes', () => {
  const train = { step: 'evaluate', key: 'e', row: 'q' }
  const finishes = (doc: LaneDocument) =>
    withKeptOf(viewOf({ doc }), run, (known) => ({ ...known, kept: [...known.kept, train] }))

  it('is kept for attempts at the same', () => {
    expect(finishes(was)).toEqual({ ...was, kept: [...kept, train] })
  })

  it('is nothing that something else has made', () => {
    expect(finishes(newer())).toEqual(newer({ before: { ...before, kept: [...kept, train] } }))
    const { before: _, ...without } = newer()
    expect(finishes(without)).toEqual(without)
  })
})
