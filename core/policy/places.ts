import type * as z from 'zod/mini'

/** What is looked at of a schema: what it wraps, or has below it. */
export interface Place {
  _zod: {
    def: {
      type: string
      format?: string
      shape?: Record<string, Place>
      innerType?: Place
      valueType?: Place
      element?: Place
    }
  }
}

/** What may stand at a path of the policy; undefined: nothing does. */
export const placeAt = (schema: z.core.$ZodType, path: readonly PropertyKey[]): Place | undefined => {
  let at = schema as Place | undefined
  for (const step of path) at = below(at, String(step))
  return at
}

/** Keys that may stand at a place of the policy. */
export const keysAt = (schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] =>
  Object.keys(plain(placeAt(schema, path))?._zod.def.shape ?? {})

/** Whether what stands there may be left out: it is optional, has a default, or is one of many. */
export const mayBeLeftOut = (schema: z.core.$ZodType, path: readonly PropertyKey[]): boolean => {
  const parent = plain(placeAt(schema, path.slice(0, -1)))
  return path.length > 0 && (parent?._zod.def.shape === undefined || isLoose(placeAt(schema, path)))
}

/** Keys that may be left out for another one, and which most write. */
const INSTEAD: ReadonlySet<string> = new Set(['instanceType', 'maxGpus'])

/** What is written at a place, with what must stand in it: `{ p50: …, p95: … }`, `[ { metric: '…', op: …, value: … } ]`. */
export const shapeOf = (place: Place | undefined, depth = 2): string => {
  const { type, shape, valueType, element } = plain(place)?._zod.def ?? { type: '' }
  if (type === 'string') return "'…'"
  if (element !== undefined) return `[ ${shapeOf(element, depth)} ]`
  if (depth === 0) return '…'
  if (valueType !== undefined) return `{ NAME: ${shapeOf(valueType, depth - 1)} }`
  if (shape === undefined) return '…'
  const must = Object.keys(shape).filter((key) => !isLoose(shape[key]) || INSTEAD.has(key))
  const keys = must.length > 0 ? must : Object.keys(shape)
  return `{ ${keys.map((key) => `${key}: ${shapeOf(shape[key], depth - 1)}`).join(', ')} }`
}

/** Whether a whole number stands at a place. */
export const isWhole = (at: Place | undefined): boolean => plain(at)?._zod.def.format === 'safeint'

/** Whether a place is a list of single values. */
export const isListOfSingle = (place: Place | undefined): boolean => {
  const { type = '' } = plain(plain(place)?._zod.def.element)?._zod.def ?? {}
  return type !== '' && type !== 'object'
}

const isLoose = (at: Place | undefined): boolean => ['optional', 'default'].includes(at?._zod.def.type ?? '')

/** Without a default or what else wraps it. */
const plain = (at: Place | undefined): Place | undefined =>
  at?._zod.def.innerType === undefined ? at : plain(at._zod.def.innerType)

const below = (at: Place | undefined, step: string): Place | undefined => {
  const { shape, valueType, element } = plain(at)?._zod.def ?? {}
  if (shape !== undefined) return Object.hasOwn(shape, step) ? shape[step] : undefined
  return valueType ?? element
}
