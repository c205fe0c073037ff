import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { fitted } from '../../../core/lane/size.ts'
import { approvedBy, asking, NOW, questionOf, running, runOf, wanted } from './fixture.ts'

const LIMIT = 32 * 1024
const bytesOf = (doc: LaneDocument): number => Buffer.byteLength(JSON.stringify(doc))
const votes = (reason: string | null) =>
  Array.from({ length: 20 }, (_, n) => ({
    by: `T0SIGNAL/U0PERSON${n}`,
    verdict: 'approve' as const,
    reason,
    at: NOW + n,
  }))
const steps = (title: string, note: string) =>
  Array.from({ length: 24 }, (_, n) => running({ name: `step-${n}`, title, note, key: 'k'.repeat(16) }))
/** A document as large as one can be, with texts of these. */
const large = (title: string, note: string, reason: string | null, detail: string): LaneDocument =>
  wanted({
    run: {
      ...asking({ votes: votes(reason), need: 20 }),
      steps: steps(title, note),
      ending: { kind: 'failed', reason: 'gate', detail },
    },
    approved: approvedBy({ question: questionOf({ votes: votes(reason) }) }),
    held: { reason: 'held-failed', detail, at: NOW },
    outcome: { kind: 'failed', reason: 'gate', detail, generation: 1, attempt: 1, at: NOW, against: null, stages: [] },
    rest: { why: 'working', text: detail, since: NOW, until: null, side: null, tries: 1 },
  })

describe('a document as it is stored', () => {
  it('is left alone while it is small', () => {
    const doc = wanted({ run: runOf({ steps: [running({ note: 'n'.repeat(300) })] }) })
    expect(fitted(doc)).toBe(doc)
  })

  it('shortens what alerts have said, and what an occasion has taken the place of', () => {
    const doc = large('x'.repeat(300), '漢'.repeat(300), '漢'.repeat(300), '漢'.repeat(2000))
    const { approved, outcome } = doc
    const episode = { alert: 'ModelDriftHigh', labels: { model: 'm' }, since: NOW, text: '漢'.repeat(200) }
    const episodes = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`alert ModelDriftHigh f${n}`, { ...episode, fingerprint: `f${n}` }]),
    )
    const gaveWay = { ...wanted(), approved, outcome, gaveWay: { ...wanted(), approved, outcome } }
    const stored = fitted({ ...doc, episodes, gaveWay })
    expect(bytesOf(stored)).toBeLessThanOrEqual(LIMIT)
    expect(Object.keys(stored.episodes ?? {})).toEqual(Object.keys(episodes))
  })

  it('stays below 32 KB whatever is said in it, and loses nothing but words', () => {
    const text = fc.oneof(fc.constant('漢'), fc.constant('😀'), fc.constant('x'), fc.constant('"'))
    const size = fc.constantFrom(0, 40, 300, 2000)
    fc.assert(
      fc.property(text, size, size, size, size, (letter, title, note, reason, detail) => {
        const doc = large(letter.repeat(title), letter.repeat(note), letter.repeat(reason), letter.repeat(detail))
        const stored = fitted(doc)
        expect(bytesOf(stored)).toBeLessThanOrEqual(LIMIT)
        // Behind a run whose own words these are, the same stays as large.
        const { approved: answer, outcome: end } = doc
        const behind: LaneDocument = {
          ...doc,
          generation: 2,
          approved: null,
          outcome: null,
          before: { ...wanted(), approved: answer, outcome: end },
        }
        expect(bytesOf(fitted(behind))).toBeLessThanOrEqual(LIMIT)
        const wordless = ({ run, approved, held, outcome, rest, ...other }: LaneDocument) => ({
          ...other,
          steps: run?.steps.map(({ title: _, note: __, ...mark }) => mark),
          votes: [run?.question, approved?.question].map((question) =>
            question?.votes.map(({ by, verdict, at }) => [by, verdict, at]),
          ),
          kinds: [run?.ending?.kind, held?.reason, outcome?.reason, rest?.why],
        })
        expect(wordless(stored)).toEqual(wordless(doc))
      }),
    )
  })

  it('of a pipeline of twenty-four stages with a gate each, with the longest names that there can be, stays below 40 KB', () => {
    const marks = Array.from({ length: 50 }, (_, n) => {
      const mark = running({ name: `judge-stage-${n}`, title: 't', note: 'n'.repeat(300), by: 'r'.repeat(36) })
      const ref = { kind: 'Job' as const, namespace: 'n'.repeat(53), name: 'j'.repeat(63) }
      const result = { bucket: 'b'.repeat(63), key: 'k'.repeat(250) }
      return n % 2 === 0 ? { ...mark, made: { ref, uid: 'u'.repeat(36), result }, result: 'w'.repeat(60) } : mark
    })
    const doc = large('t', 'n', 'r'.repeat(300), 'd'.repeat(300))
    expect(bytesOf(fitted({ ...doc, run: runOf({ ...doc.run, steps: marks }) }))).toBeLessThanOrEqual(40 * 1024)
  })

  it('cuts no more than it must, and what ended a run last', () => {
    const mild = fitted(large('t', 'é'.repeat(250), 'é'.repeat(250), 'd'.repeat(250)))
    expect(mild.run?.steps[0]?.note).toHaveLength(120)
    expect(mild.run?.question?.votes[0]?.reason).toHaveLength(120)
    const hard = fitted(large('漢'.repeat(300), '漢'.repeat(300), '漢'.repeat(300), '漢'.repeat(2000)))
    expect(hard.run?.ending?.detail.length).toBeGreaterThanOrEqual(100)
    expect(hard.run?.steps[0]?.title.length).toBeGreaterThanOrEqual(39)
  })
})
