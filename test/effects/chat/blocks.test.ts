import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Card } from '../../../core/cards.ts'
import { blocksOf, fallbackOf } from '../../../effects/chat/blocks.ts'
import { anyText } from '../../any-text.ts'

const card = (given: Partial<Card> = {}): Card => ({
  title: 't',
  facts: [],
  lines: [],
  question: null,
  tone: 'neutral',
  ...given,
})

describe('a card as Slack blocks', () => {
  it('lets no text from outside mention, link or format', () => {
    const hostile = '<!channel> <https://evil.example|Approve> *bold* `code` & more'
    const text = JSON.stringify(blocksOf(card({ lines: [hostile], facts: [{ label: hostile, value: hostile }] })))
    expect(text).not.toMatch(/<[!@#h]/)
    expect(text).toContain('&lt;!channel&gt;')
    expect(text).not.toContain('*bold*')
    expect(fallbackOf(card({ title: '<!here>' }))).toBe('&lt;!here&gt;')
  })

  it('has buttons only while there is a question, and they carry nothing but its id', () => {
    expect(JSON.stringify(blocksOf(card()))).not.toContain('button')
    const [, actions] = blocksOf(card({ question: 'q-7' }))
    expect(actions).toMatchObject({
      type: 'actions',
      elements: [
        { action_id: 'approve', value: 'q-7' },
        { action_id: 'reject', value: 'q-7' },
      ],
    })
  })

  it('stays inside Slack’s limits, whatever the card says', () => {
    const text = anyText({ maxLength: 6000 })
    const any = fc.record({
      title: text,
      facts: fc.array(fc.record({ label: text, value: text }), { maxLength: 25 }),
      lines: fc.array(text, { maxLength: 8 }),
    })
    fc.assert(
      fc.property(any, (given) => {
        const blocks = blocksOf(card(given)) as {
          type: string
          text?: { text: string }
          fields?: { text: string }[]
        }[]
        expect(blocks.length).toBeLessThanOrEqual(50)
        for (const { type, text: said, fields = [] } of blocks) {
          expect(said?.text.length ?? 0).toBeLessThanOrEqual(type === 'header' ? 150 : 3000)
          expect(fields.length).toBeLessThanOrEqual(10)
          for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2000)
        }
      }),
      { numRuns: 50 },
    )
  })
})
