import type * as z from 'zod/mini'
import { isRecord } from '../record.ts'
import { keysAt, placeAt } from './places.ts'

/** The shape of policy that this release reads and writes. */
export const SCHEMA = 2

/** A policy of a newer shape: which, and what of its keys is not known here. */
export interface Newer {
  schema: number
  unknown: string[]
}

/** What is newer about a config; null where it is of a shape that can be read. */
export const newerSchema = (config: unknown, schema: z.core.$ZodType): Newer | null => {
  if (!isRecord(config) || typeof config['schema'] !== 'number' || config['schema'] <= SCHEMA) return null
  return { schema: config['schema'], unknown: unknownIn(schema, config, []) }
}

/** Paths of keys that the schema does not have; below them nothing is looked at. */
const unknownIn = (schema: z.core.$ZodType, value: unknown, path: string[]): string[] => {
  if (Array.isArray(value)) return value.flatMap((one, index) => unknownIn(schema, one, [...path, String(index)]))
  if (!isRecord(value) || placeAt(schema, path) === undefined) return []
  const known = keysAt(schema, path)
  return Object.entries(value).flatMap(([key, inner]) =>
    known.length > 0 && !known.includes(key) ? [[...path, key].join('.')] : unknownIn(schema, inner, [...path, key]),
  )
}
