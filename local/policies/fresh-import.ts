import { statSync } from 'node:fs'
import { createRequire, type ResolveHookSync, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The user's files that a program is made of, each as it was just before it was read; null: it was not there. */
export type Seen = Map<string, string | null>

/** A program that was imported anew: its default export, or what it threw; and the files that it was made of either way. */
export interface Fresh {
  seen: Seen
  /** Rejects with what the program threw. */
  exported: Promise<unknown>
}

/** Loads under way, by the mark that the addresses of their files carry. */
const underWay = new Map<string, Seen>()
let [loads, isHooked] = [0, false]

/**
 * Imports a program anew, with every file that it imports and those that these import: Node keeps each address for as long as it runs,
 * so all of a load get one mark. Packages and the product's own files stay as they were at the start.
 */
export const freshImport = (path: string): Fresh => {
  if (!isHooked) registerHooks({ resolve: markingUsers })
  isHooked = true
  const mark = String(++loads)
  const seen: Seen = new Map()
  underWay.set(mark, seen)
  see(seen, path)
  const module: Promise<{ default?: unknown }> = import(`${pathToFileURL(path).href}?${mark}`)
  return { seen, exported: module.then((all) => all.default).finally(() => underWay.delete(mark)) }
}

/** What reads one file alone. */
export const seenAlone = (path: string, read: () => Promise<unknown>): Fresh => ({
  seen: new Map([[path, stateOf(path)]]),
  exported: read(),
})

/** Whether one of the files is no longer as it was seen. */
export const isEdited = (seen: Seen): boolean => [...seen].some(([path, state]) => stateOf(path) !== state)

const stateOf = (path: string): string | null => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? null : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
}

/** Looked at before it is read, so that an edit in between is met at the next look. What Node keeps of CommonJS goes by its path. */
export const see = (seen: Seen, path: string): void => {
  if (seen.has(path)) return
  seen.set(path, stateOf(path))
  delete commonJs[path]
}

const { cache: commonJs } = createRequire(import.meta.url)

/** The mark of who imports goes on to what is imported. `require` knows no addresses: what it brings stays as it was at the start. */
const markingUsers: ResolveHookSync = (specifier, context, next) => {
  const [, mark = ''] = /[?&](\d+)$/.exec(context.parentURL ?? '') ?? []
  const seen = underWay.get(mark)
  if (seen === undefined || context.conditions.includes('require')) return next(specifier, context)
  try {
    const found = next(specifier, context)
    if (!isUsers(found.url)) return found
    see(seen, fileURLToPath(found.url))
    return { ...found, url: `${found.url}${found.url.includes('?') ? '&' : '?'}${mark}` }
  } catch (error) {
    const { url } = error as { url?: string }
    if (url?.startsWith('file:')) see(seen, fileURLToPath(url))
    throw error
  }
}

/** The rooms of the product that a config may import from. */
const OURS = ['core/', 'events/'].map((room) => new URL(`../../${room}`, import.meta.url).href)

const isUsers = (url: string): boolean =>
  url.startsWith('file:') && !url.includes('/node_modules/') && !OURS.some((room) => url.startsWith(room))
