import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { midst } from './midst.ts'

/** `node test/upgrade/write.ts NAME`: takes down what this release writes, for those that come after it to read. */
const name = process.argv[2] ?? ''
if (!/^[a-z0-9.-]+$/.test(name)) throw new Error('say which rows these are: node test/upgrade/write.ts schema-2')
const folder = join(import.meta.dirname, name)

/** A row a line, so that what differs is seen. */
const lines = (value: unknown): string =>
  Array.isArray(value) ? `[\n${value.map((one) => JSON.stringify(one)).join(',\n')}\n]` : JSON.stringify(value)
const text = (parts: object): string => {
  const named = Object.entries(parts).map(([part, value]) => `${JSON.stringify(part)}: ${lines(value)}`)
  return `{\n${named.join(',\n')}\n}\n`
}

const { ledger, world, files, ...about } = await midst()
mkdirSync(folder, { recursive: true })
for (const [file, parts] of Object.entries({ about, ledger, world: { world, files } }))
  writeFileSync(join(folder, `${file}.json`), text(parts))
