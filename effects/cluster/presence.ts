import type { Named } from '../../core/policy/cluster-names.ts'
import { NAMED_KINDS } from '../../core/policy/named-kinds.ts'
import { failureOf } from './answers.ts'
import type { Requests } from './requests.ts'

/** What became of a look at an object by its name. */
export type Presence =
  | { kind: 'there' }
  | { kind: 'absent' }
  /** No such kind of objects is installed. */
  | { kind: 'unknown-kind' }
  | { kind: 'lacks'; keys: string[]; has: string[] }
  | { kind: 'denied' }

/** An object's metadata and nothing else: no value of a Secret is ever sent to us. */
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'

/** Looks for an object by its name; and by who set which of its fields, for keys of its data. Throws where nobody answers. */
export const presenceOf = async ({ send }: Pick<Requests, 'send'>, wanted: Named): Promise<Presence> => {
  const prefix = await prefixOf({ send }, wanted)
  if (prefix === null) return { kind: 'unknown-kind' }
  const { plural } = NAMED_KINDS[wanted.kind]
  const place = wanted.namespace === null ? '' : `/namespaces/${encodeURIComponent(wanted.namespace)}`
  const path = `${prefix}${place}/${plural}/${encodeURIComponent(wanted.name)}`
  const answer = await send({ method: 'GET', path, accept: METADATA })
  if (answer.status === 404) return { kind: 'absent' }
  if (answer.status === 401 || answer.status === 403) return { kind: 'denied' }
  if (answer.status !== 200) throw failureOf(`looking for ${wanted.kind} ${wanted.name}`, answer)
  const has = keysOf(answer.body)
  const keys = has === null ? [] : wanted.keys.filter((key) => !has.includes(key))
  return keys.length === 0 ? { kind: 'there' } : { kind: 'lacks', keys, has: has ?? [] }
}

/** Where a kind's objects are, in the version that the cluster prefers; null: its group is not installed. */
const prefixOf = async ({ send }: Pick<Requests, 'send'>, { kind }: Named): Promise<string | null> => {
  const { group } = NAMED_KINDS[kind]
  if (group === '') return '/api/v1'
  const answer = await send({ method: 'GET', path: `/apis/${group}` })
  if (answer.status === 404) return null
  if (answer.status !== 200) throw failureOf(`asking for ${group}`, answer)
  return `/apis/${(answer.body as { preferredVersion: { groupVersion: string } }).preferredVersion.groupVersion}`
}

/** Keys of an object's data, as the server notes who set each; null: somebody has wiped that out. */
const keysOf = (body: unknown): string[] | null => {
  const { managedFields = [] } = (body as { metadata: { managedFields?: { fieldsV1?: object }[] } }).metadata
  if (managedFields.length === 0) return null
  const fields = managedFields.flatMap(({ fieldsV1 = {} }) =>
    ['f:data', 'f:stringData', 'f:binaryData'].flatMap((of) =>
      Object.keys((fieldsV1 as Record<string, object>)[of] ?? {}),
    ),
  )
  return [...new Set(fields.filter((field) => field.startsWith('f:')).map((field) => field.slice('f:'.length)))]
}
