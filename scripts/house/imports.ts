import { type Token, tokensOf } from './tokens.ts'

/** One import of a file, in any of the forms that TypeScript has. */
export interface Import {
  /** What stands between the quotes; null when it is computed. */
  specifier: string | null
  line: number
  /** Nothing is loaded for it at run time. `import { type A }` is not: the module is loaded, without a name. */
  typeOnly: boolean
  form: 'import' | 're-export' | 'dynamic'
}

/** What the house wants to know of one file. */
export interface Scanned {
  imports: Import[]
  /** It does nothing but hand on what others export. */
  barrel: boolean
  /** It declares nothing that exists at run time. */
  typesOnly: boolean
  /** Lines that read the environment. */
  environment: number[]
}

/** Reads a TypeScript or JavaScript module. Never throws, whatever the text is. */
export const scan = (source: string): Scanned => {
  const tokens = tokensOf(source)
  const found: { at: number; end: number; import: Import }[] = []
  for (let at = 0; at < tokens.length; at++) {
    const one = importAt(tokens, at)
    if (one === null) continue
    found.push({ at, ...one })
    at = one.end
  }
  const imports = found.map(({ import: one }) => one)
  const rest = tokens.filter((_, index) => !found.some(({ at, end }) => at <= index && index <= end))
  return {
    imports,
    barrel: imports.length > 0 && handsOn(imports, rest.map(({ text }) => text).join(' ')),
    typesOnly: !tokens.some(
      ({ kind, text }) => kind === 'word' && ['const', 'let', 'var', 'function', 'class'].includes(text),
    ),
    environment: tokens.flatMap(({ line }, at) => (readsEnvironment(tokens, at) ? [line] : [])),
  }
}

/** Whether beside the imports there is nothing but exports of imported names. */
const handsOn = (imports: Import[], rest: string): boolean =>
  (imports.some(({ form }) => form === 're-export') || rest.includes('export')) &&
  /^(?:; ?|export (?:type )?\{[^{}]*\} ?)*$/.test(rest)

/** The import that begins at this token, with the last token that belongs to it. */
const importAt = (tokens: Token[], at: number): { end: number; import: Import } | null => {
  if (isSign(tokens[at - 1], '.')) return null
  if (isWord(tokens[at], 'export')) return reExportAt(tokens, at)
  if (!isWord(tokens[at], 'import')) return null
  if (isSign(tokens[at + 1], '(')) return dynamicAt(tokens, at)
  if (tokens[at + 1]?.kind === 'text') return made(tokens, at, { form: 'import', end: at + 1, typeOnly: false })
  const typeOnly =
    isWord(tokens[at + 1], 'type') &&
    !(isWord(tokens[at + 2], 'from') && tokens[at + 3]?.kind === 'text') &&
    !isSign(tokens[at + 2], ',')
  return clauseTo(tokens, at, { form: 'import', typeOnly })
}

const reExportAt = (tokens: Token[], at: number): { end: number; import: Import } | null => {
  const typeOnly = isWord(tokens[at + 1], 'type')
  const opening = tokens[typeOnly ? at + 2 : at + 1]
  return isSign(opening, '{') || isSign(opening, '*') ? clauseTo(tokens, at, { form: 're-export', typeOnly }) : null
}

/** Goes on over names, braces, commas and stars to `from '…'`; anything else means that it was no import. */
const clauseTo = (
  tokens: Token[],
  at: number,
  as: Pick<Import, 'form' | 'typeOnly'>,
): { end: number; import: Import } | null => {
  for (let end = at + 1; end < tokens.length; end++) {
    const token = tokens[end]
    if (isWord(token, 'from') && tokens[end + 1]?.kind === 'text' && !insideBraces(tokens, at, end))
      return made(tokens, at, { ...as, end: attributesEnd(tokens, end + 1) }, end + 1)
    if (isReserved(token) && !insideBraces(tokens, at, end)) return null
    if (token?.kind === 'sign' && !['{', '}', ',', '*'].includes(token.text)) return null
  }
  return null
}

/** A new statement has begun. */
const isReserved = (token: Token | undefined): boolean =>
  token?.kind === 'word' && ['import', 'export', 'const', 'function', 'class', 'if'].includes(token.text)

const insideBraces = (tokens: Token[], from: number, to: number): boolean =>
  tokens.slice(from, to).reduce((open, token) => open + (isSign(token, '{') ? 1 : isSign(token, '}') ? -1 : 0), 0) > 0

/** `with { type: 'json' }` belongs to the import. */
const attributesEnd = (tokens: Token[], at: number): number => {
  if (!isWord(tokens[at + 1], 'with') || !isSign(tokens[at + 2], '{')) return at
  const close = tokens.findIndex((token, index) => index > at && isSign(token, '}'))
  return close < 0 ? at : close
}

/** `import('x').Name` and `typeof import('x')` are types; a promise has `then`, `catch` and `finally` only. */
const dynamicAt = (tokens: Token[], at: number): { end: number; import: Import } => {
  const literal = tokens[at + 2]?.kind === 'text' && (isSign(tokens[at + 3], ')') || isSign(tokens[at + 3], ','))
  const close = tokens.findIndex((token, index) => index > at && isSign(token, ')'))
  const member = isSign(tokens[close + 1], '.') ? tokens[close + 2]?.text : undefined
  const typeOnly =
    literal &&
    (isWord(tokens[at - 1], 'typeof') || (member !== undefined && !['then', 'catch', 'finally'].includes(member)))
  const specifier = literal ? (tokens[at + 2]?.text ?? null) : null
  return { end: literal ? at + 2 : at + 1, import: { specifier, line: lineOf(tokens, at), typeOnly, form: 'dynamic' } }
}

const made = (
  tokens: Token[],
  at: number,
  { form, typeOnly, end }: Pick<Import, 'form' | 'typeOnly'> & { end: number },
  named = end,
) => ({
  end,
  import: { specifier: tokens[named]?.text ?? null, line: lineOf(tokens, at), typeOnly, form },
})

/** `process.env`, `process['env']`, `{ env } = process`, and the import of `env` from node:process. */
const readsEnvironment = (tokens: Token[], at: number): boolean => {
  if (isWord(tokens[at], 'process')) {
    const member = tokens[at + 1]?.text === '?' ? at + 3 : at + 2
    if (
      ['.', '[', '?'].includes(tokens[at + 1]?.text ?? '') &&
      tokens.slice(member, member + 2).some(({ text }) => text === 'env')
    )
      return true
    return isSign(tokens[at - 1], '=') && isSign(tokens[at - 2], '}') && bracesBefore(tokens, at - 2).includes('env')
  }
  const fromProcess =
    tokens[at]?.kind === 'text' && /^(node:)?process$/.test(tokens[at]?.text ?? '') && isWord(tokens[at - 1], 'from')
  return fromProcess && isSign(tokens[at - 2], '}') && bracesBefore(tokens, at - 2).includes('env')
}

const bracesBefore = (tokens: Token[], close: number): string[] => {
  const open = tokens.slice(0, close).findLastIndex((token) => isSign(token, '{'))
  return tokens.slice(open + 1, close).map(({ text }) => text)
}

const lineOf = (tokens: Token[], at: number): number => tokens[at]?.line ?? 1
const isWord = (token: Token | undefined, text: string): boolean => token?.kind === 'word' && token.text === text
const isSign = (token: Token | undefined, text: string): boolean => token?.kind === 'sign' && token.text === text
