import { describe, expect, it } from 'vitest'
import { answers, heard, whereOf } from '../../../core/lane/answering.ts'
import { AT, lookLetter, NOW, uploaded, viewOf } from './fixture.ts'

const waits = { reason: 'objects-missing' as const, detail: '', until: null, side: null }

describe('where a letter points', () => {
  it('is what its reaction says, and the event’s type where this release has none', () => {
    expect(whereOf(viewOf(), lookLetter())).toBe(AT)
    expect(whereOf(viewOf(), lookLetter({ event: { type: 'x', id: '', at: 0, replayed: false } }))).toBe('x')
  })
})

describe('the answer to letters', () => {
  const letters = [lookLetter({ id: 'a' }), lookLetter({ id: 'b' })]
  const of = (detail: string) =>
    answers(viewOf(), letters, { became: 'ignored', kind: 'ignore', reason: 'replayed', detail })

  it('is one moment that names them all, after what was heard', () => {
    expect(of('why')).toMatchObject([
      { kind: 'event', text: `dataset-uploaded ${AT} (2 deliveries)`, data: { ...uploaded } },
      {
        kind: 'decision',
        text: 'ignore: why',
        data: { became: 'ignored', reason: 'replayed', letters: ['a', 'b'], event: 'dataset-uploaded', detail: 'why' },
      },
    ])
  })

  it('is clean and short, whatever a source says', () => {
    const [, answer] = of(`\u001b[31m${'x\n'.repeat(5000)}`)
    expect(String(answer?.data?.['detail'])).toMatch(/^x x [x ]+…$/)
    expect(String(answer?.data?.['detail']).length).toBeLessThanOrEqual(2000)
  })
})

it('what was told is said once, and not again while it waits', () => {
  expect(heard(viewOf(), [lookLetter()])).toHaveLength(1)
  expect(heard(viewOf(), [lookLetter({ waits, due: NOW })])).toEqual([])
})
