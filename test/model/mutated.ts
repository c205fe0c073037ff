import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A room of the core whose files mutants are made of. */
export type Room = 'lane' | 'lane-kinds' | 'planning' | 'steps'

const CORE = new URL('../../core/', import.meta.url)
const folderOf = (room: Room): URL => new URL(`${room}/`, CORE)

interface Source {
  file: string
  source: string
  plain: string
}

/** The sources of a room, and what they are without types: read and stripped once. */
const known = new Map<Room, Source[]>()
const sourcesOf = (room: Room): Source[] => {
  const sources =
    known.get(room) ??
    readdirSync(folderOf(room))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const source = readFileSync(new URL(file, folderOf(room)), 'utf8')
        return { file, source, plain: plainOf(source) }
      })
  known.set(room, sources)
  return sources
}

/** As Node strips it; its other imports lead to where they were. */
const plainOf = (source: string): string =>
  stripTypeScriptTypes(source)
    .replaceAll("from '../", `from '${CORE.href}`)
    .replace(/from '\.\/([a-z-]+)\.ts'/g, "from './$1.mjs'")

/** Loads a module of the mutated core, by its file name with the ending that Node wants. */
export type Load = <M>(file: string) => Promise<M>

/** How often this stands in the sources of a room. */
export const timesIn = (from: string, room: Room = 'lane'): number =>
  sourcesOf(room).reduce((sum, { source }) => sum + source.split(from).length - 1, 0)

/** The sources of a room with one text replaced, in a folder of their own, which is gone once what is needed is loaded. */
export const mutated = async <T>(
  { name, text: [from, to], room = 'lane' }: { name: string; text: readonly [from: string, to: string]; room?: Room },
  work: (load: Load) => Promise<T>,
): Promise<T> => {
  const times = timesIn(from, room)
  if (times !== 1) throw new Error(`“${name}” stands ${times} times in core/${room} as \`${from}\`: mend the mutant`)
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-mutant-'))
  try {
    for (const { file, source, plain } of sourcesOf(room)) {
      const changed = source.includes(from) ? plainOf(source.replace(from, () => to)) : plain
      writeFileSync(join(folder, file.replace(/\.ts$/, '.mjs')), changed)
    }
    return await work(<M>(file: string) => import(pathToFileURL(join(folder, file)).href) as Promise<M>)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
