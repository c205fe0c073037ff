import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Secrets } from '../../flows/ports.ts'

const NAMES = ['mlflow-webhook', 'alert-webhook', 'slack-signing', 'token'] as const
type Name = (typeof NAMES)[number]

/** The port's secrets, and the token that the page's own buttons need. */
export interface LocalSecrets extends Secrets {
  get(name: Name): Promise<string>
}

/** Secrets that were given, else those made at the first start, in a file that only its owner reads. */
export const openSecrets = ({
  dataDir,
  given,
}: {
  dataDir: string
  given: Partial<Record<Name, string | undefined>>
}): LocalSecrets => {
  const file = join(dataDir, 'secrets.json')
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(made({})), { mode: 0o600, flag: 'wx' })
  const stored = storedIn(file)
  // An earlier release has made fewer.
  if (NAMES.some((name) => stored[name] === undefined)) {
    Object.assign(stored, made(stored))
    writeFileSync(file, JSON.stringify(stored), { mode: 0o600 })
  }
  return { get: async (name) => given[name] || stored[name] }
}

/** Those that are known, and the others new. */
const made = (known: Partial<Record<Name, string>>): Record<Name, string> =>
  Object.fromEntries(NAMES.map((name) => [name, known[name] ?? randomBytes(32).toString('hex')])) as Record<
    Name,
    string
  >

/** What parses JSON shows what lies around a slip in it. */
const storedIn = (file: string): Record<Name, string> => {
  const text = readFileSync(file, 'utf8')
  try {
    return JSON.parse(text) as Record<Name, string>
  } catch {
    throw new Error(`${file} is no JSON: mend it, or delete it for new secrets`)
  }
}

/** Secrets that are known beforehand: for the terminal tour and for tests. */
export const fixedSecrets = (values: Record<Name, string>): LocalSecrets => ({ get: async (name) => values[name] })
