import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changed, DETAIL, joined, moment, pauseAfter, REST, resting } from '../../../core/lane/change.ts'
import { anyText } from '../../any-text.ts'
import { docOf, lookLetter, NOW, vote, wanted } from './fixture.ts'

describe('two changes in one commit', () => {
  const [a, b] = [
    changed(docOf(), {
      removed: [vote()],
      counts: ['a'],
      guard: { 'pool/x': 1 },
      moments: [moment('note', 'a')],
    }),
    changed(wanted(), { later: [lookLetter()], counts: ['b'], guard: { 'pool/x': 2, 'pool/y': null } }),
  ]

  it('are all that either writes, with the later document', () => {
    expect(joined(a, b)).toMatchObject({
      doc: wanted(),
      removed: [vote()],
      later: [lookLetter()],
      counts: ['a', 'b'],
      guard: { 'pool/x': 2, 'pool/y': null },
    })
    expect(joined(a, b).moments).toHaveLength(1)
    expect(joined(null, b)).toBe(b)
  })

  it('write a letter once, as the second leaves it', () => {
    const [one, two] = [lookLetter({ id: 'l1', tries: 1 }), lookLetter({ id: 'l2' })]
    const first = changed(docOf(), { later: [one, two] })
    const second = joined(first, changed(docOf(), { later: [{ ...one, tries: 2 }], removed: [two] }))
    expect([second.later, second.removed]).toEqual([[{ ...one, tries: 2 }], [two]])
  })

  it('keep the plan that the first wrote where the second leaves it as it is', () => {
    const first = changed(docOf(), { plan: null, beside: ['pool/x'], wakes: ['pool/x'] })
    expect(joined(first, changed(docOf(), { wakes: ['pool/y'] }))).toMatchObject({
      plan: null,
      beside: ['pool/x'],
      wakes: ['pool/x', 'pool/y'],
    })
  })
})

describe('an entry of the timeline', () => {
  it('is about a run, or about the lane alone', () => {
    expect(moment('note', 'x')).toMatchObject({ generation: null, attempt: null })
    expect(moment('note', 'x', { run: { generation: 2, attempt: 3 } })).toMatchObject({ generation: 2, attempt: 3 })
    expect(moment('note', 'x')).not.toHaveProperty('data')
  })

  it('is clean and has at most 2,000 characters, whoever said it', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 50 }), fc.nat(100), (text, times) => {
        const { text: said } = moment('note', `${text}\u001b[31m\u202e`.repeat(times))
        expect(said.length).toBeLessThanOrEqual(DETAIL)
        expect(said).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
    )
  })
})

describe('a rest', () => {
  const before = { why: 'asked' as const, text: 't', since: NOW - 9, until: null, side: null, tries: 2 }

  it('is clean and short', () => {
    const { text } = resting({ doc: docOf(), now: NOW }, { why: 'bug', text: `\u001b[31m${'x\n'.repeat(5000)}` })
    expect(text.length).toBeLessThanOrEqual(REST)
    expect(text).toMatch(/^x x /)
  })

  it('goes on since the last one for the same reason and far side, and counts looks in a row', () => {
    const at = { doc: docOf({ rest: before }), now: NOW }
    expect(resting(at, { why: 'asked', text: 'other' })).toMatchObject({ since: NOW - 9, tries: 3 })
    expect(resting(at, { why: 'parked', text: 't' })).toMatchObject({ since: NOW, tries: 1 })
    expect(resting(at, { why: 'asked', text: 't', side: 'chat' })).toMatchObject({ since: NOW, tries: 1 })
  })
})

describe('a pause', () => {
  it('grows from five seconds to five minutes, and is never shorter than the far side asks for', () => {
    expect([1, 2, 3, 7, 8, 1000].map((tries) => pauseAfter(tries))).toEqual([5e3, 1e4, 2e4, 3e5, 3e5, 3e5])
    expect(pauseAfter(1, 60)).toBe(60_000)
    expect(pauseAfter(9, 60)).toBe(300_000)
    expect(pauseAfter(1, 1e9)).toBe(3_600_000)
  })
})
