import { MERGE_KEYS } from '../workloads/pod-patch.ts'
import { nearest } from './nearest.ts'
import fields from './pod-fields.json' with { type: 'json' }

/** What is wrong at a place, and what to write there. */
interface Wrong {
  path: string[]
  message: string
}

/**
 * What in the patches of a config is no part of a pod, as Kubernetes' own types have it: keys that there are not, and values of
 * another kind. What is not looked at here is said by the cluster, once a person has approved it.
 */
export const podProblems = (config: unknown): Wrong[] => [
  ...entriesOf(at(config, 'pipelines')).flatMap(([name, pipeline]) =>
    entriesOf(at(pipeline, 'stages')).flatMap(([index, stage]) =>
      podWrongs(at(stage, 'pod'), ['pipelines', name, 'stages', index, 'pod']),
    ),
  ),
  ...entriesOf(at(config, 'services')).flatMap(([name, service]) =>
    podWrongs(at(service, 'pod'), ['services', name, 'pod']),
  ),
]

/** What else a patch is than a map, its block says. */
const podWrongs = (pod: unknown, path: string[]): Wrong[] => (isMap(pod) ? wrongsOf(pod, 'PodSpec', path) : [])

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []
const at = (value: unknown, key: string): unknown => (isMap(value) ? value[key] : undefined)

const TYPES: Readonly<Record<string, string>> = fields

/** Fields of a type with their own types; undefined: it is none that has fields. */
const fieldsOf = (type: string): Map<string, string> | undefined =>
  Object.hasOwn(TYPES, type)
    ? new Map(
        (TYPES[type] ?? '').split(' ').map((field) => {
          const [name = '', of = 'string'] = field.split(':')
          return [name, of]
        }),
      )
    : undefined

/** What single values are, and how to write them. */
const SINGLE: Readonly<Record<string, { is: (value: unknown) => boolean; say: string }>> = {
  string: { is: (value) => typeof value === 'string', say: "a text, in quotes: '…'" },
  number: { is: Number.isSafeInteger, say: 'a whole number, without quotes' },
  boolean: { is: (value) => typeof value === 'boolean', say: 'true or false, without quotes' },
  IntOrString: {
    is: (value) => typeof value === 'string' || Number.isSafeInteger(value),
    say: 'a whole number or a text',
  },
}

/** `null` takes a key away, and is right wherever a key is. */
const wrongsOf = (value: unknown, type: string, path: string[]): Wrong[] => {
  if (value === null || value === undefined) return []
  if (type.endsWith('[]')) return listWrongs(value, type.slice(0, -2), path)
  const single = SINGLE[type]
  if (single !== undefined) return single.is(value) ? [] : [{ path, message: `must be ${single.say}` }]
  if (!isMap(value)) return [{ path, message: 'must be a map, { … }' }]
  const inner = type.endsWith('{}') ? type.slice(0, -2) : null
  const known = fieldsOf(type)
  return Object.entries(value).flatMap(([key, one]) => {
    const of = inner ?? (known === undefined ? 'any' : known.get(key))
    if (of === 'any' || key.startsWith('$')) return []
    return of === undefined
      ? [unknownKey(key, [...(known ?? new Map()).keys()], path)]
      : wrongsOf(one, of, [...path, key])
  })
}

const listWrongs = (value: unknown, type: string, path: string[]): Wrong[] => {
  if (!Array.isArray(value)) return [{ path, message: 'must be a list, [ … ]' }]
  const by = MERGE_KEYS[path.at(-1) ?? '']
  return value.flatMap((one: unknown, index) => {
    const place = [...path, String(index)]
    if (one === null || one === undefined) return [{ path: place, message: 'must not be null: leave it out' }]
    const named = !isMap(one) || by === undefined || (one[by] !== undefined && one[by] !== null)
    return named
      ? wrongsOf(one, type, place)
      : [{ path: [...place, by], message: 'is missing: it says which one is meant' }]
  })
}

const unknownKey = (key: string, known: readonly string[], path: string[]): Wrong => {
  const meant = nearest(key, known)
  const use = meant === null ? `it is one of ${known.join(', ')}` : `did you mean \`${meant}\`?`
  return { path, message: `there is no key \`${key}\`: ${use}` }
}
