import { isRecord } from '../../record.ts'
import { COMPLETION_INDEX, rankAddress } from '../over-nodes.ts'
import type { ManifestWrong } from './adapter.ts'
import { mainOf } from './job.ts'

type Fields = Readonly<Record<string, unknown>>
type Place = ManifestWrong['path']

/** By what the pods of a JobSet's one Job are found and told apart. */
export interface Group {
  /** Name of the JobSet; null: it has none. */
  set: string | null
  /** Name of its one Job in it, and of the group that is in. */
  job: string
  group: string
  /** In which its pods find each other; null: the JobSet has no name. */
  subdomain: string | null
  /** How many pods it has. */
  pods: number
  /** Which of them is told as the coordinator; null: none is. */
  coordinator: number | null
}

/** How labels and annotations begin that JobSet's controller gives its pods (`api/jobset/v1alpha2` of JobSet 0.12). */
const KEYS = 'jobset.sigs.k8s.io/'
const FIELD = /^metadata\.(?:annotations|labels)\['([^']+)'\]$/

/**
 * The spec of its Job with what the controller of JobSet would have told its pods as it is told here: of one Job most of that is the same always, and its pods are
 * called after the Job that we make. What nobody tells here does not go.
 */
export const toldAsHere = (job: Fields, of: Group, stage: string): { spec: Fields; wrongs: ManifestWrong[] } => {
  const template = isRecord(job['template']) ? job['template'] : {}
  const spec = isRecord(template['spec']) ? template['spec'] : null
  if (spec === null) return { spec: job, wrongs: [] }
  const listed = (key: string): unknown[] => (Array.isArray(spec[key]) ? spec[key] : [])
  const containers = listed('containers')
  const main = containers.every(isRecord) ? mainOf(containers, stage) : -1
  const told = {
    ...spec,
    ...(Array.isArray(spec['initContainers'])
      ? { initContainers: listed('initContainers').map((one) => toldIn(one, of, false)) }
      : {}),
    ...(Array.isArray(spec['containers'])
      ? { containers: containers.map((one, n) => toldIn(one, of, n === main)) }
      : {}),
  }
  return { spec: { ...job, template: { ...template, spec: told } }, wrongs: leftIn(told, ['template', 'spec'], of) }
}

/** `isMain`: it is told the name of its Job, by which its pods are called. */
const toldIn = (container: unknown, of: Group, isMain: boolean): unknown => {
  if (!isRecord(container)) return container
  const texts = (list: unknown): unknown =>
    Array.isArray(list) ? list.map((one) => (typeof one === 'string' ? found(one, of) : one)) : list
  const { env, ...rest } = container
  const said = Array.isArray(env) ? env.map((one) => (isRecord(one) ? variable(one, of, isMain) : one)) : env
  return {
    ...(isMain ? Object.fromEntries(Object.entries(rest).map(([k, v]) => [k, ARGS.has(k) ? texts(v) : v])) : rest),
    ...(said === undefined ? {} : { env: said }),
    ...(isMain && of.pods === 1 ? withIndex(said) : {}),
  }
}

/** Of one pod no Indexed Job is made here, which would tell it this. */
const withIndex = (env: unknown): { env?: unknown[] } => {
  const all = env === undefined ? [] : env
  if (!Array.isArray(all) || all.some((one) => isRecord(one) && one['name'] === INDEX)) return {}
  return { env: [...all, { name: INDEX, value: '0' }] }
}
const INDEX = 'JOB_COMPLETION_INDEX'

/** Where a container says what it runs. */
const ARGS: ReadonlySet<string> = new Set(['command', 'args'])

/** Names of its pods in a text, each as the one that it has here. */
const found = (text: string, { set, job, subdomain, pods }: Group): string => {
  if (set === null || subdomain === null || pods === 1) return text
  const pod = new RegExp(`(?<![\\w.-])${set}-${job}-0-(\\d{1,4})\\.${subdomain}(?![\\w-]|\\.\\w)`, 'g')
  return text.replace(pod, (name, rank: string) => (Number(rank) < pods ? rankAddress(Number(rank)) : name))
}

const variable = (one: Fields, of: Group, isMain: boolean): Fields => {
  const { valueFrom, ...rest } = one
  if (typeof one['value'] === 'string') return isMain ? { ...one, value: found(one['value'], of) } : one
  const { fieldPath } = isRecord(valueFrom) && isRecord(valueFrom['fieldRef']) ? valueFrom['fieldRef'] : {}
  const [, key = ''] = (typeof fieldPath === 'string' ? FIELD.exec(fieldPath) : null) ?? []
  const value = saidOf(key, of, isMain)
  return value === undefined ? one : { ...rest, value }
}

/** What a label or an annotation of its pods says; undefined: nobody says it here, or it is no such one. */
const saidOf = (key: string, { job, group, pods, coordinator }: Group, isMain: boolean): string | undefined => {
  if (key === COMPLETION_INDEX) return pods === 1 ? '0' : undefined
  if (key === `${KEYS}replicatedjob-name`) return job
  if (key === `${KEYS}group-name`) return group
  if (key === `${KEYS}coordinator`)
    return isMain && pods > 1 && coordinator !== null && coordinator < pods ? rankAddress(coordinator) : undefined
  return ALWAYS.get(key)
}

/** Of one Job that is never started again by itself. */
const ALWAYS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ 'job-index': '0', 'job-global-index': '0', 'job-group-index': '0' },
    ...{ 'replicatedjob-replicas': '1', 'global-replicas': '1', 'group-replicas': '1' },
    ...{ 'restart-attempt': '0', 'job-restart-attempt': '0' },
  }).map(([key, value]) => [`${KEYS}${key}`, value] as const),
)

/** What is left of what JobSet alone says: labels, annotations and names that no pod has here. */
const leftIn = (value: unknown, path: Place, of: Group): ManifestWrong[] => {
  if (Array.isArray(value)) return value.flatMap((one, n) => leftIn(one, [...path, n], of))
  if (isRecord(value))
    return Object.entries(value).flatMap(([key, one]) => [
      ...(key.includes(KEYS) ? [{ path: [...path, key], message: NOBODY }] : []),
      ...leftIn(one, [...path, key], of),
    ])
  if (typeof value !== 'string') return []
  if (value.includes(KEYS)) return [{ path, message: NOBODY }]
  // A claim or a Secret may be called so.
  if (path.at(-1) !== 'value' && !path.some((key) => ARGS.has(String(key)))) return []
  const names = of.set !== null && new RegExp(`(?<![\\w-])${of.set}-${of.job}-\\d`).test(value)
  return names ? [{ path, message: of.pods === 1 ? ALONE : OTHERWISE }] : []
}

const NOBODY =
  'it runs as a Job of its stage’s name, of which JobSet’s controller says nothing: its pods are found by MASTER_ADDR, NODE_RANK and NNODES'
const ALONE = 'it is one pod, which is called otherwise here: leave it out, or write `localhost`'
const OTHERWISE =
  'its pods are called otherwise here: the first one’s name is in MASTER_ADDR; in `command`, `args` and `env` of the container that the stage is about a name as JobSet gives it, `SET-JOB-0-1.SUBDOMAIN`, is written anew'
