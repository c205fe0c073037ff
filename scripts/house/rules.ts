import { posix } from 'node:path'
import { cyclesOf } from './cycles.ts'
import { type Import, type Scanned, scan } from './imports.ts'
import { kindViolations } from './kinds.ts'
import { type Allowed, ENVIRONMENT, FORBIDDEN_NAMES, HOUSE, LONGEST_FILE, LONGEST_TEST, type Room } from './table.ts'

/** The files of a tree, by path from the root of the repository, with `/` on every machine. */
export type Tree = ReadonlyMap<string, string>

/** Everything that is wrong with a tree: one sentence each, which says where the line belongs. Empty when all is well. */
export const violationsOf = (tree: Tree): string[] => {
  const scanned = new Map([...tree].map(([file, source]) => [file, scan(source)]))
  return [
    ...[...scanned].flatMap(([file, { imports }]) => importViolations(file, imports)),
    ...cyclesOf(importedFiles(scanned)).map(
      (cycle) =>
        `${cycle.join(' → ')} is a cycle: move what ${cycle.length === 2 ? 'it needs of itself' : 'they need of each other'} into a file of its own, types too`,
    ),
    ...[...scanned].flatMap(([file, found]) => fileViolations(file, found)),
    ...[...tree].flatMap(([file, source]) => [...kindViolations(file, source), ...sizeViolations(file, source)]),
  ]
}

/** The room of a file: its first folder, or the file itself at the root. */
export const roomOf = (file: string): string => file.split('/', 1)[0] ?? file

/** Where an import leads: a path of the repository for relative ones, else the library's name. */
export const targetOf = (file: string, specifier: string): string =>
  specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier

/** Lines of a file; the newline at its end begins no other. */
export const linesOf = (source: string): number => source.replace(/\n$/, '').split('\n').length

const importViolations = (file: string, imports: Import[]): string[] => {
  const room = HOUSE[roomOf(file)]
  if (room === undefined)
    return [`${file} stands in no room: put it into one of ${rooms()}, or name a new room in scripts/house/table.ts`]
  return imports.flatMap((one) => importViolation(file, room, one) ?? [])
}

const rooms = (): string =>
  Object.keys(HOUSE)
    .filter((name) => !name.includes('.'))
    .join(', ')

const importViolation = (file: string, room: Room, { specifier, line, typeOnly }: Import): string | null => {
  const place = `${file}:${line}`
  if (specifier === null)
    return room.computed
      ? null
      : `${place} imports what is only known at run time, but ${roomOf(file)} ${room.is}: write the path out, or let local/ or cli/ load it`
  const ours = specifier.startsWith('.')
  const target = targetOf(file, specifier)
  if (ours && roomOf(target) === roomOf(file)) return null
  const rules = (ours ? room.ours : room.libraries).filter(({ of }) => names(of, target))
  if (rules.some((rule) => isIn(rule, file) && (typeOnly || rule.typesOnly === undefined))) return null
  if (rules.some((rule) => isIn(rule, file)))
    return `${place} imports ${target} as a value, but ${roomOf(file)} may use its types only: write \`import type\`, at the front`
  const where = rules.flatMap((rule) => rule.in ?? [])
  const only = where.length > 0 ? ` (only ${where.join(', ')} may)` : ''
  const say = room.instead.find(({ of }) => target.startsWith(of))?.say
  return `${place} imports ${target}, but ${roomOf(file)} ${room.is}${only}: ${say ?? 'move the line to a room that may'}`
}

const names = (of: string, target: string): boolean =>
  of === '' || target === of || (/[/:]$/.test(of) && target.startsWith(of))

const isIn = (rule: Allowed, file: string): boolean =>
  rule.in === undefined || rule.in.some((beginning) => file.startsWith(beginning))

const importedFiles = (scanned: ReadonlyMap<string, Scanned>): Map<string, string[]> =>
  new Map(
    [...scanned].map(([file, { imports }]) => [
      file,
      imports
        .flatMap(({ specifier }) => (specifier?.startsWith('.') ? [targetOf(file, specifier)] : []))
        .filter((target) => scanned.has(target)),
    ]),
  )

const fileViolations = (file: string, { barrel, environment }: Scanned): string[] => {
  const mayRead = ENVIRONMENT.some((beginning) => file.startsWith(beginning))
  const bad = file.split('/').find((part) => FORBIDDEN_NAMES.includes(part.split('.', 1)[0] ?? ''))
  return [
    ...(barrel
      ? [`${file} only hands on what others export: import from the file that has it, and delete this one`]
      : []),
    ...(mayRead
      ? []
      : environment.map(
          (line) =>
            `${file}:${line} reads the environment, but only ${ENVIRONMENT.join(', ')} may: take the value as a parameter from there`,
        )),
    ...(bad === undefined ? [] : [`${file}: \`${bad}\` says nothing about what is inside: name it after what it does`]),
  ]
}

const sizeViolations = (file: string, source: string): string[] => {
  const lines = linesOf(source)
  const most = file.startsWith('test/') ? LONGEST_TEST : LONGEST_FILE
  return lines > most
    ? [`${file} has ${lines} lines, and none may have over ${most}: it holds two things, give each its file`]
    : []
}
