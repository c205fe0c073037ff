import { describe, expect, it } from 'vitest'
import { isWanted, waitsIn } from '../../../core/lane/wanted.ts'
import { desired } from '../training-fixture.ts'
import { docOf, runOf, viewOf, wanted } from './fixture.ts'

const wants = (wanted: typeof desired | null) => isWanted(viewOf({ doc: docOf({ desired: wanted }) }), runOf())

describe('what a run carries out is what its lane wants', () => {
  it('whichever generation wants it, and whoever asked', () => {
    expect(wants(desired)).toBe(true)
    expect(wants({ ...desired, requester: 'T0SIGNAL/U0BEN' })).toBe(true)
  })

  it('not another version, nor nothing', () => {
    expect(wants({ ...desired, version: 'f'.repeat(64) })).toBe(false)
    expect(wants(null)).toBe(false)
  })
})

it('what is wanted waits while it has no run of its own and has not ended', () => {
  const cancelled = { kind: 'cancelled', reason: null, detail: '', at: 0, against: null, stages: [] } as const
  const ended = { ...cancelled, stages: [], generation: 2, attempt: 1 }
  const docs = [wanted(), wanted({ run: runOf(), generation: 2 }), wanted({ run: runOf() })]
  expect(docs.map(waitsIn)).toEqual([true, true, false])
  expect([docOf(), wanted({ run: runOf(), generation: 2, outcome: ended })].map(waitsIn)).toEqual([false, false])
})
