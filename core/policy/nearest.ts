/**
 * The known name that is most like a mistyped one, whatever its notation (`max_gpus`, `MaxGPUs`); null: none is, or two are as like.
 * Of what has no letters it is the one that says more (`>`: `>=`).
 */
export const nearest = (name: string, known: readonly string[]): string | null => {
  const meant = letters(name)
  if (meant === '') return only(known.filter((one) => name !== '' && one.includes(name)))
  const far = known.map((one) => ({ one, distance: distance(meant, letters(one)) }))
  const least = Math.min(...far.map((one) => one.distance))
  const isNear = least <= Math.max(1, Math.floor(meant.length / 3)) && least < meant.length / 2
  return isNear ? only(far.filter((one) => one.distance === least).map(({ one }) => one)) : null
}

/** `did you mean …?` where one is meant, else what there is. */
export const meantOf = (name: string, known: readonly string[]): string => {
  const meant = nearest(name, known)
  return meant === null ? `it is one of ${known.join(', ')}` : `did you mean \`${meant}\`?`
}

const only = (found: readonly string[]): string | null => (found.length === 1 ? (found[0] ?? null) : null)

const letters = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')

/** Letters to put in, take out or change (Levenshtein). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(Math.min((row[j] ?? 0) + Number(letter !== other), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    row = next
  }
  return row[b.length] ?? 0
}
