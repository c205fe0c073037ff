/** Slack's limits: characters of a header, of a field, of a section, of a button's value and of its text; fields of a section, blocks of a message (`@slack/types`). */
export const MOST = { header: 150, field: 2000, section: 3000, value: 2000, button: 75, fields: 10, blocks: 50 }

/** Characters of a whole message: Slack refuses it as `msg_blocks_too_long`, and does not say from where on. */
export const MESSAGE = 12_000

/** One block of Slack's Block Kit, as far as we make them. */
export type Block = Record<string, unknown>

interface Text {
  text: string
}

interface Button {
  value: string
  text?: Text
}

/** Why Slack would not take these blocks, nearly in its words; null: it takes them. */
export const whyRefused = (blocks: readonly Block[]): string | null => {
  if (blocks.length > MOST.blocks)
    return `invalid_blocks: no more than ${MOST.blocks} items allowed [json-pointer:/blocks]`
  for (const [index, block] of blocks.entries()) {
    const wrong = whyBlock(block)
    if (wrong !== null) return `invalid_blocks: ${wrong} [json-pointer:/blocks/${index}]`
  }
  const all = blocks.flatMap(textsOf).reduce((sum, { text }) => sum + text.length, 0)
  return all > MESSAGE ? 'msg_blocks_too_long' : null
}

const whyBlock = (block: Block): string | null => {
  const {
    type,
    text,
    fields,
    elements = [],
    accessory,
  } = block as {
    type: string
    text?: Text
    fields?: Text[]
    elements?: Button[]
    accessory?: Button
  }
  const buttons = accessory === undefined ? elements : [accessory]
  if (fields !== undefined && (fields.length === 0 || fields.length > MOST.fields))
    return `must have 1 to ${MOST.fields} fields`
  if (buttons.some(({ value }) => value.length > MOST.value)) return `must be less than ${MOST.value + 1} characters`
  const long = buttons.map((button) => whyText(button.text, MOST.button)).find((why) => why !== null)
  if (long !== undefined) return long
  return (
    whyText(text, type === 'header' ? MOST.header : MOST.section) ??
    (fields ?? []).map((field) => whyText(field, MOST.field)).find((why) => why !== null) ??
    null
  )
}

const whyText = (given: Text | undefined, most: number): string | null => {
  if (given === undefined) return null
  if (given.text.length === 0) return 'must be more than 0 characters'
  return given.text.length > most ? `must be less than ${most + 1} characters` : null
}

const textsOf = (block: Block): Text[] => {
  const { text, fields = [] } = block as { text?: Text; fields?: Text[] }
  return [...(text === undefined ? [] : [text]), ...fields]
}
