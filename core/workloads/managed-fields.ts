import type { KubeObject } from '../kube.ts'
import { isRecord } from '../record.ts'
import { MERGE_KEYS } from './pod-patch.ts'

/** Where a field stands in an object, part by part; an item of a list of named things is `[name="vllm"]`. */
export type FieldPath = readonly string[]

/** Which fields somebody has set, as the API server writes it down for each who asks it (`managedFields`). */
export interface Managed {
  manager: string
  /** Whether it is one of ours. */
  isOurs: boolean
  paths: FieldPath[]
}

/** Who owns what of an object; not who writes its status or, by a door of its own, its scale. */
export const managedOf = ({ metadata: { managedFields = [] } }: KubeObject): Managed[] =>
  managedFields
    .filter(({ subresource = '' }) => subresource === '')
    .map(({ manager = '', fieldsV1 }) => ({
      manager,
      isOurs: manager.startsWith('signalbox-'),
      paths: pathsIn(fieldsV1, []),
    }))

/** Who beside us has set a field, by a door of its own too (`kubectl scale`). */
export const settersOf = ({ metadata: { managedFields = [] } }: KubeObject, path: FieldPath): string[] =>
  managedFields
    .filter(({ subresource, manager = '' }) => subresource !== 'status' && !manager.startsWith('signalbox-'))
    .map(({ manager = '', fieldsV1 }) => ({ manager, isOurs: false, paths: pathsIn(fieldsV1, []) }))
    .filter((one) => owns([one], path))
    .map(({ manager }) => manager)

/** When this manager last set something of the object, milliseconds; null: it is not said, or nobody knows who. */
export const setAt = ({ metadata: { managedFields = [] } }: KubeObject, manager: string | null): number | null => {
  const at = managedFields
    .filter((one) => one.manager === manager && (one.subresource ?? '') === '')
    .map(({ time }) => new Date(time ?? Number.NaN).getTime())
    .filter((time) => !Number.isNaN(time))
  return at.length === 0 ? null : Math.max(...at)
}

/** Whether one of these owns the field, what it is in, or something in it. */
export const owns = (managed: readonly Managed[], path: FieldPath): boolean =>
  managed.some(({ paths }) => paths.some((one) => startsWith(one, path) || startsWith(path, one)))

/** Whether the first of these paths is the second, or lies in it. */
export const startsWith = (path: FieldPath, start: FieldPath): boolean =>
  start.length <= path.length && start.every((part, index) => part === path[index])

/** What of a value lies at these paths: what somebody has said of it, without what the server has filled in. */
export const saidAt = (value: unknown, paths: readonly FieldPath[], list = ''): unknown => {
  if (paths.some((path) => path.length === 0)) return value
  const below = (part: string | null): FieldPath[] =>
    part === null ? [] : paths.flatMap(([first, ...rest]) => (first === part ? [rest] : []))
  if (Array.isArray(value))
    return value.flatMap((item) => {
      const inner = below(itemPart(list, item))
      return inner.length === 0 ? [] : [saidAt(item, inner)]
    })
  if (!isRecord(value)) return value
  const kept = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const at = below(key)
    return at.length === 0 ? [] : [[key, saidAt(inner, at, key)]]
  })
  return Object.fromEntries(kept)
}

/** `.spec.template.spec.containers[name="vllm"].image`, as the API server says it. */
export const fieldText = (path: FieldPath): string =>
  path.map((part) => (part.startsWith('[') ? part : `.${part}`)).join('')

/** The item of a list of named things, by what it is told apart by; null: it is none of these. */
export const itemPart = (list: string, item: unknown): string | null => {
  // A Service calls them otherwise than a container does.
  const isOfService = list === 'ports' && isRecord(item) && item['containerPort'] === undefined
  const key = isOfService ? 'port' : MERGE_KEYS[list]
  return key === undefined || !isRecord(item) || item[key] === undefined
    ? null
    : `[${key}=${JSON.stringify(item[key])}]`
}

/** The leaves of one entry. Beside `f:` for a field and `k:` for an item there are values and places of lists: these lists are ours whole. */
const pathsIn = (fields: unknown, at: FieldPath): FieldPath[] => {
  const inner = isRecord(fields) ? Object.entries(fields).filter(([key]) => key !== '.') : []
  if (inner.length === 0) return at.length === 0 ? [] : [at]
  return inner.flatMap(([key, value]) => {
    const part = partOf(key, at.at(-1) ?? '')
    return part === null ? [at] : pathsIn(value, [...at, part])
  })
}

const partOf = (key: string, list: string): string | null => {
  if (key.startsWith('f:')) return key.slice(2)
  if (!key.startsWith('k:')) return null
  try {
    return itemPart(list, JSON.parse(key.slice(2)))
  } catch {
    return null
  }
}
