import { expect, it } from 'vitest'
import type { WarnedLetter } from '../../../core/lane/letters.ts'
import { foldWarned } from '../../../core/lane/warned.ts'
import { docOf, NOW, runOf, viewOf } from './fixture.ts'

const letter = (over: Partial<WarnedLetter['event']> = {}): WarnedLetter => ({
  ...{ kind: 'warned', id: '7.a', lane: 'pipeline/a', at: NOW, due: NOW },
  event: {
    ...{
      type: 'capacity-warned',
      id: 'e',
      at: NOW,
      warns: 'interruption',
      instance: 'i-1',
      reservation: null,
      until: null,
    },
    replayed: false,
    ...over,
  },
  on: { instances: ['i-1'], count: 1, pool: 'gpu-train', instanceType: 'p5.48xlarge', capacityType: 'spot' },
})
const block = { warns: 'block-ends', instance: null, reservation: 'cr-1', until: NOW } as const

it('is a line about the run under way, once for each warning; nothing of the run changes', () => {
  const doc = docOf({ run: runOf() })
  const change = foldWarned(viewOf({ doc }), letter())
  expect(change.moments).toMatchObject([
    {
      kind: 'note',
      generation: doc.run?.generation,
      text: expect.stringContaining('EC2 takes spot capacity back'),
      data: { letters: ['7.a'] },
    },
  ])
  expect({ ...change.doc, warned: undefined }).toEqual({ ...doc, warned: undefined })
  expect([change.removed.length, change.tellings]).toEqual([1, []])
  const again = foldWarned(viewOf({ doc: change.doc }), letter())
  expect([again.moments, again.removed.length, again.doc]).toEqual([[], 1, change.doc])
  expect(foldWarned(viewOf({ doc: change.doc }), letter({ warns: 'rebalance' })).moments).toHaveLength(1)
})

it('of a block that ends is told in the channel too', () => {
  expect(foldWarned(viewOf({ doc: docOf() }), letter(block)).tellings).toMatchObject([
    { kind: 'note', card: { lines: [expect.stringContaining('capacity block cr-1 ends')] } },
  ])
})

it('remembers the last few of them', () => {
  let doc = docOf()
  for (let n = 0; n < 20; n++) doc = foldWarned(viewOf({ doc }), letter({ instance: `i-${n}` })).doc
  expect(doc.warned).toHaveLength(8)
  expect(doc.warned?.at(-1)).toBe('interruption i-19')
})
