import type { V1PodSpec } from '@kubernetes/client-node'
import { digestOf } from '../digest.ts'
import type { PodPatch } from '../policy/pod.ts'
import { isRecord } from '../record.ts'

/**
 * By what the elements of a list are told apart, as Kubernetes' own API types say (`patchMergeKey` in core/v1); lists that are
 * not here are replaced as a whole.
 */
export const MERGE_KEYS: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  imagePullSecrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  resourceClaims: 'name',
  env: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
}

/** What a probe or a hook does. */
export const HANDLERS: readonly string[] = ['exec', 'grpc', 'httpGet', 'sleep', 'tcpSocket']

/** Fields of which an object has one: another of them takes the place of ours, where Kubernetes would keep both and refuse them. */
const ONE_OF: readonly (readonly string[])[] = [HANDLERS, ['value', 'valueFrom']]

/** Lists to which a patch adds: without what is ours of them no node would take the pod, or pods of a gang would come to zones that EFA does not span. */
const ADDED: ReadonlySet<string> = new Set(['tolerations', 'requiredDuringSchedulingIgnoredDuringExecution'])

type Fields = Record<string, unknown>

/**
 * A pod's spec with a strategic-merge patch merged onto it: objects field by field, lists of named things element by element,
 * other values and lists replaced, `null` taken away; what a probe does, or where a variable is from, is one thing, and the patch's. What
 * is new in a list comes after what was there. Tolerations are added, where Kubernetes would replace them: without ours for GPUs no node
 * would take the pod.
 */
export const patched = (spec: V1PodSpec, patch: PodPatch | undefined): V1PodSpec =>
  patch === undefined ? spec : (merged(spec as unknown as Fields, patch as Fields) as unknown as V1PodSpec)

const merged = (onto: Fields, patch: Fields): Fields => {
  const result = without(onto, othersThan(patch))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else if (value !== undefined) result[key] = mergedAt(key, result[key], value)
  }
  return result
}

/** Of what there is one, those that the patch does not say, where it says one. */
const othersThan = (patch: Fields): string[] =>
  ONE_OF.flatMap((keys) => {
    const said = keys.filter((key) => patch[key] !== undefined && patch[key] !== null)
    return said.length === 0 ? [] : keys.filter((key) => !said.includes(key))
  })

const without = (fields: Fields, keys: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key)))

const mergedAt = (key: string, onto: unknown, value: unknown): unknown => {
  if (isRecord(value)) return merged(isRecord(onto) ? onto : {}, value)
  if (ADDED.has(key) && Array.isArray(onto) && Array.isArray(value)) return added(onto, value)
  const by = MERGE_KEYS[key]
  return by !== undefined && Array.isArray(value) ? mergedList(Array.isArray(onto) ? onto : [], value, by) : value
}

const added = (onto: readonly unknown[], values: readonly unknown[]): unknown[] => [
  ...onto,
  ...values.filter((value) => !onto.some((one) => digestOf(one) === digestOf(value))),
]

const mergedList = (onto: readonly unknown[], values: readonly unknown[], by: string): unknown[] => {
  const result = [...onto]
  for (const value of values) {
    const at = result.findIndex((one) => isRecord(one) && isRecord(value) && one[by] === value[by])
    if (at < 0 || !isRecord(value)) result.push(isRecord(value) ? merged({}, value) : value)
    else result[at] = merged(result[at] as Fields, value)
  }
  return result
}
