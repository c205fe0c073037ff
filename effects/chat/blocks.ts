import type { Card } from '../../core/cards.ts'

/** Slack's limits: header 150, field 2000, section 3000 characters, 10 fields a section (`@slack/types`). */
const MOST = { header: 150, field: 2000, section: 3000, fields: 10 }

/** One block of Slack's Block Kit, as far as we make them. */
export type Block = Record<string, unknown>

/**
 * A card as Slack's blocks. Names of models, keys of datasets and alert texts come from outside: they are escaped, so that
 * they can neither mention people nor make links.
 */
export const blocksOf = (card: Card): Block[] => [
  { type: 'header', text: { type: 'plain_text', text: cut(card.title, MOST.header), emoji: false } },
  ...chunks(card.facts, MOST.fields).map((facts) => ({
    type: 'section',
    fields: facts.map(({ label, value }) => markdown(`*${escaped(label)}*\n${escaped(value)}`, MOST.field)),
  })),
  ...(card.lines.length === 0
    ? []
    : [{ type: 'section', text: markdown(card.lines.map((line) => `• ${escaped(line)}`).join('\n'), MOST.section) }]),
  ...(card.question === null ? [] : [buttons(card.question)]),
]

/** What a notification shows, and what a reader hears who cannot see blocks. */
export const fallbackOf = (card: Card): string => escaped(cut(card.title, MOST.section))

/** The value names the question only: what is approved stands in the ledger, not in the button. */
const buttons = (question: string): Block => ({
  type: 'actions',
  block_id: 'answer',
  elements: [
    { type: 'button', action_id: 'approve', style: 'primary', text: plain('Approve'), value: question },
    { type: 'button', action_id: 'reject', style: 'danger', text: plain('Deny'), value: question },
  ],
})

const plain = (text: string) => ({ type: 'plain_text', text })
const markdown = (text: string, most: number) => ({ type: 'mrkdwn', text: cut(text, most), verbatim: true })

/** The three characters that Slack asks to escape, and those that would format. */
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // A zero-width space keeps the character and takes its power.
    .replace(/[*_~`]/g, (sign) => `\u200b${sign}\u200b`)

const cut = (text: string, most: number): string => {
  const letters = [...text]
  return letters.length <= most && text.length <= most ? text : `${letters.slice(0, Math.floor(most / 2)).join('')}…`
}

const chunks = <T>(values: T[], size: number): T[][] =>
  values.length === 0 ? [] : [values.slice(0, size), ...chunks(values.slice(size), size)]
