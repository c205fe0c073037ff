import { isRecord } from '../record.ts'
import type { ManifestAdapter, ManifestWrong } from '../workloads/manifest/adapter.ts'
import { ADAPTERS } from '../workloads/manifest/catalogue.ts'
import { type BroughtFor, type BroughtPod, metadataWrongs, podOf } from './brought-pod.ts'
import { meantOf } from './nearest.ts'
import { shown } from './shown.ts'

type Fields = Record<string, unknown>

/** What a stage says, as its manifest has it. */
export type Brought = BroughtPod & { nodes?: number }

/** What is brought, or everything of the object that does not go. */
export const broughtBy = (object: unknown, of: BroughtFor): Brought | ManifestWrong[] => {
  const adapter = adapterOf(object)
  if (Array.isArray(adapter)) return adapter
  const fields = withoutNulls(object) as Fields
  const spec = isRecord(fields['spec']) ? fields['spec'] : {}
  const pods = adapter.podsOf(spec)
  const template = adapter.template.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), fields)
  const wrongs = [
    ...topWrongs(fields, adapter),
    ...metadataWrongs(fields['metadata'], ['metadata'], of.namespace),
    ...keyWrongs(spec, adapter),
    ...(Array.isArray(pods) ? pods : []),
  ]
  const pod = podOf(template, [...adapter.template], of)
  if (Array.isArray(pod)) return [...wrongs, ...pod]
  if (wrongs.length > 0 || Array.isArray(pods)) return wrongs
  return { ...pod, ...(pods > 1 ? { nodes: pods } : {}) }
}

const adapterOf = (object: unknown): ManifestAdapter | ManifestWrong[] => {
  const kinds = ADAPTERS.map(({ apiVersion, kind }) => `${kind} of ${apiVersion}`).join(', ')
  if (!isRecord(object))
    return [{ path: [], message: `write one object of Kubernetes: ${kinds}; found ${shown(object)}` }]
  const { apiVersion, kind } = object
  const like = ADAPTERS.find((one) => one.kind === kind)
  if (like === undefined)
    return [
      {
        path: ['kind'],
        message: `nobody here knows where the pods of a ${shown(kind)} are, and how it ends: bring one of ${kinds}`,
      },
    ]
  if (like.apiVersion !== apiVersion)
    return [{ path: ['apiVersion'], message: `write ${like.apiVersion}; found ${shown(apiVersion)}` }]
  return like
}

const topWrongs = (fields: Fields, { kind }: ManifestAdapter): ManifestWrong[] => [
  ...Object.keys(fields).flatMap((key) =>
    ['apiVersion', 'kind', 'metadata', 'spec'].includes(key)
      ? []
      : [
          {
            path: [key],
            message: key === 'status' ? 'the cluster says it: leave it out' : `a ${kind} has no such key`,
          },
        ],
  ),
  ...(isRecord(fields['spec']) ? [] : [{ path: ['spec'], message: 'is missing: it says what runs' }]),
]

const keyWrongs = (spec: Fields, { keys, never, kind }: ManifestAdapter): ManifestWrong[] =>
  Object.keys(spec).flatMap((key) => {
    if (keys.includes(key)) return []
    const message = Object.hasOwn(never, key)
      ? (never[key] ?? '')
      : `there is no such key in the spec of a ${kind}: ${meantOf(key, keys)}`
    return [{ path: ['spec', key], message }]
  })

/** To Kubernetes a key with nothing is one that is not there. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  const said = Object.entries(value).filter(([, one]) => one !== null)
  return Object.fromEntries(said.map(([key, one]) => [key, withoutNulls(one)]))
}
