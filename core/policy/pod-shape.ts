import { isRecord } from '../record.ts'
import { inSight } from '../text.ts'
import { MERGE_KEYS } from '../workloads/pod-patch.ts'
import { meantOf } from './nearest.ts'
import { maySay } from './pod.ts'
import { choiceWrong } from './pod-choices.ts'
import fields from './pod-fields.json' with { type: 'json' }
import { shown } from './problems.ts'
import { QUANTITIES, quantityWrong } from './quantities.ts'

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
const podWrongs = (pod: unknown, path: string[]): Wrong[] => (isRecord(pod) ? wrongsOf(pod, 'PodSpec', path) : [])

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []
const at = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined)

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
  string: { is: (value) => typeof value === 'string', say: 'a text, in quotes' },
  number: { is: Number.isSafeInteger, say: 'a whole number, without quotes' },
  boolean: { is: (value) => typeof value === 'boolean', say: 'true or false, without quotes' },
  IntOrString: {
    is: (value) => typeof value === 'string' || Number.isSafeInteger(value),
    say: 'a whole number or a text',
  },
}

const must = (say: string, value: unknown): string => {
  const isPlain = say.startsWith('a text') && (typeof value === 'number' || typeof value === 'boolean')
  return `must be ${say}; found ${shown(value)}${isPlain ? `: write '${value}'` : ''}`
}

/** `null` takes a key away, and is right wherever a key is. */
const wrongsOf = (value: unknown, type: string, path: string[]): Wrong[] => {
  if (value === null || value === undefined) return []
  if (type.endsWith('[]')) return listWrongs(value, type.slice(0, -2), path)
  const single = SINGLE[type]
  if (single !== undefined) return singleWrongs(value, single, path)
  if (!isRecord(value)) return [{ path, message: must('a map, { … }', value) }]
  const inner = type.endsWith('{}') ? type.slice(0, -2) : null
  const known = fieldsOf(type)
  return Object.entries(value).flatMap(([key, one]) => {
    const of = inner ?? (known === undefined ? 'any' : known.get(key))
    if (of === 'any' || key.startsWith('$')) return []
    if (of === undefined) return [{ path, message: `there is no key \`${inSight(key)}\`: ${whereOf(key, type)}` }]
    const choice = typeof one === 'string' ? choiceWrong(`${type}.${key}`, one) : null
    return choice === null ? wrongsOf(one, of, [...path, key]) : [{ path: [...path, key], message: choice }]
  })
}

const listWrongs = (value: unknown, type: string, path: string[]): Wrong[] => {
  if (!Array.isArray(value)) return [{ path, message: must('a list, [ … ]', value) }]
  const by = MERGE_KEYS[path.at(-1) ?? '']
  return value.flatMap((one: unknown, index) => {
    const place = [...path, String(index)]
    if (one === null || one === undefined) return [{ path: place, message: 'must not be null: leave it out' }]
    const named = !isRecord(one) || by === undefined || (one[by] !== undefined && one[by] !== null)
    return named
      ? wrongsOf(one, type, place)
      : [{ path: [...place, by], message: 'is missing: it says which one is meant' }]
  })
}

/** A quantity stands by its own name, or by a resource's below `limits` and `requests`. */
const singleWrongs = (value: unknown, { is, say }: (typeof SINGLE)[string], path: string[]): Wrong[] => {
  const [key = '', before = ''] = [path.at(-1), path.at(-2)]
  const wrong = [key, before].some((one) => QUANTITIES.has(one)) ? quantityWrong(key, value) : null
  if (wrong !== null) return [{ path, message: wrong }]
  return is(value) ? [] : [{ path, message: must(say, value) }]
}

/** Where a key is said that its place does not have. */
const whereOf = (key: string, type: string): string => {
  if (type === 'PodSpec' && key === 'spec') return 'this is the spec: write here what is below it'
  if (type === 'PodSpec' && ['metadata', 'labels', 'annotations'].includes(key))
    return 'only the spec of a pod is said here; its labels and annotations are ours'
  if (type === 'PodSpec' && fieldsOf('Container')?.has(key))
    return `a container has it: say \`containers: [{ name: …, ${key}: … }]\``
  if (type === 'Container' && fieldsOf('PodSpec')?.has(key)) return 'the pod has it: say it beside `containers`'
  return meantOf(key, [...(fieldsOf(type)?.keys() ?? [])].filter(maySay))
}
