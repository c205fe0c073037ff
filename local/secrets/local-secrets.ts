import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Secrets } from '../../flows/ports.ts'

const NAMES = ['mlflow-webhook', 'slack-signing', 'token'] as const
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
  if (!existsSync(file)) {
    const made = Object.fromEntries(NAMES.map((name) => [name, randomBytes(32).toString('hex')]))
    writeFileSync(file, JSON.stringify(made), { mode: 0o600, flag: 'wx' })
  }
  const stored = storedIn(file)
  return { get: async (name) => given[name] || stored[name] }
}

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
