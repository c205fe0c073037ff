import type { V1PodSpec } from '@kubernetes/client-node'
import type { PodPatch } from '../policy/pod.ts'
import { MERGE_KEYS } from '../policy/pod-lists.ts'

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A pod's spec with a strategic-merge patch merged onto it: objects field by field, lists of named things element by element,
 * other values and lists replaced, `null` taken away; tolerations are added to ours. What is new in a list comes after what was there.
 */
export const patched = (spec: V1PodSpec, patch: PodPatch | undefined): V1PodSpec =>
  patch === undefined ? spec : (merged(spec as unknown as Fields, patch as Fields) as unknown as V1PodSpec)

const merged = (onto: Fields, patch: Fields): Fields => {
  const result = { ...onto }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else if (value !== undefined) result[key] = mergedAt(key, result[key], value)
  }
  return result
}

const mergedAt = (key: string, onto: unknown, value: unknown): unknown => {
  if (isFields(value)) return merged(isFields(onto) ? onto : {}, value)
  // Without ours no pod gets onto a node of its pool.
  if (key === 'tolerations' && Array.isArray(value)) return [...(Array.isArray(onto) ? onto : []), ...value]
  const by = MERGE_KEYS[key]
  return by !== undefined && Array.isArray(value) ? mergedList(Array.isArray(onto) ? onto : [], value, by) : value
}

const mergedList = (onto: readonly unknown[], values: readonly unknown[], by: string): unknown[] => {
  const result = [...onto]
  for (const value of values) {
    const at = result.findIndex((one) => isFields(one) && isFields(value) && one[by] === value[by])
    if (at < 0 || !isFields(value)) result.push(isFields(value) ? merged({}, value) : value)
    else result[at] = merged(result[at] as Fields, value)
  }
  return result
}
