import { isRecord } from '../record.ts'
import type { ManifestAdapter, ManifestWrong } from '../workloads/manifest/adapter.ts'
import { ADAPTERS } from '../workloads/manifest/catalogue.ts'
import { job as KUBERNETES_JOB, podsOf } from '../workloads/manifest/job.ts'
import { type BroughtFor, type BroughtPod, metadataWrongs, podOf } from './brought-pod.ts'
import { meantOf } from './nearest.ts'
import { shown } from './shown.ts'

type Fields = Record<string, unknown>

/** What a stage says, as its manifest has it. */
export type Brought = BroughtPod & {
  nodes?: number
  /** Where in the object its Job lies; left out: it is that. */
  at?: string
}

/** What is brought, or everything of the object that does not go. */
export const broughtBy = (object: unknown, of: BroughtFor): Brought | ManifestWrong[] => {
  const adapter = adapterOf(object)
  if (Array.isArray(adapter)) return adapter
  const fields = withoutNulls(object) as Fields
  const spec = isRecord(fields['spec']) ? fields['spec'] : {}
  const wrongs = [
    ...topWrongs(fields, adapter),
    ...metadataWrongs(fields['metadata'], ['metadata'], of.namespace),
    ...keyWrongs(spec, adapter, ['spec']),
  ]
  const job = adapter.jobOf(fields, of.stage)
  if (Array.isArray(job)) return [...wrongs, ...job]
  const { at } = job
  const inner = [
    ...(at.length === 0 ? [] : metadataWrongs(job.metadata, [...at, 'metadata'], null)),
    ...(at.length === 0 ? [] : keyWrongs(job.spec, KUBERNETES_JOB, [...at, 'spec'])),
  ]
  const pods = podsOf(job.spec)
  const ofPods = Array.isArray(pods) ? pods.map((one) => ({ ...one, path: [...at, 'spec', ...one.path] })) : []
  const all = [...wrongs, ...inner, ...ofPods]
  const pod = podOf(job.spec['template'], [...at, 'spec', 'template'], { ...of, nodes: Array.isArray(pods) ? 1 : pods })
  if (Array.isArray(pod)) return [...all, ...pod]
  if (all.length > 0 || Array.isArray(pods)) return all
  return { ...pod, ...(pods > 1 ? { nodes: pods } : {}), ...(at.length === 0 ? {} : { at: at.join('.') }) }
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

type Keys = Pick<ManifestAdapter, 'keys' | 'never' | 'kind'>

const keyWrongs = (spec: Readonly<Fields>, { keys, never, kind }: Keys, at: ManifestWrong['path']): ManifestWrong[] =>
  Object.keys(spec).flatMap((key) => {
    if (keys.includes(key)) return []
    const message = Object.hasOwn(never, key)
      ? (never[key] ?? '')
      : `there is no such key in the spec of a ${kind}: ${meantOf(key, keys)}`
    return [{ path: [...at, key], message }]
  })

/** To Kubernetes a key with nothing is one that is not there. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isRecord(value)) return value
  const said = Object.entries(value).filter(([, one]) => one !== null)
  return Object.fromEntries(said.map(([key, one]) => [key, withoutNulls(one)]))
}
