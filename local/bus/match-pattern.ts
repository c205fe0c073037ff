import type { Condition, Pattern } from '../../events/contract.ts'

/**
 * The part of EventBridge's pattern language that our contracts use, and nothing else: a field's conditions are OR, fields
 * are AND, an event's array matches when one element does, types are strict, own keys only. Semantics as tested on
 * event-ruler 2.1.
 */
export const matches = (pattern: Pattern, event: unknown): boolean =>
  Object.entries(pattern).every(([field, inner]) => {
    const values = valuesAt(event, field)
    return Array.isArray(inner)
      ? inner.some((condition) => holds(condition, values))
      : values.some((value) => isObject(value) && matches(inner, value))
  })

/** Why a pattern is not one that the local bus understands; null when it is. */
export const checkPattern = (pattern: unknown, path = ''): string | null => {
  if (!isObject(pattern)) return `${path || 'the pattern'}: expected an object`
  const entries = Object.entries(pattern)
  if (entries.length === 0) return `${path || 'the pattern'}: is empty`
  for (const [field, inner] of entries) {
    const at = path === '' ? field : `${path}.${field}`
    const why = Array.isArray(inner) ? checkConditions(inner, at) : checkPattern(inner, at)
    if (why !== null) return why
  }
  return null
}

const checkConditions = (conditions: unknown[], at: string): string | null => {
  if (conditions.length === 0) return `${at}: has no condition`
  const wrong = conditions.find((condition) => !isCondition(condition))
  return wrong === undefined
    ? null
    : `${at}: the local bus does not know ${JSON.stringify(wrong)}; it knows exact text, prefix, suffix, wildcard, exists and numeric >`
}

const isCondition = (condition: unknown): condition is Condition => {
  if (typeof condition === 'string') return true
  if (!isObject(condition) || Object.keys(condition).length !== 1) return false
  const [[operator, operand] = []] = Object.entries(condition)
  if (operator === 'prefix' || operator === 'suffix') return typeof operand === 'string'
  // Two stars in a row and escapes are beyond what we use.
  if (operator === 'wildcard') return typeof operand === 'string' && !operand.includes('**') && !operand.includes('\\')
  if (operator === 'exists') return typeof operand === 'boolean'
  return (
    operator === 'numeric' &&
    Array.isArray(operand) &&
    operand.length === 2 &&
    operand[0] === '>' &&
    typeof operand[1] === 'number'
  )
}

const holds = (condition: Condition, values: unknown[]): boolean => {
  if (typeof condition === 'string') return values.includes(condition)
  if ('exists' in condition) return values.some((value) => !isObject(value)) === condition.exists
  return values.some((value) => {
    if ('numeric' in condition) return typeof value === 'number' && value > condition.numeric[1]
    if (typeof value !== 'string') return false
    if ('prefix' in condition) return value.startsWith(condition.prefix)
    if ('suffix' in condition) return value.endsWith(condition.suffix)
    return wild(condition.wildcard).test(value)
  })
}

const wild = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*')}$`,
  )

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The values at a field: arrays are flattened at any depth. */
const valuesAt = (event: unknown, field: string): unknown[] => {
  if (!isObject(event) || !Object.hasOwn(event, field)) return []
  const value = event[field]
  return Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]
}
