/** What nothing is decided from: texts, and times and names that keys tell in their own way. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'schema',
  'lane',
  'name',
  'title',
  'text',
  'note',
  'detail',
  'since',
  'startedAt',
  'openedAt',
  'markedAt',
  'endedAt',
  'ranFrom',
  'ran',
  'ranTo',
  'at',
  'until',
  'place',
  'due',
  'id',
  'by',
  'fence',
  'uid',
  'bounds',
  'requester',
  'stages',
  'ref',
  'result',
])

const numbers = new Map<string, string>()
const texts = new WeakMap<object, string>()
/** What stands in something, without what tells nothing, as a number of its own: made once for each object. */
export const textOf = (value: object): string => {
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = written(value)
  const number = numbers.get(text) ?? `t${numbers.size}`
  numbers.set(text, number)
  texts.set(value, number)
  return number
}

const written = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(written).join()}]`
  let text = '{'
  for (const [name, inner] of Object.entries(value)) if (!LEFT_OUT.has(name)) text += `${name}:${written(inner)},`
  return `${text}}`
}
