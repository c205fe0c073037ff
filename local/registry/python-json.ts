/** JSON as Python's `json.dumps` writes it by default: a blank after `,` and `:`, and nothing but ASCII. */
export const pythonJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${text(key)}: ${pythonJson(inner)}`)
      .join(', ')}}`
  return typeof value === 'string' ? text(value) : (JSON.stringify(value) ?? 'null')
}

const text = (value: string): string =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
