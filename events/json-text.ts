/** How deep brackets lie within each other, outside of strings. Total: any text has an answer. */
export const depthOf = (text: string): number => {
  let [depth, deepest] = [0, 0]
  for (const { letter } of bracketsIn(text)) {
    if (letter === '[' || letter === '{') deepest = Math.max(deepest, ++depth)
    else if (letter === ']' || letter === '}') depth--
  }
  return deepest
}

/**
 * A key that one object of this JSON has twice: of two readers one takes the first and one the last, so nobody knows what was meant.
 * Null: there is none. Only of text that is JSON.
 */
export const repeatedKey = (text: string): string | null => {
  const open: (Set<string> | null)[] = []
  let word = ''
  for (const { letter, string } of bracketsIn(text)) {
    const keys = open.at(-1)
    if (letter === '"') word = string
    else if (letter === ':' && keys?.has(word) === true) return word
    else if (letter === ':') keys?.add(word)
    else if (letter === '{' || letter === '[') open.push(letter === '{' ? new Set() : null)
    else open.pop()
  }
  return null
}

/** What a string says; as it is written, where that is nothing that JSON has. */
const unescaped = (written: string): string => {
  try {
    return String(JSON.parse(`"${written}"`))
  } catch {
    return written
  }
}

/** A string as it is written, or a bracket or colon outside of one; a string that does not end is one to the end. */
const TOKEN = /"([^"\\]*(?:\\.[^"\\]*)*)\\?(?:"|$)|[[\]{}:]/gsu

/** Brackets and colons outside of strings, and what the strings say. */
function* bracketsIn(text: string): Generator<{ letter: string; string: string }> {
  for (const [token, written = ''] of text.matchAll(TOKEN))
    yield { letter: token[0] ?? '', string: written.includes('\\') ? unescaped(written) : written }
}
