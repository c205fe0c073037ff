/** How a registry wants to be authenticated to, as `WWW-Authenticate` says it. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  scheme: string
  /** By lower-case names. */
  parameters: Record<string, string>
}

const WORD = "[A-Za-z0-9!#$%&'*+.^_`|~-]+"
const PARAMETER = new RegExp(`^\\s*,?\\s*(${WORD})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]*))`)
const SCHEME = new RegExp(`^\\s*,?\\s*(${WORD})(?=\\s|,|$)`)

/** The challenges of a header, which may hold several; what cannot be read ends them. Total. */
export const challengesIn = (header: string | null): Challenge[] => {
  const found: Challenge[] = []
  for (let rest = header ?? ''; rest.trim() !== ''; ) {
    const parameter = PARAMETER.exec(rest)
    const last = found.at(-1)
    if (parameter !== null && last !== undefined) {
      const [whole, name = '', quoted, plain = ''] = parameter
      last.parameters[name.toLowerCase()] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1')
      rest = rest.slice(whole.length)
      continue
    }
    const scheme = SCHEME.exec(rest)
    if (scheme === null) return found
    found.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: Object.create(null) as Record<string, string> })
    rest = rest.slice(scheme[0].length)
  }
  return found
}
