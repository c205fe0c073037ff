/** A pattern's parts, as Go reads them: an escape, a class in brackets, or one character. */
const PARTS = /\\[\s\S]?|\[\^?\]?(?:\\[\s\S]|\[:\^?[a-z]+:\]|[^\]\\])*\]|[\s\S]/g

/** What no part of a pattern may be, and why: Go's expressions take time in proportion to the text, and have nothing that could take more. */
const ODD: readonly [RegExp, string][] = [
  [/^\\[1-9k]/, 'Go knows no way back to what a group found'],
  [/^\\$/, 'it ends in the midst of an escape: write `\\\\` for a backslash'],
  [/^\[$/, 'a `[` is never closed: write `\\[` for the bracket itself'],
]

const AROUND = /^\(\?<?[=!]/

/**
 * Why a text is no regular expression as Go has them, so far as that can be said without Go; null: nothing speaks against it. What it takes for
 * one may be none: the program says so then.
 */
export const whyNoGoPattern = (text: string): string | null => {
  // All between `\Q` and `\E` is meant as it stands there.
  if (text.includes('\\Q')) return null
  let open = 0
  let before = ''
  for (const { 0: part, index } of text.matchAll(PARTS)) {
    const odd = whyOdd(part, text.slice(index), before)
    if (odd !== null) return odd
    open += part === '(' ? 1 : part === ')' ? -1 : 0
    if (open < 0) return 'its `)` closes nothing: write `\\)` for the bracket itself'
    before = part
  }
  return open === 0 ? null : 'a `(` is never closed: write `\\(` for the bracket itself'
}

/** Of one part of a pattern, with what begins there and what stands before it. */
const whyOdd = (part: string, rest: string, before: string): string | null => {
  if (AROUND.test(rest))
    return 'Go looks neither ahead nor behind: say in `contains` and `lacks` what else the answer has'
  if (/^[*+]$/.test(part) && /^[(|]?$/.test(before))
    return `nothing is before its \`${part}\` that could be repeated: write \`\\${part}\` for the sign itself`
  return ODD.find(([is]) => is.test(part))?.[1] ?? null
}
