import { expect, it } from 'vitest'
import type { Made } from '../../../core/lane/made.ts'
import { remembering } from '../../../core/lane/remembering.ts'
import { running } from './fixture.ts'

it('the mark of a step knows what has ended its pod, until a look knows better', () => {
  const made = { ref: { kind: 'Job', namespace: 'n', name: 'j' }, uid: 'u' } as Made
  const lost = { failure: 'node-lost', note: 'x'.repeat(300) } as const
  const died = { failure: 'exit-code', note: 'exit 1' } as const
  const mark = running({ made: { ...made, message: { pod: 'p', text: '{}' } }, lost, died })
  expect(remembering(mark, undefined)).toBe(mark)
  const { lost: known, ...rest } = remembering(mark, lost)
  expect(known).toEqual({ failure: 'node-lost', note: expect.stringMatching(/^x{199}…$/) })
  expect(rest).toEqual(running({ made }))
  expect(remembering(mark, null)).toEqual(running({ made }))
})
