import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Tree } from './rules.ts'
import { HOUSE } from './table.ts'

/** Folders that hold no source of ours. */
const SKIPPED = /(^|\/)(node_modules|\.[^/]*|dist|coverage)(\/|$)/

/** Every path under the rooms and of the files at the root, with `/` on every machine, in order. */
export const pathsOf = (root: string): string[] => {
  const places = readdirSync(root, { withFileTypes: true }).filter(({ name }) => !SKIPPED.test(name))
  return places
    .flatMap((place) => (place.isDirectory() ? filesUnder(root, place.name) : [place.name]))
    .filter((path) => !SKIPPED.test(path))
    .sort()
}

/** The source of the rooms, and of root files that are TypeScript. */
export const treeOf = (root: string): Tree => {
  const sources = pathsOf(root).filter(
    (path) =>
      /\.(ts|mjs)$/.test(path) &&
      (path.includes('/') ? Object.hasOwn(HOUSE, path.split('/')[0] ?? '') || path.endsWith('.ts') : true),
  )
  return new Map(sources.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** What Go stands in: every file of the runner's folder, and every Go file elsewhere. */
export const goTreeOf = (root: string): Tree =>
  new Map(
    pathsOf(root)
      .filter((path) => path.startsWith('runner/') || path.endsWith('.go'))
      .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  )

const filesUnder = (root: string, folder: string): string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(root.length + 1)
            .split(sep)
            .join('/'),
        )
    : []
