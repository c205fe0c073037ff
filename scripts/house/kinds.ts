import { ASKS_KINDS, DESIRED_KINDS, EVENT_TYPES, LANE_KINDS } from './named-kinds.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Also a word of others: it tells only where a `kind` or a `type` is compared with it. */
const WORDS: ReadonlySet<string> = new Set(['none'])
/** Literals that name a lane kind, a desired state or an event wherever they are compared with anything. */
const TELLING: ReadonlySet<string> = new Set([
  ...LANE_KINDS,
  ...DESIRED_KINDS.filter((name) => !WORDS.has(name)),
  ...EVENT_TYPES,
])
const ASKED: ReadonlySet<string> = new Set(['kind', 'type'])

const INSTEAD =
  'ask the value (a method of LaneKind or Reaction), or move the line to core/lane-kinds/ or core/reactions/'

/** One sentence for every line that asks which kind a lane, a desired state or an event is (design.md §5). */
export const kindViolations = (file: string, source: string): string[] => {
  if (ASKS_KINDS.some((beginning) => file.startsWith(beginning))) return []
  const tokens = tokensOf(source)
  return tokens.flatMap((token, at) => {
    const asked = askedAt(tokens, at)
    return asked === null
      ? []
      : [`${file}:${token.line} ${asked}, and only core/lane-kinds/ and core/reactions/ may: ${INSTEAD}`]
  })
}

/** What the line asks at this token; null when nothing. */
const askedAt = (tokens: readonly Token[], at: number): string | null => {
  const token = tokens[at]
  if (token === undefined) return null
  if (token.kind === 'text') return askedByText(tokens, at, token.text)
  return token.text === '[' ? askedByTable(tokens, at) : null
}

const askedByText = (tokens: readonly Token[], at: number, text: string): string | null => {
  if (isBeginning(text)) return `takes a lane apart by \`${text}\``
  if (isCompared(tokens, at) && (names(text) || asksWord(tokens, at, text))) return `compares with '${text}'`
  if (isCase(tokens, at) && (names(text) || (WORDS.has(text) && switchesOnKind(tokens, at))))
    return `has a case of '${text}'`
  return names(text) && isListed(tokens, at) ? `looks for '${text}' in a list` : null
}

const names = (text: string): boolean => TELLING.has(text) || LANE_KINDS.some((kind) => text.startsWith(`${kind}/`))

/** `pipeline/` alone, and a regular expression that has it. */
const isBeginning = (text: string): boolean =>
  LANE_KINDS.some((kind) => text === `${kind}/`) ||
  (text.startsWith('/') && new RegExp(`\\b(?:${LANE_KINDS.join('|')})\\b[^/]*\\\\/`).test(text))

const isSign = (token: Token | undefined, text: string): boolean => token?.kind === 'sign' && token.text === text
const isWord = (token: Token | undefined, text: string): boolean => token?.kind === 'word' && token.text === text

/** `=== 'text'` or `'text' ===`, also with two signs. */
const isCompared = (tokens: readonly Token[], at: number): boolean =>
  (isSign(tokens[at - 1], '=') && (isSign(tokens[at - 2], '=') || isSign(tokens[at - 2], '!'))) ||
  ((isSign(tokens[at + 1], '=') || isSign(tokens[at + 1], '!')) && isSign(tokens[at + 2], '='))

/** Whether a `kind` or a `type` is compared with this word, on either side. */
const asksWord = (tokens: readonly Token[], at: number, text: string): boolean =>
  WORDS.has(text) && [leftOf(tokens, at), rightOf(tokens, at)].some((word) => ASKED.has(word))

const isOperator = (token: Token | undefined): boolean => isSign(token, '=') || isSign(token, '!')

/** The last name before the comparison: `kind` of `doc.desired.kind ===` and of `desired['kind'] ===`. */
const leftOf = (tokens: readonly Token[], at: number): string => {
  const end = tokens.slice(0, at).findLastIndex((token) => !isOperator(token) && !isSign(token, ']'))
  return tokens[end]?.text ?? ''
}

/** The last name of what it is compared with: `kind` of `=== doc.desired.kind`. */
const rightOf = (tokens: readonly Token[], at: number): string => {
  let last = at + 1
  while (isOperator(tokens[last])) last++
  while (isSign(tokens[last + 1], '.') || isSign(tokens[last + 1], '?')) last += isSign(tokens[last + 2], '.') ? 3 : 2
  return tokens[last]?.text ?? ''
}

const isCase = (tokens: readonly Token[], at: number): boolean => isWord(tokens[at - 1], 'case')

/** Whether the switch that a case stands in is over a `kind` or a `type`. */
const switchesOnKind = (tokens: readonly Token[], at: number): boolean => {
  const head = tokens.slice(0, at).findLastIndex((token) => isWord(token, 'switch'))
  const body = tokens.findIndex((token, index) => index > head && isSign(token, '{'))
  return head >= 0 && ASKED.has(tokens[body - 2]?.text ?? '')
}

/** `['a', 'b'].includes(…)` and `new Set(['a', 'b'])`. */
const isListed = (tokens: readonly Token[], at: number): boolean => {
  const isItem = (token: Token | undefined): boolean => token?.kind === 'text' || isSign(token, ',')
  let [open, close] = [at - 1, at + 1]
  while (isItem(tokens[open])) open--
  while (isItem(tokens[close])) close++
  if (!isSign(tokens[open], '[') || !isSign(tokens[close], ']')) return false
  const asks =
    isSign(tokens[close + 1], '.') && ['includes', 'indexOf', 'some', 'find'].includes(tokens[close + 2]?.text ?? '')
  return asks || (isSign(tokens[open - 1], '(') && isWord(tokens[open - 2], 'Set'))
}

/** `{ train: …, serve: … }[desired.kind]`, with or without brackets around the table. */
const askedByTable = (tokens: readonly Token[], at: number): string | null => {
  if (!ASKED.has(tokens[at + 1]?.text ?? '') && !ASKED.has(lastWordIn(tokens, at))) return null
  const end = tokens.slice(0, at).findLastIndex((token) => !isSign(token, ')'))
  if (!isSign(tokens[end], '}')) return null
  const open = openingOf(tokens, end)
  const key = tokens
    .slice(open, end)
    .find(({ text }, index, inner) => TELLING.has(text) && isSign(inner[index + 1], ':'))
  return key === undefined ? null : `looks up '${key.text}' in a table`
}

/** The word before the bracket that closes the one at `at`. */
const lastWordIn = (tokens: readonly Token[], at: number): string => {
  const close = tokens.findIndex((token, index) => index > at && isSign(token, ']'))
  return close < 0 ? '' : (tokens[close - 1]?.text ?? '')
}

const openingOf = (tokens: readonly Token[], close: number): number => {
  let open = close
  for (let depth = 0; open >= 0; open--) {
    if (isSign(tokens[open], '}')) depth++
    if (isSign(tokens[open], '{') && --depth === 0) break
  }
  return open
}
