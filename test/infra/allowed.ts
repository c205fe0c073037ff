/** A statement of a role's policy, its ARNs read. */
export interface Statement {
  actions: string[]
  resources: string[]
}

/** What is asked, and by whom: the tags of the session. */
export interface Request {
  action: string
  on: string
  tags?: Record<string, string>
}

/**
 * Whether IAM lets it, by what its reference says of statements that allow: `*` and `?` of a resource match anything, slashes
 * too, and nothing in the value of a variable does; a variable that the session does not say matches nothing.
 */
export const isAllowed = (statements: readonly Statement[], { action, on, tags = {} }: Request): boolean =>
  statements.some(
    ({ actions, resources }) => actions.includes(action) && resources.some((resource) => matches(resource, on, tags)),
  )

const VARIABLE = /\$\{aws:PrincipalTag\/([^}]+)\}/

const matches = (resource: string, on: string, tags: Record<string, string>): boolean => {
  const parts = resource.split(VARIABLE)
  // Every second part is the name of a tag.
  const values = parts.map((part, index) => (index % 2 === 0 ? globbed(part) : literal(tags[part])))
  return values.every((value) => value !== null) && new RegExp(`^${values.join('')}$`, 's').test(on)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const globbed = (text: string): string => escaped(text).replaceAll('\\*', '.*').replaceAll('\\?', '.')
const literal = (value: string | undefined): string | null => (value === undefined ? null : escaped(value))
