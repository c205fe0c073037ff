import { existsSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { said } from '../../core/text.ts'

/** Why a policy's file could not be read as the program or JSON that it is: file, line, Node's reason, and what to write, on one line. */
export const whyUnread = (file: string, error: unknown): string => {
  if (!(error instanceof Error)) return `${file}: ${said(String(error), REASON)}`
  const reason = said(error.message, REASON)
  const cure = cureOf(error, file)
  return `${placeOf(file, error)}: ${reason}${cure === null ? '' : `. ${cure}`}`
}

/** Longest reason of Node's that is repeated. Characters. */
const REASON = 600

/** Where Node says that it is: at the head of the stack, or in its first frame of a file. */
const PLACES = [/^(?:file:\/\/)?([^\n?]+?)(?:\?[\d.]+)?:(\d+)\n/, /\n\s+at (?:.*\()?file:\/\/([^\n?)]+)\?[\d.]+:(\d+)/]

/** The file and the line; another file that it imports is named too. */
const placeOf = (file: string, { stack = '' }: Error): string => {
  const [, path, line] = PLACES.map((place) => place.exec(stack)).find((found) => found !== null) ?? []
  if (path === undefined || line === undefined) return file
  return path === resolve(file) ? `${file}:${line}` : `${file}: ${path}:${line}`
}

/** What to write in place of what Node does not run; null: its reason says it. */
const cureOf = (error: Error & { code?: string; url?: string }, file: string): string | null => {
  switch (error.code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `Node leaves types out and makes no code of them: ${inPlaceOf(error.message)}`
    case 'ERR_MODULE_NOT_FOUND':
    case 'ERR_UNSUPPORTED_DIR_IMPORT':
      return toImport(error, file)
    default:
      return null
  }
}

const inPlaceOf = (message: string): string => {
  if (/\benum\b/.test(message))
    return 'write the values themselves, or a constant, `const SIZE = { small: 1, large: 2 }`'
  if (/\bnamespace\b/.test(message)) return 'write constants, `const NAME = …`, or a file of its own that is imported'
  return 'write it in plain JavaScript'
}

/** Where `defineConfig` lies. */
const OURS = fileURLToPath(new URL('../../core/policy.ts', import.meta.url))
/** Names that read as ours: none of them is a package of ours, and who takes one on npm would run code at everybody who installs it. */
const AS_OURS = /^@?signalbox(?:$|[-/])|\/signalbox/

/** What to write in place of a package that is called as we are. */
const notOnNpm = (name: string, file: string): string => {
  const path = relative(dirname(resolve(file)), OURS)
  const from = path.startsWith('.') ? path : `./${path}`
  const has = existsSync(OURS) ? `write \`from '${from}'\`, or ` : ''
  return `Signalbox is on no registry, so do not install \`${name}\` from one: ${has}leave the import out, and write \`export default { … }\` in place of \`export default defineConfig({ … })\``
}

/** A file is imported by its whole name, a package must be there. */
const toImport = ({ message, url }: Error & { url?: string }, file: string): string => {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? []
  if (name !== undefined && AS_OURS.test(name)) return notOnNpm(name, file)
  if (name !== undefined) return `Install it where the policy lies, \`npm install ${name}\`, or leave the import out`
  const path = url === undefined ? null : fileURLToPath(url.replace(/\?.*$/, ''))
  const there =
    path === null ? undefined : ['.ts', '/index.ts', '.js', '/index.js'].find((end) => existsSync(path + end))
  return path === null || there === undefined
    ? 'Write the file’s whole name with its ending, `./pools.ts`, as seen from the file that imports it'
    : `Write the import with its whole name: it ends with \`${basename(path)}${there}\``
}
