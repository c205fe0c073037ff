import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { ReadManifest } from '../../core/policy/manifests.ts'
import { isRecord } from '../../core/record.ts'

/** Bytes of a manifest, and values in it once what it refers to is written out. */
const [BYTES, VALUES] = [65_536, 4_000]

/** Where a manifest lies that a policy's file names. */
export const manifestOf = (config: string, file: string): string => join(dirname(config), file)

/** The one object in a file of YAML or JSON that lies in this folder or below it; or why it has none. */
export const readManifest = async (path: string, folder = dirname(path)): Promise<ReadManifest> => {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return { why: 'there is no such file beside the policy' }
    // Where a link leads out of the folder another machine has another file.
    if (!realpathSync(path).startsWith(realpathSync(folder) + sep))
      return { why: 'it is a link that leads out of the folder of the policy: put the file itself there' }
    if (!stats.isFile()) return { why: 'it is no file' }
    if (stats.size > BYTES) return { why: `it has more than ${BYTES} bytes: put what is long into its image` }
    return await parsed(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { why: code === 'ELOOP' ? 'it is a link that leads to itself' : (message.split('\n')[0] ?? '') }
  }
}

const parsed = async (text: string): Promise<ReadManifest> => {
  // Who brings no manifest does not wait for what reads them.
  const { loadAll, YAML11_SCHEMA } = await import('js-yaml')
  if (TEMPLATE.test(text)) return { why: 'it is a template: write here what `helm template` makes of it' }
  const all = loadAll(text).filter((one) => one !== null)
  if (all.length !== 1)
    return {
      why: all.length === 0 ? 'it is empty: write one object' : `it has ${all.length} documents: write one object`,
    }
  const count = { left: VALUES }
  const object = plain(all[0], count, [])
  const other = loadAll(text, { schema: YAML11_SCHEMA }).filter((one) => one !== null)[0]
  const place = differs(object, other, [])
  return place === null
    ? { object }
    : {
        why: `${place.join('.')}: tools read this in two ways, as YAML 1.1 and as 1.2: put it in quotes, or write it plainly (of a merge, \`<<\`, its keys themselves)`,
      }
}

/** As Helm's templates have it, at the beginning of a line or as a whole value. */
const TEMPLATE = /^\s*(?:[\w./-]+:\s*|-\s+)?\{\{/m

/** A copy of what JSON has, with what is referred to written out. Throws where it is too much, or no JSON. */
const plain = (value: unknown, count: { left: number }, path: readonly (string | number)[]): unknown => {
  if (--count.left < 0) throw new Error(`it has more than ${VALUES} values: put what is long into its image`)
  if (Array.isArray(value)) return value.map((one, index) => plain(one, count, [...path, index]))
  if (isRecord(value)) {
    if (Object.hasOwn(value, '__proto__')) throw new Error('nothing can be called `__proto__`')
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one, count, [...path, key])]))
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${path.join('.')}: it is no number`)
  return value
}

/** The first place where two readings of one text are not the same; null: there is none. */
const differs = (one: unknown, other: unknown, path: (string | number)[]): (string | number)[] | null => {
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length)
    return first(one.map((each, index) => differs(each, other[index], [...path, index])))
  if (isRecord(one) && isRecord(other) && !(other instanceof Date)) {
    const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])]
    return first(keys.map((key) => differs(one[key], other[key], [...path, key])))
  }
  return Object.is(one, other) ? null : path
}

const first = (places: ((string | number)[] | null)[]): (string | number)[] | null =>
  places.find((place) => place !== null) ?? null
