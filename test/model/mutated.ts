import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const HERE = new URL('../../core/lane/', import.meta.url)

/** The sources of core/lane, and what they are without types: read and stripped once. */
let sources: { file: string; source: string; plain: string }[] | null = null
const sourcesOf = () => {
  sources ??= readdirSync(HERE)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const source = readFileSync(new URL(file, HERE), 'utf8')
      return { file, source, plain: plainOf(source) }
    })
  return sources
}

/** As Node strips it; its other imports lead to where they were. */
const plainOf = (source: string): string =>
  stripTypeScriptTypes(source)
    .replaceAll("from '../", `from '${new URL('../', HERE).href}`)
    .replace(/from '\.\/([a-z-]+)\.ts'/g, "from './$1.mjs'")

/** Loads a module of the mutated core, by its file name with the ending that Node wants. */
export type Load = <M>(file: string) => Promise<M>

/** How often this stands in the sources of core/lane. */
export const timesIn = (from: string): number =>
  sourcesOf().reduce((sum, { source }) => sum + source.split(from).length - 1, 0)

/** The sources of core/lane with one text replaced, in a folder of their own, which is gone once what is needed is loaded. */
export const mutated = async <T>(
  { name, text: [from, to] }: { name: string; text: readonly [from: string, to: string] },
  work: (load: Load) => Promise<T>,
): Promise<T> => {
  const times = timesIn(from)
  if (times !== 1) throw new Error(`“${name}” stands ${times} times in core/lane as \`${from}\`: mend the mutant`)
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-mutant-'))
  try {
    for (const { file, source, plain } of sourcesOf()) {
      const changed = source.includes(from) ? plainOf(source.replace(from, () => to)) : plain
      writeFileSync(join(folder, file.replace(/\.ts$/, '.mjs')), changed)
    }
    return await work(<M>(file: string) => import(pathToFileURL(join(folder, file)).href) as Promise<M>)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
