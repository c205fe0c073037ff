import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Policy, PolicyError, parsePolicy } from '../../core/policy.ts'
import { repeatedKey } from '../../events/json-text.ts'
import type { Policies } from '../../flows/ports.ts'
import { whyUnread } from './why-unread.ts'

/** The file is looked at no more often than this, in real milliseconds. */
const LOOK_EVERY = 250

export interface FilePolicies extends Policies {
  /** Why the file as it is now is not in force; null when it is. */
  problem(): Promise<string | null>
}

/** A config file's default export, or the JSON in it, read anew each time. Throws `PolicyError`. */
export const readConfig = async (file: string): Promise<unknown> => {
  const path = resolve(file)
  if (!existsSync(path))
    throw new PolicyError([
      `${file}: there is no such file; start from the example \`signalbox.config.ts\` of the repository`,
    ])
  if (!/\.(json|[cm]?[jt]s)$/.test(path)) throw new PolicyError([`${file}: a policy is a .ts, .js or .json file`])
  try {
    if (path.endsWith('.json')) return jsonOf(readFileSync(path, 'utf8'))
    const module = (await import(`${pathToFileURL(path).href}?${statSync(path).mtimeMs}`)) as { default?: unknown }
    if (module.default === undefined)
      throw new Error('it exports no policy: write `export default defineConfig({ … })`')
    return module.default
  } catch (error) {
    throw new PolicyError([whyUnread(file, error)])
  }
}

/** Of a key that is said twice the first would be lost without a word. Where its schema lies, JSON says to editors alone. */
const jsonOf = (text: string): unknown => {
  const value: unknown = JSON.parse(text)
  const twice = repeatedKey(text)
  if (twice !== null) throw new Error(`it says \`${twice}\` twice at one place: leave one of them out, or rename it`)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$schema')) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '$schema'))
}

/** The policy in a file. An edit takes force at the next load; an edit that does not hold together leaves the last one in force. */
export const openPolicies = async ({
  file,
  realNow = Date.now,
}: {
  file: string
  realNow?: () => number
}): Promise<FilePolicies> => {
  let policy = parsePolicy(await readConfig(file))
  let modified = statSync(file).mtimeMs
  let looked = realNow()
  let problem: string | null = null
  const refresh = async (): Promise<void> => {
    looked = realNow()
    const now = existsSync(file) ? statSync(file).mtimeMs : modified
    if (now === modified) return
    modified = now
    try {
      policy = parsePolicy(await readConfig(file))
      problem = null
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
  }
  return {
    load: async () => {
      if (realNow() - looked >= LOOK_EVERY) await refresh()
      return policy
    },
    problem: async () => problem,
  }
}

/** A policy that changes only by `set`. */
export const fixedPolicies = (policy: Policy): Policies & { set(next: Policy): void } => {
  let current = policy
  return {
    load: async () => current,
    set: (next) => {
      current = next
    },
  }
}
