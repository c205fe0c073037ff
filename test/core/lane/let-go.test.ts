import { expect, it } from 'vitest'
import { changed } from '../../../core/lane/change.ts'
import type { Mark } from '../../../core/lane/document.ts'
import { toldAgain, undoneText, waitsAgain, withUndone } from '../../../core/lane/let-go.ts'
import type { Suspension } from '../../../core/lane/suspension.ts'
import { NOW, running, runOf, wanted } from './fixture.ts'

const has = { is: true, since: NOW, at: NOW, by: 'me', fence: 4 }
/** Let go so many times, each at once after it was suspended again. */
const letGoEach = (times: number, every = 0): Mark =>
  Array.from({ length: times }).reduce<Mark>(
    (mark, _, index) => {
      const now = NOW + index * every
      return withUndone(mark, { ...(mark.suspended ?? has), at: now }, { by: 'kubectl-patch', now })
    },
    running({ touched: true }),
  )
const letGo = (times: number): Suspension => letGoEach(times).suspended as Suspension
const said = (times: number) => {
  const mark = running({ touched: true, suspended: { ...letGo(times), at: NOW } })
  const doc = wanted({ run: runOf({ phase: 'steps', steps: [mark] }) })
  return toldAgain({ doc }, changed(doc), mark)
}

it('what somebody lets go is suspended again at once, then ever later after the last time, up to a minute', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 50].map((times) => (letGo(times).undone?.after ?? 0) - NOW)
  expect(pauses).toEqual([0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
  expect([waitsAgain(letGo(3), NOW + 9_999), waitsAgain(letGo(3), NOW + 10_000)]).toEqual([true, false])
  expect(waitsAgain({ ...letGo(3), is: false }, NOW)).toBe(false)
})

it('counts towards its bound as a node each time, unless the one of the time before is there yet', () => {
  expect([letGoEach(1).letGo, letGoEach(40).letGo, letGoEach(40, 60_000).letGo]).toEqual([1, 1, 2])
  expect(letGoEach(5, 30 * 60_000).letGo).toBe(5)
})

it('is told once, with who it was; of a thousand times the timeline has ten lines', () => {
  expect(said(1).tellings).toMatchObject([{ card: { title: expect.stringContaining('kubectl-patch has let it go') } }])
  const all = Array.from({ length: 1000 }, (_, index) => said(index + 1))
  expect(all.flatMap(({ tellings }) => tellings)).toHaveLength(1)
  const lines = all.flatMap(({ moments }) => moments.map(({ text }) => text))
  expect(lines).toHaveLength(10)
  expect(lines.at(-1)).toContain('kubectl-patch has let it go, 512 times by now')
  expect(undoneText({ ...letGo(1), undone: { times: 1, by: null, after: 0 } })).toBe(
    '; somebody has let it go, and it is suspended again',
  )
  expect([undoneText(letGo(12)), undoneText(has)]).toEqual([
    '; kubectl-patch has let it go 12 times, and it is suspended again each time',
    '',
  ])
})
