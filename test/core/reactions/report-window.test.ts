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

it('is another one each time under a key that is dated by something from long before, as a model is', () => {
  const of = (sha256: string) => reportWindow('llama-2026-10-05/drift.json', { sha256, at: AT })
  expect(of('a')).toEqual(of('a'))
  expect(of('a').id).not.toBe(of('b').id)
  expect(of('a')).toMatchObject({ before: Date.UTC(2026, 9, 5) })
})
