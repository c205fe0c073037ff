/** One token of a TypeScript file. A text's `text` is what stands between its quotes. Comments are no tokens. */
export interface Token {
  kind: 'word' | 'text' | 'sign'
  text: string
  /** Counted from 1. */
  line: number
}

/**
 * Splits a TypeScript file into words, texts and signs: enough to see what it imports, and never fooled by an import
 * that stands in a comment, a string, a template or a regular expression. Numbers count as words.
 */
export const tokensOf = (source: string): Token[] => {
  const reader: Reader = { source, at: 0, line: 1, tokens: [], braces: [] }
  if (source.startsWith('#!')) skipTo(reader, endOfLine(source, 0))
  while (reader.at < source.length) readOne(reader)
  return reader.tokens
}

interface Reader {
  source: string
  at: number
  line: number
  tokens: Token[]
  /** For each open brace, whether closing it goes on with a template. */
  braces: boolean[]
}

const WORD = /[\p{ID_Continue}$#]+/uy
const SPACE = /\s+/uy
const TEXT = /(['"])((?:\\[\s\S]|(?!\1)[^\\\n])*)\1?/uy
const TEMPLATE = /((?:\\[\s\S]|(?!\$\{)[^\\`])*)(`|\$\{|$)/uy
const PATTERN = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/uy
/** After these a slash begins a regular expression although a word stands before it. */
const BEFORE_PATTERN = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'void',
  'delete',
  'throw',
  'new',
  'await',
  'yield',
  'instanceof',
  'extends',
])

const readOne = (reader: Reader): void => {
  const { source, at } = reader
  const space = match(SPACE, reader)
  const word = match(WORD, reader)
  if (space !== null) skipTo(reader, at + space[0].length)
  else if (source.startsWith('//', at)) skipTo(reader, endOfLine(source, at))
  else if (source.startsWith('/*', at)) skipTo(reader, endOfComment(source, at))
  else if (word !== null) take(reader, 'word', word[0])
  else if (source[at] === "'" || source[at] === '"') readText(reader)
  else if (source[at] === '`') readTemplate(reader)
  else if (source[at] === '/' && beginsPattern(reader.tokens.at(-1))) readPattern(reader)
  else readSign(reader)
}

const readSign = (reader: Reader): void => {
  const sign = reader.source[reader.at] ?? ''
  const goesOn = sign === '}' && reader.braces.pop() === true
  if (sign === '{') reader.braces.push(false)
  if (goesOn) readTemplate(reader)
  else take(reader, 'sign', sign)
}

const readText = (reader: Reader): void => {
  const found = match(TEXT, reader)
  reader.tokens.push({ kind: 'text', text: found?.[2] ?? '', line: reader.line })
  skipTo(reader, reader.at + (found?.[0].length ?? 1))
}

/** Reads from a backtick, or from the brace that ends a substitution, to the next substitution or the end. */
const readTemplate = (reader: Reader): void => {
  const line = reader.line
  skipTo(reader, reader.at + 1)
  const found = match(TEMPLATE, reader)
  const ending = found?.[2] ?? ''
  skipTo(reader, reader.at + Math.max(1, found?.[0].length ?? 1))
  reader.tokens.push({ kind: 'text', text: found?.[1] ?? '', line })
  if (ending !== '${') return
  reader.braces.push(true)
  reader.tokens.push({ kind: 'sign', text: '+', line: reader.line })
}

const readPattern = (reader: Reader): void => {
  const found = match(PATTERN, reader)
  if (found === null) take(reader, 'sign', '/')
  else take(reader, 'text', found[0])
}

const beginsPattern = (before: Token | undefined): boolean => {
  if (before === undefined) return true
  if (before.kind === 'word') return BEFORE_PATTERN.has(before.text)
  return before.kind === 'sign' && ![')', ']', '}'].includes(before.text)
}

const match = (pattern: RegExp, { source, at }: Reader): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(source)
}

const take = (reader: Reader, kind: Token['kind'], text: string): void => {
  reader.tokens.push({ kind, text, line: reader.line })
  skipTo(reader, reader.at + text.length)
}

const skipTo = (reader: Reader, end: number): void => {
  for (let at = reader.at; at < end; at++) if (reader.source[at] === '\n') reader.line++
  reader.at = end
}

const endOfLine = (source: string, from: number): number => {
  const end = source.indexOf('\n', from)
  return end < 0 ? source.length : end
}

const endOfComment = (source: string, from: number): number => {
  const end = source.indexOf('*/', from + 2)
  return end < 0 ? source.length : end + 2
}
