/** Texts of one half that are kept: what is read again and again is far less. */
const HALF = 2_000

/** Reads JSON once for each text, however often it is stored, read or told: equal texts have one value, which nobody can change. */
export const readOnce = (): (<T>(text: string) => T) => {
  let [young, old] = [new Map<string, unknown>(), new Map<string, unknown>()]
  return <T>(text: string): T => {
    const known = young.get(text)
    if (known !== undefined) return known as T
    const value = old.get(text) ?? frozen(JSON.parse(text))
    // What nobody asked for while as many others came is forgotten.
    if (young.size >= HALF) [young, old] = [new Map(), young]
    young.set(text, value)
    return value as T
  }
}

const frozen = (value: unknown): unknown => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}
