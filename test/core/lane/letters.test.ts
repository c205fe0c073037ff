import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inOrder, type Letter, letterRow } from '../../../core/lane/letters.ts'
import { command, lookLetter, NOW, vote } from './fixture.ts'

it('letters count by time, then id, whatever order they are read in, and none is lost', () => {
  const letter = fc
    .record({ at: fc.integer({ min: NOW, max: NOW + 3 }), id: fc.constantFrom('a', 'b', 'c', 'd') })
    .map((given): Letter => vote(given))
  fc.assert(
    fc.property(fc.array(letter), (letters) => {
      const ordered = inOrder(letters)
      expect(ordered).toHaveLength(letters.length)
      expect(inOrder([...letters].reverse()).map(({ at, id }) => [at, id])).toEqual(
        ordered.map(({ at, id }) => [at, id]),
      )
      for (const [index, { at, id }] of ordered.entries()) {
        const before = ordered[index - 1]
        if (before !== undefined) expect(before.at < at || (before.at === at && before.id <= id)).toBe(true)
      }
    }),
  )
})

const goOn: Letter = { kind: 'go-on', id: '1', lane: 'pipeline/a', at: 1, due: 1 }

it('those of events lie apart from those of people: a door that may write the ones cannot write the others', () => {
  expect([lookLetter(), goOn, vote(), command('retry'), command('cancel')].map(letterRow)).toEqual([
    'look',
    'look',
    'order',
    'order',
    'order',
  ])
})
