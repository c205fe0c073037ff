import { expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { parked } from '../../../core/lane/parked.ts'
import { NOW, viewOf, wanted } from './fixture.ts'

const ended = (over: Partial<Ended>): Ended => ({
  ...{ kind: 'failed', reason: 'exit-code', detail: 'train ended with exit 1', generation: 1, attempt: 1, at: NOW },
  ...{ against: null, stages: [] },
  ...over,
})
const textOf = (doc: Partial<LaneDocument>) => {
  const act = parked(viewOf({ doc: wanted(doc) }))
  return act.kind === 'rest' ? [act.rest.why, act.rest.text] : [act.kind]
}

it.each<[string, Partial<LaneDocument>, string]>([
  ['what failed', { outcome: ended({}) }, 'failed (exit-code): train ended with exit 1; it stays so until its source'],
  [
    'what was refused on paper',
    { outcome: ended({ kind: 'refused', reason: 'no-room', detail: 'full', against: 'x' }) },
    'refused (no-room): full; it begins once that has changed',
  ],
  [
    'what came since and begins nothing',
    { outcome: ended({}), held: { reason: 'bad-manifest', detail: 'no JSON', at: NOW, place: 's3://b/k' } },
    'failed (exit-code); what came since begins nothing: no JSON',
  ],
  [
    'what is refused for another reason by now',
    {
      outcome: ended({ kind: 'refused', reason: 'pool-too-small', detail: 'small', against: 'x' }),
      held: { reason: 'held-refused', detail: 'who asked is unknown', at: NOW },
    },
    'refused: who asked is unknown; it begins once that has changed',
  ],
  [
    'what stands beside it first',
    { outcome: ended({}), beside: 'generation 2 stands beside it' },
    'generation 2 stands beside it; failed (exit-code)',
  ],
])('%s rests parked, with what moves it', (_, doc, text) => {
  expect(textOf(doc)).toEqual(['parked', expect.stringContaining(text)])
})
