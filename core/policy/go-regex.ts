/** One thing of a regular expression, from where the last one ended. */
interface Token {
  kind: 'atom' | 'empty' | 'same' | 'open' | 'close' | 'repeat' | 'class' | 'wrong'
  pattern: RegExp
}

const ESCAPES = [
  String.raw`\\[pP](?:[CLMNPSZ]|\{\^?[A-Za-z_]+\})`,
  String.raw`\\x(?:[0-9A-Fa-f]{2}|\{(?:10|0?[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\})`,
  String.raw`\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})`,
]

/** In order: the first that fits is it. As `regexp/syntax` of Go reads them, with Perl's flags. */
const TOKENS: readonly Token[] = [
  { kind: 'same', pattern: /\\Q(?:\\E|$)|\(\?[imsU]*(?:-[imsU]+)?\)/y },
  { kind: 'atom', pattern: /\\Q[\s\S]+?(?:\\E|$)/y },
  { kind: 'empty', pattern: /\\[AbBz]/y },
  {
    kind: 'atom',
    pattern: new RegExp([...ESCAPES, String.raw`\\[aftnrvCdDsSwW]`, String.raw`\\[!-/:-@[-\`{-~ ]`].join('|'), 'y'),
  },
  { kind: 'wrong', pattern: /\\/y },
  { kind: 'class', pattern: /\[(?:\^|(?!\^))(?=(\]?))\1(?:\[:[^\]]*?:\]|\[(?!:[^\]]*?:\])|\\[\s\S]|[^\]\\[])*\]/y },
  { kind: 'wrong', pattern: /\[/y },
  { kind: 'open', pattern: /\((?:\?(?:P?<\w+>|[imsU]*(?:-[imsU]+)?:)|(?!\?))/y },
  { kind: 'wrong', pattern: /\(/y },
  { kind: 'close', pattern: /\)/y },
  { kind: 'repeat', pattern: /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y },
  { kind: 'empty', pattern: /[|^$]/y },
  { kind: 'atom', pattern: /[\s\S]/y },
]

/** Most times that Go repeats something. */
const REPEATS = 1000

/**
 * Why Go cannot compile a regular expression, in a sentence; null: as far as its syntax says, it can. It has nothing that looks around or back, so that each
 * takes time by the length of a text.
 */
export const whyNotGo = (text: string): string | null => {
  let [depth, before, at]: [number, Token['kind'] | 'start', number] = [0, 'start', 0]
  while (at < text.length) {
    const { kind, part } = tokenAt(text, at)
    const wrong = wrongOf(kind, part, { before, depth, text, at })
    if (wrong !== null) return wrong
    depth += kind === 'open' ? 1 : kind === 'close' ? -1 : 0
    // What anchors may be repeated; what begins a branch may not.
    if (kind !== 'same') before = part === '|' ? 'start' : kind
    at += part.length
  }
  return depth > 0 ? 'a ( has no )' : null
}

const tokenAt = (text: string, at: number): { kind: Token['kind']; part: string } => {
  for (const { kind, pattern } of TOKENS) {
    pattern.lastIndex = at
    const [part] = pattern.exec(text) ?? []
    if (part !== undefined) return { kind, part }
  }
  return { kind: 'atom', part: text[at] ?? '' }
}

const wrongOf = (
  kind: Token['kind'],
  part: string,
  { before, depth, text, at }: { before: Token['kind'] | 'start'; depth: number; text: string; at: number },
): string | null => {
  switch (kind) {
    case 'wrong':
      return part === '('
        ? `Go has no ${text.slice(at, at + 4)}…`
        : part === '['
          ? 'a [ has no ]'
          : `Go has no ${text.slice(at, at + 2)}`
    case 'close':
      return depth === 0 ? 'a ) has no (' : null
    case 'class':
      return whyNoClass(part)
    case 'repeat':
      return whyNoRepeat(part, before)
    default:
      return null
  }
}

const whyNoRepeat = (part: string, before: Token['kind'] | 'start'): string | null => {
  if (before === 'start' || before === 'open') return `${part} repeats nothing`
  if (before === 'repeat') return `${part} repeats what is repeated`
  const [, from = '0', to = from] = /^\{(\d+)(?:,(\d+))?/.exec(part) ?? []
  return Number(from) > REPEATS || Number(to) > REPEATS || Number(from) > Number(to)
    ? `${part} is none that Go repeats`
    : null
}

const IN_CLASS = new RegExp([...ESCAPES, String.raw`\\[aftnrvdDsSwW]`, String.raw`\\[!-/:-@[-\`{-~ ]`].join('|'), 'y')
const NAMED: ReadonlySet<string> = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
)

/** What stands between its brackets: escapes, names, and ranges of two characters. */
const whyNoClass = (part: string): string | null => {
  const inner = part.replace(/^\[\^?/, '').slice(0, -1)
  for (let at = 0; at < inner.length; ) {
    const { length, wrong } = inClass(inner, at)
    if (wrong !== null) return wrong
    at += length
  }
  return null
}

/** What of a class begins there: how long it is, and why Go has it not. */
const inClass = (inner: string, at: number): { length: number; wrong: string | null } => {
  const rest = inner.slice(at)
  const [named, name = ''] = /^\[:\^?([^\]]*?):\]/.exec(rest) ?? []
  if (named !== undefined) return { length: named.length, wrong: NAMED.has(name) ? null : `Go has no ${named}` }
  if (rest.startsWith('\\')) {
    IN_CLASS.lastIndex = at
    const [escaped] = IN_CLASS.exec(inner) ?? []
    return {
      length: escaped?.length ?? 1,
      wrong: escaped === undefined ? `Go has no ${rest.slice(0, 2)} in […]` : null,
    }
  }
  const [range, from = '', to = ''] = /^([^\\[])-([^\\[\]])/.exec(rest) ?? []
  return { length: range?.length ?? 1, wrong: range !== undefined && from > to ? `${range} is no range` : null }
}
