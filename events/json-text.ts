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
    if (letter === '"') word = string
    else if (letter === '{') open.push(new Set())
    else if (letter === '[') open.push(null)
    else if (letter === ']' || letter === '}') open.pop()
    else if (letter === ':') {
      const keys = open.at(-1)
      const key = word.includes('\\') ? String(JSON.parse(`"${word}"`)) : word
      if (keys?.has(key) === true) return key
      keys?.add(key)
    }
  }
  return null
}

/** Brackets and colons outside of strings, and the strings, as they are written. */
function* bracketsIn(text: string): Generator<{ letter: string; string: string }> {
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? ''
    if (letter === '"') {
      const from = at + 1
      for (at = from; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++
      yield { letter, string: text.slice(from, at) }
    } else if ('[]{}:'.includes(letter)) yield { letter, string: '' }
  }
}
