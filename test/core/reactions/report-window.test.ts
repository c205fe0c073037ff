import { expect, it } from 'vitest'
import { reportWindow } from '../../../core/reactions/report-window.ts'

const AT = Date.UTC(2026, 10, 24, 6)
const dateOf = (rest: string) => {
  const { date } = reportWindow(rest, { sha256: 'a', at: AT })
  return date === undefined ? null : new Date(date).toISOString().slice(0, 16)
}

it.each([
  ['2026-11-23/drift.json', '2026-11-23T00:00'],
  ['2026-11-23/05/drift.json', '2026-11-23T05:00'],
  ['2026-11-23T05:30:00Z.json', '2026-11-23T05:30'],
  ['2026/11/23/drift.json', '2026-11-23T00:00'],
  ['run_20261123T0530.json', '2026-11-23T05:30'],
  ['20261123.json', '2026-11-23T00:00'],
  ['year=2026/month=11/day=18/hour=5/r.json', '2026-11-18T05:00'],
  ['2026-11-23/try2/drift.json', '2026-11-23T00:00'],
  ['llama-2026-10-05/2026-11-23/drift.json', '2026-11-23T00:00'],
  ['2026-11-23/data-20261005/drift.json', '2026-11-23T00:00'],
  ['2026-11-16_2026-11-23.json', '2026-11-23T00:00'],
  ['20261116-2026-11-23T0530/r.json', '2026-11-23T05:30'],
  ['2026-11/2026-11-23.json', '2026-11-23T00:00'],
])('the date of %s is %s', (rest, date) => {
  expect(dateOf(rest)).toBe(date)
})

it.each([
  'w1/drift.json',
  'latest.json',
  '2026-11/drift.json',
  'year=2026/month=11/r.json',
  '2026-13-01.json',
  '2036-11-23.json',
  '1999-01-01.json',
  'llama-2026-10-05/drift.json',
  'a2026-11-2.json',
  '',
])('no date that can be believed is in %s', (rest) => {
  expect(dateOf(rest)).toBeNull()
})

it('is the same under one key with a date, and with the same bytes where its key has none', () => {
  const id = (rest: string, sha256: string) => reportWindow(rest, { sha256, at: AT }).id
  expect(id('2026-11-23.json', 'a')).toBe(id('2026-11-23.json', 'b'))
  expect(id('2026-11-23.json', 'a')).not.toBe(id('2026-11-24.json', 'a'))
  expect(id('latest.json', 'a')).toBe(id('latest.json', 'a'))
  expect(new Set([id('latest.json', 'a'), id('latest.json', 'b'), id('w1.json', 'a')]).size).toBe(3)
})

it('is the same for some days under a key that is dated by something from long before, and then another one each time, as a model’s is', () => {
  const [HOUR, before] = [3_600_000, Date.UTC(2026, 9, 5)]
  const of = (sha256: string, hour = 0, known?: Parameters<typeof reportWindow>[2]) =>
    reportWindow('llama-2026-10-05/drift.json', { sha256, at: AT + hour * HOUR }, known)
  const first = of('a')
  expect(first).toMatchObject({ before })
  expect(of('b', 95, { window: first, last: AT })).toEqual(first)
  const other = of('c', 96, { window: first, last: AT })
  expect([other.id === first.id, other.before]).toEqual([false, before])
  const known = { window: other, last: AT + 96 * HOUR }
  expect([of('c', 97, known).id, of('d', 97, known).id === other.id]).toEqual([other.id, false])
  // A week’s that was dated by its beginning as it was read first, and is written again later.
  const week = { id: first.id, date: before }
  expect(of('e', 95, { window: week, last: AT })).toEqual(week)
})
