import { expect, it } from 'vitest'
import { endingText, isBeingCancelled, namedIn, noLongerSo, refuse } from '../../../core/lane/commanded.ts'
import { command, runOf, viewOf, wanted } from './fixture.ts'

const saw = { generation: 1, attempt: 1 }

it('what a person saw must still be so, or the answer says what is so now', () => {
  const view = viewOf()
  expect(noLongerSo(view, wanted(), command('cancel', { saw }))).toBeNull()
  expect(noLongerSo(view, wanted(), command('cancel', { saw: null }))).toBeNull()
  expect(noLongerSo(view, wanted({ attempt: 2 }), command('cancel', { saw }))).toEqual(
    refuse('no-longer-so', 'you saw generation 1, attempt 1; now it is generation 1, attempt 2: look again'),
  )
  expect(noLongerSo(view, wanted(), command('cancel', { saw: 'idle' }))).toMatchObject({
    detail: expect.stringMatching(/^nothing was in progress; run on .* \(generation 1\) has begun meanwhile/),
  })
})

it('a run is named by what it carries out, and said to be ending, or cancelled, whichever it is', () => {
  expect(namedIn(viewOf(), wanted({ generation: 3 }))).toMatch(/^run on .* \(generation 3\)$/)
  const ending = { kind: 'cancelled', reason: null, detail: 'by carla' } as const
  const cancelled = { by: 'carla', at: 0 }
  expect([runOf(), runOf({ cancelled }), runOf({ ending })].map(isBeingCancelled)).toEqual([false, true, true])
  expect(isBeingCancelled(runOf({ cancelled, ending: { ...ending, kind: 'failed' } }))).toBe(false)
  expect(endingText(runOf({ ending }))).toBe('it is ending already (cancelled)')
})
