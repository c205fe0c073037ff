/** The same value, which nobody can change any more, nor anything in it: who tries throws. */
export const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !(value instanceof Map))
    Object.values(Object.freeze(value)).forEach(frozen)
  return value
}
