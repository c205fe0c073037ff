import type { Card, CardChoice } from '../../core/cards.ts'
import { shortened } from '../../core/text.ts'
import { type Block, MESSAGE, MOST } from './limits.ts'

/** Most lines and facts of one message; what lies between the first and the last of more is counted. */
const [LINES, FACTS] = [60, 40]
/** What of a message facts may take; lines take what is left, beside a long title and what is said of the rest. Characters. */
const [OF_FACTS, OF_REST] = [MESSAGE / 2, 1000]
/** What of a message all ways take together among which people choose. Characters. */
const OF_CHOICES = 3600

/**
 * A card as Slack's blocks. Names of models, keys of datasets and alert texts come from outside: they are escaped, so that they can
 * neither mention people nor make links. What does not fit is cut in its middle, the longest first, and the message says where all of
 * it stands; a title that does not fit stands once more below it.
 */
export const blocksOf = (card: Card): Block[] => {
  const title = shortened(card.title, MOST.header) || '…'
  const below = title === card.title || card.title === '' ? [] : [fitted(card.title, OF_REST / 2)]
  const facts = levelled(
    middleLeftOut(card.facts, FACTS).map(({ label, value }) => ({ before: `*${fitted(label, 100)}*\n`, text: value })),
    { most: MOST.field, all: OF_FACTS },
  )
  const choices = card.question === null ? NO_CHOICES : choicesOf(card)
  const left = MESSAGE - OF_REST - MOST.header - lengthOf(facts) - lengthOf(choices)
  const lines = levelled(
    middleLeftOut(card.lines, LINES).map((text) => ({ before: '• ', text })),
    { most: MOST.section, all: left },
  )
  const isWhole =
    below.length === 0 && ![facts, lines, choices].some(({ isCut }) => isCut) && card.lines.length <= LINES
  const more = isWhole || card.whole === undefined ? [] : [fitted(`Cut to fit: \`${card.whole}\` has all of it`, 350)]
  return [
    { type: 'header', text: { type: 'plain_text', text: title, emoji: false } },
    ...below.map(section),
    ...chunks(facts.texts, MOST.fields).map((some) => ({ type: 'section', fields: some.map(markdown) })),
    ...packed(lines.texts).map(section),
    ...choices.texts.map((text, index) => withButton(text, (card.choices ?? [])[index] as CardChoice, index === 0)),
    ...more.map(section),
    ...(card.question === null ? [] : [buttons(card.question, choices.texts.length > 0)]),
  ]
}

/** What a notification shows, and what a reader hears who cannot see blocks. */
export const fallbackOf = (card: Card): string => fitted(card.title, MOST.section)

/**
 * The value names the question only: what is approved stands in the ledger, not in the button. Where people choose, each way has its own
 * button to approve it, and a denial is of all.
 */
const buttons = (question: string, chooses: boolean): Block => ({
  type: 'actions',
  block_id: 'answer',
  elements: [
    ...(chooses
      ? []
      : [{ type: 'button', action_id: 'approve', style: 'primary', text: plain('Approve'), value: question }]),
    { type: 'button', action_id: 'reject', style: 'danger', text: plain('Deny'), value: question },
  ],
})

const NO_CHOICES: Levelled = { texts: [], isCut: false }

/** Each way as one text. */
const choicesOf = ({ choices = [] }: Card): Levelled =>
  levelled(
    choices.map(({ name, lines }) => ({ before: `*${fitted(name, 100)}*\n`, text: lines.join('\n') })),
    { most: MOST.section, all: OF_CHOICES },
  )

/** A way with the button that approves it and no other. */
const withButton = (text: string, { name, question }: CardChoice, isFirst: boolean): Block => ({
  ...section(text),
  accessory: {
    type: 'button',
    action_id: 'approve',
    ...(isFirst ? { style: 'primary' } : {}),
    text: plain(shortened(`Approve ${name}`, MOST.button)),
    value: question,
  },
})

const plain = (text: string) => ({ type: 'plain_text', text })
const markdown = (text: string) => ({ type: 'mrkdwn', text, verbatim: true })
const section = (text: string): Block => ({ type: 'section', text: markdown(text) })

/**
 * The three characters that Slack asks to escape, and those that would format. A command of ours between backticks is
 * shown as it is, and so is `_` within a word: who copies a command or a name has it to the letter.
 */
const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // A zero-width space keeps the character and takes its power.
    .replace(COMMAND_OR_SIGN, (found) => (found.length > 1 ? found : `\u200b${found}\u200b`))

/** A command of ours; or one sign of those that format. Backticks of others are shown: a shell's mean something. */
const COMMAND_OR_SIGN = /`signalbox [^`\n]+`|[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g

/** Escaped, and cut in its middle before that so that it is no longer than so much after it. */
const fitted = (text: string, most: number): string => {
  let [keep, shown] = [text.length, escaped(text)]
  while (shown.length > most && keep > 0) {
    keep = Math.min(keep - 1, Math.floor((keep * most) / shown.length))
    shown = escaped(shortened(text, keep))
  }
  return shown
}

interface Levelled {
  texts: string[]
  isCut: boolean
}

const lengthOf = ({ texts }: Levelled): number => texts.reduce((sum, text) => sum + text.length, 0)

/** Each with what stands before it, none longer than `most`, all together no longer than `all`: the longest are cut, to one length. */
const levelled = (
  parts: readonly { before: string; text: string }[],
  { most, all }: { most: number; all: number },
): Levelled => {
  const lengths = parts.map(({ before, text }) => before.length + escaped(text).length)
  const level = Math.min(most, levelOf(lengths, all))
  return {
    texts: parts.map(({ before, text }) => before + fitted(text, level - before.length)),
    isCut: lengths.some((length) => length > level),
  }
}

/** The length to which the longer ones are cut, so that all fit. */
const levelOf = (lengths: readonly number[], all: number): number => {
  let left = all
  for (const [index, length] of lengths.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (lengths.length - index))
    if (length > share) return share
    left -= length
  }
  return Number.POSITIVE_INFINITY
}

/** The first and the last of too many: how a plan begins, and what people said of it. */
const middleLeftOut = <T>(all: readonly T[], most: number): readonly T[] =>
  all.length <= most ? all : [...all.slice(0, most / 2), ...all.slice(-most / 2)]

/** Lines together, as many as a section takes. */
const packed = (lines: readonly string[]): string[] => {
  const sections: string[] = []
  for (const line of lines) {
    const last = sections.at(-1)
    if (last !== undefined && last.length + 1 + line.length <= MOST.section)
      sections[sections.length - 1] = `${last}\n${line}`
    else sections.push(line)
  }
  return sections
}

const chunks = <T>(values: readonly T[], size: number): T[][] =>
  values.length === 0 ? [] : [values.slice(0, size), ...chunks(values.slice(size), size)]
