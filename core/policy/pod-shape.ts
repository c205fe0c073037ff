import { isRecord } from '../record.ts'
import { inSight } from '../text.ts'
import { MERGE_KEYS } from '../workloads/pod-patch.ts'
import { meantOf } from './nearest.ts'
import { maySay } from './pod.ts'
import { choiceWrong } from './pod-choices.ts'
import fields from './pod-fields.json' with { type: 'json' }
import { keyWrong } from './pod-keys.ts'
import { needWrongs } from './pod-needs.ts'
import { numberWrong } from './pod-numbers.ts'
import { textWrong } from './pod-texts.ts'
import { QUANTITIES, quantityWrong } from './quantities.ts'
import { shown } from './shown.ts'

/** What is wrong at a place, and what to write there. */
interface Wrong {
  path: string[]
  message: string
}

/** Where in a patch something stands: its path, and the field of Kubernetes' types whose value or element it is. */
interface At {
  path: string[]
  field: string
}

/**
 * What in the patches of a config is no part of a pod, as Kubernetes' own types have it and its API server takes them: keys that there
 * are not, values of another kind, and what lacks something. What is not looked at here is said by the cluster, once a person has
 * approved it.
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
const podWrongs = (pod: unknown, path: string[]): Wrong[] =>
  isRecord(pod) ? wrongsOf(pod, 'PodSpec', { path, field: '' }) : []

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

/** `null` takes a key away, and is right wherever a key is; of what JSON has no word for, its block says so. */
const wrongsOf = (value: unknown, type: string, at: At): Wrong[] => {
  if (value === null || value === undefined || typeof value === 'bigint') return []
  if (type.endsWith('[]')) return listWrongs(value, type.slice(0, -2), at)
  const single = SINGLE[type]
  if (single !== undefined) return singleWrongs(value, single, at)
  if (!isRecord(value)) return [{ path: at.path, message: must('a map, { … }', value) }]
  return type.endsWith('{}') ? mapWrongs(value, type.slice(0, -2), at) : fieldsWrongs(value, type, at)
}

/** Of names that somebody gives. */
const mapWrongs = (value: Record<string, unknown>, inner: string, { path, field }: At): Wrong[] =>
  Object.entries(value).flatMap(([key, one]) => {
    const at = { path: [...path, key], field }
    const wrongs = wrongsOf(one, inner, at)
    const message = wrongs.length > 0 || one === null ? null : keyWrong(field, key, one)
    return message === null ? wrongs : [{ path: at.path, message }]
  })

const fieldsWrongs = (value: Record<string, unknown>, type: string, { path }: At): Wrong[] => {
  const known = fieldsOf(type)
  const wrongs = Object.entries(value).flatMap(([key, one]) => {
    const of = known === undefined ? 'any' : known.get(key)
    if (of === 'any' || key.startsWith('$')) return []
    const at = { path: [...path, key], field: `${type}.${key}` }
    if (of === undefined) return [{ path, message: `there is no key \`${inSight(key)}\`: ${whereOf(key, type)}` }]
    return wrongsOf(one, of, at)
  })
  // Of what is called otherwise it is said already what is missing.
  const needs = wrongs.length > 0 ? [] : needWrongs(type, value)
  return [...wrongs, ...needs.map(({ at, message }) => ({ path: [...path, ...at], message }))]
}

const listWrongs = (value: unknown, type: string, { path, field }: At): Wrong[] => {
  if (!Array.isArray(value)) return [{ path, message: must('a list, [ … ]', value) }]
  const by = MERGE_KEYS[path.at(-1) ?? '']
  return value.flatMap((one: unknown, index) => {
    const at = { path: [...path, String(index)], field }
    if (one === null || one === undefined) return [{ path: at.path, message: 'must not be null: leave it out' }]
    const twice = by === undefined ? null : twiceIn(value.slice(0, index), one, by)
    if (twice !== null) return [{ path: [...at.path, by ?? ''], message: twice }]
    const named = !isRecord(one) || by === undefined || (one[by] !== undefined && one[by] !== null)
    return named
      ? wrongsOf(one, type, at)
      : [{ path: [...at.path, by], message: 'is missing: it says which one is meant' }]
  })
}

/** Two of one name would be merged into one. */
const twiceIn = (before: readonly unknown[], one: unknown, by: string): string | null => {
  const name = isRecord(one) ? one[by] : undefined
  if (name === undefined || name === null || !before.some((other) => isRecord(other) && other[by] === name)) return null
  return by === 'name'
    ? `two of them are called ${shown(name)}: give each a name of its own, or leave one out`
    : `two of them have ${shown(name)}, and would become one: leave one out`
}

/** A quantity stands by its own name, or by a resource's below `limits` and `requests`. */
const singleWrongs = (value: unknown, { is, say }: (typeof SINGLE)[string], { path, field }: At): Wrong[] => {
  const [key = '', before = ''] = [path.at(-1), path.at(-2)]
  const wrong = [key, before].some((one) => QUANTITIES.has(one)) ? quantityWrong(key, value) : null
  const message = wrong ?? (is(value) ? ruleWrong(field, value) : must(say, value))
  return message === null ? [] : [{ path, message }]
}

/** What a value is that has the right kind, and is not taken all the same. */
const ruleWrong = (field: string, value: unknown): string | null => {
  if (typeof value === 'number') return numberWrong(field, value)
  return typeof value === 'string' ? (choiceWrong(field, value) ?? textWrong(field, value)) : null
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
