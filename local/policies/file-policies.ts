import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Policy, PolicyError, parsePolicy } from '../../core/policy.ts'
import type { Policies } from '../../flows/ports.ts'
import { configJson } from './config-json.ts'
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
  if (!/\.(json|[cm]?[jt]s)$/.test(path)) throw new PolicyError([`${file}: ${otherFile(path)}`])
  try {
    if (path.endsWith('.json')) return configJson(readFileSync(path))
    const module = (await import(`${pathToFileURL(path).href}?${statSync(path).mtimeMs}`)) as { default?: unknown }
    return exported(module.default)
  } catch (error) {
    throw new PolicyError([whyUnread(file, error)])
  }
}

/** Data; what makes it, the file itself may call. */
const exported = (value: unknown): unknown => {
  const what = value === undefined ? 'no policy' : typeof value === 'function' ? 'a function, which nobody calls' : null
  if (what !== null) throw new Error(`it exports ${what}: write \`export default defineConfig({ … })\``)
  return value
}

const otherFile = (path: string): string =>
  /\.ya?ml$/.test(path)
    ? 'a policy is no YAML: write it as a .ts file, or as JSON, `yq -o=json policy.yaml > policy.json`'
    : 'a policy is a .ts, .js or .json file: name it so'

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
