import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Card } from '../../../core/cards.ts'
import { planCard } from '../../../core/plan-text.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { blocksOf, fallbackOf } from '../../../effects/chat/blocks.ts'
import { whyRefused } from '../../../effects/chat/limits.ts'
import { anyText } from '../../any-text.ts'
import { exampleWith, trainPlan } from '../../core/training-fixture.ts'

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

  it('shows names and commands as they are copied; the signs of a shell stay in sight', () => {
    const line = 'try `signalbox retry service/my_model`, or `signalbox why service/*`'
    const shown = shownIn({
      title: 'x'.repeat(200),
      facts: [{ label: 'Lane', value: 'service/my_model' }],
      lines: [line, 'echo `id` _and_ so on'],
      whole: 'signalbox trace my_model-1a2b3c4d-g1a1',
    })
    expect(shown).toContain('`signalbox trace my_model-1a2b3c4d-g1a1` has all of it')
    expect(shown).toContain('\nservice/my_model\n')
    expect(shown).toContain(line)
    expect(shown).toContain('echo \u200b`\u200bid\u200b`\u200b \u200b_\u200band\u200b_\u200b so on')
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

  it('shows ways among which people choose beside a button each, which names that way alone; a denial is of all', () => {
    const choices = ['default', 'spot'].map((name) => ({
      name,
      question: `q-${name}`,
      lines: [`${name} costs`, '<!here>'],
    }))
    const blocks = blocksOf(card({ question: 'q-default', choices }))
    expect(blocks.slice(1)).toEqual([
      ...['default', 'spot'].map((name) =>
        expect.objectContaining({
          text: expect.objectContaining({ text: `*${name}*\n${name} costs\n&lt;!here&gt;` }),
          accessory: expect.objectContaining({
            action_id: 'approve',
            value: `q-${name}`,
            text: { type: 'plain_text', text: `Approve ${name}` },
          }),
        }),
      ),
      expect.objectContaining({ elements: [expect.objectContaining({ action_id: 'reject', value: 'q-default' })] }),
    ])
    expect(JSON.stringify(blocksOf(card({ choices })))).not.toContain('button')
  })

  it('stays inside Slack’s limits, whatever the card says, and Slack takes it', () => {
    const text = fc.oneof(
      anyText({ maxLength: 6000 }),
      fc.constantFrom(
        '',
        '&'.repeat(4000),
        '*_~`'.repeat(2000),
        '<>'.repeat(900),
        '🦙'.repeat(3000),
        '\ud83e'.repeat(500),
      ),
    )
    const any = fc.record({
      title: text,
      facts: fc.array(fc.record({ label: text, value: text }), { maxLength: 90 }),
      lines: fc.array(text, { maxLength: 120 }),
      question: fc.constantFrom(null, 'q-7'),
      choices: fc.array(
        fc.record({ name: text, question: fc.constant('q-8'), lines: fc.array(text, { maxLength: 8 }) }),
        {
          maxLength: 3,
        },
      ),
      whole: text,
    })
    fc.assert(
      fc.property(any, (given) => {
        const blocks = blocksOf(card(given))
        expect(whyRefused(blocks)).toBeNull()
        expect(JSON.stringify(blocks)).not.toMatch(/<[!@#h]/)
        expect(fallbackOf(card(given)).length).toBeLessThanOrEqual(3000)
      }),
      { numRuns: 60 },
    )
  })

  const shownIn = (given: Partial<Card>): string =>
    (blocksOf(card(given)) as { text?: { text: string }; fields?: { text: string }[] }[])
      .flatMap(({ text, fields = [] }) => [text?.text ?? '', ...fields.map((field) => field.text)])
      .join('\n')

  it('loses no name of a real plan: a title that is too long stands whole below it', () => {
    const [base, model] = [`meta-llama/${'L'.repeat(90)}`, 'm'.repeat(52)]
    const title = `Approve? Fine-tune ${base} on support-chats@0123abcd, register it as ${model}`
    const [header, below] = blocksOf(card({ title, whole: 'signalbox trace pipeline/a' })) as {
      text: { text: string }
    }[]
    expect(header?.text.text).toHaveLength(150)
    expect(header?.text.text).toMatch(/^Approve\? Fine-tune meta-llama.*….*m{52}$/)
    expect(below?.text.text).toBe(title)
    expect(shownIn({ title, whole: 'signalbox trace pipeline/a' })).toContain(
      '`signalbox trace pipeline/a` has all of it',
    )
    expect(shownIn({ title: 'short', whole: 'signalbox trace pipeline/a' })).not.toContain('has all of it')
  })

  it('shows addresses and names whole as long as they fit together, and then both of their ends', () => {
    const weights = `s3://acme-models/${'a'.repeat(1000)}/llama`
    expect(shownIn({ facts: [{ label: 'Weights', value: weights }] })).toContain(weights)
    const facts = Array.from({ length: 10 }, () => ({ label: 'Weights', value: weights }))
    const lines = ['short', ...Array.from({ length: 30 }, (_, n) => `${n} ${'x'.repeat(900)} end-${n}`), 'ana approves']
    const shown = shownIn({ facts, lines })
    expect(shown.match(/s3:\/\/acme-models\/a+…a+\/llama/g)).toHaveLength(10)
    for (let n = 0; n < 30; n++) expect(shown).toContain(` end-${n}\n`)
    expect(shown).toContain('• short\n')
    expect(shown).toContain('• ana approves')
  })

  it.each([20, 60])('of a plan’s command of %i long flags shows each, or says where all of it stands', (many) => {
    const flags = Array.from({ length: many }, (_, n) => `--flag-${n}=${'x'.repeat(90)}`)
    const policy = parsePolicy(exampleWith(['pipelines.support-chats.stages.0.args', flags]))
    const shown = shownIn({ ...planCard(trainPlan({ policy })), whole: 'signalbox trace pipeline/a' })
    expect(shown.includes('has all of it')).toBe(!flags.every((flag) => shown.includes(flag)))
    expect(shown).toContain('--flag-0=')
  })

  it('of more lines than fit keeps how the plan begins, and what people said of it', () => {
    const lines = [...Array.from({ length: 200 }, (_, n) => `step ${n}.`), 'ana approves']
    const shown = shownIn({ lines, whole: 'signalbox trace pipeline/a' })
    expect(shown).toContain('step 0.')
    expect(shown).not.toContain('step 100.')
    expect(shown).toContain('ana approves')
    expect(shown).toContain('has all of it')
  })
})

describe('what Slack refuses', () => {
  const text = (length: number) => ({ type: 'mrkdwn', text: 'x'.repeat(length) })
  it.each([
    [
      'a long header',
      [{ type: 'header', text: text(151) }],
      'must be less than 151 characters [json-pointer:/blocks/0]',
    ],
    ['an empty one', [{ type: 'header', text: text(0) }], 'must be more than 0 characters'],
    ['a long section', [{ type: 'section', text: text(3001) }], 'must be less than 3001'],
    ['a long field', [{ type: 'section', fields: [text(1), text(2001)] }], 'must be less than 2001'],
    ['many fields', [{ type: 'section', fields: Array(11).fill(text(1)) }], '1 to 10 fields'],
    ['no field', [{ type: 'section', fields: [] }], '1 to 10 fields'],
    ['a long value', [{ type: 'actions', elements: [{ value: 'x'.repeat(2001) }] }], 'must be less than 2001'],
    ['many blocks', Array(51).fill({ type: 'section', text: text(1) }), 'no more than 50 items'],
    ['a long message', Array(5).fill({ type: 'section', text: text(3000) }), 'msg_blocks_too_long'],
  ])('%s', (_, blocks, why) => {
    expect(whyRefused(blocks)).toContain(why)
  })

  it('nothing of what fits', () => {
    expect(
      whyRefused([
        { type: 'header', text: text(150) },
        { type: 'section', text: text(3000) },
      ]),
    ).toBeNull()
  })
})
