import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import { fold } from '../../../core/lane/fold.ts'
import type { RunLetter } from '../../../core/lane/letters.ts'
import { ANA, BEN, NOW, PIPELINE, policyWith, viewOf, wanted } from './fixture.ts'

const letterOf = (id: string, n = 0, by = 'ana'): RunLetter => ({
  ...{ kind: 'run', id: `${n}.${id}`, lane: PIPELINE, at: NOW + n, due: NOW },
  event: { type: 'run-asked', id, at: NOW + n, pipeline: 'support-chats', by, set: {}, replayed: false },
})
const ended = (doc: LaneDocument): LaneDocument => ({
  ...doc,
  run: null,
  outcome: {
    ...{ kind: 'succeeded', reason: null, detail: '', generation: doc.generation, attempt: doc.attempt, at: NOW },
    ...{ against: null, stages: [] },
  },
})
const folded = (doc: LaneDocument, letters: RunLetter[], over: object = {}) =>
  fold(viewOf({ doc, letters, ...over }), {}, { kept: {} })
const done = ended(wanted())

describe('a run that somebody asks for', () => {
  it('is wanted once, however often, in whatever order and however late its letters come', () => {
    const told = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(told, (ids) => {
        const begun: string[] = []
        let doc = done
        for (const [n, id] of ids.entries()) {
          const change = folded(doc, [letterOf(id, n)])
          expect(change.removed).toHaveLength(1)
          expect(change.moments[0]?.data).toMatchObject({ became: 'recorded', request: id })
          if (change.doc.generation > doc.generation) begun.push(id)
          doc = ended(change.doc)
        }
        expect(begun).toEqual([...new Set(ids)])
      }),
      { numRuns: 30 },
    )
  })

  it('of two that come together begins one: the other is told that something is being asked about', () => {
    const change = folded(done, [letterOf('a', 1), letterOf('b', 2)])
    expect(change.doc).toMatchObject({ generation: 2, desired: { occasion: { id: 'a' } } })
    expect(change.moments.map(({ data }) => data?.['reason'])).toEqual([null, 'in-progress'])
  })

  it.each([
    ['while something is wanted', wanted(), {}, 'in-progress'],
    ['while its lane is frozen', done, { frozenUntil: NOW + 1 }, 'frozen'],
    [
      'in shadow',
      done,
      { policy: policyWith((c) => Object.assign(c.pipelines!['support-chats']!, { mode: 'shadow' })) },
      'in-shadow',
    ],
    [
      'by who may not',
      done,
      { policy: policyWith((c) => Object.assign(c.approvals, { operators: [{ id: ANA, name: 'ana' }] })) },
      'not-an-operator',
    ],
    ['of no pipeline', done, { policy: policyWith((c) => Object.assign(c, { pipelines: {} })) }, 'not-configured'],
  ])('%s is refused, and changes nothing', (_, doc, over, reason) => {
    const change = folded(doc, [letterOf('a', 1, BEN)], over)
    expect(change.doc).toEqual(doc)
    expect(change.moments[0]?.data).toMatchObject({ became: 'refused', reason, letters: ['1.a'] })
    expect(change.counts).toEqual([`refused:${reason}`])
  })
})
