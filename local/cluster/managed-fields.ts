import { canonicalJson } from '../../core/digest.ts'
import type { KubeObject } from '../../core/kube.ts'

/** Leaf fields by who owns them: `<manager> Apply` or `<manager> Update`, as the server tells the two apart. */
export type Owners = Record<string, string[]>

export type Merged =
  | { kind: 'merged'; object: KubeObject; owners: Owners }
  | { kind: 'conflict'; manager: string; fields: string[] }

type Tree = Record<string, unknown>

/** Fields by which the server tells the items of a list apart. Any other list is one value. */
const LIST_KEYS: Record<string, string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
}
/** Maps that are one value. */
const ATOMIC = new Set(['selector', 'nodeSelector', 'fieldRef'])
const SERVER_METADATA = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
])

/**
 * Server-side apply. What the manager owned and leaves out is released, and removed where nobody else owns it; a value that another
 * manager set differently is a conflict, or where it is forced the manager's alone; the same value is owned by both.
 */
export const applyFields = (
  live: KubeObject,
  before: Owners,
  config: KubeObject,
  { manager, how }: { manager: string; how?: 'forced' | undefined },
): Merged => {
  const me = `${manager} Apply`
  const [there, wanted] = [leavesOf(live), leavesOf(config)]
  const owners = how === 'forced' ? withoutDiffering(before, differing(there, wanted)) : before
  const conflict = conflictOf(there, { ...owners, [me]: [] }, wanted)
  if (conflict !== null) return conflict
  const others = new Set(Object.entries(owners).flatMap(([owner, paths]) => (owner === me ? [] : paths)))
  const released = (owners[me] ?? []).filter((path) => there.has(path) && !wanted.has(path) && !others.has(path))
  const kept = structuredClone(live) as unknown as Tree
  for (const path of released) removeAt(kept, path.split('\n'))
  const object = merge(kept, onlyOwned(config), '') as KubeObject
  return { kind: 'merged', object, owners: { ...owners, [me]: [...wanted.keys()].sort() } }
}

/** A POST or PATCH: what it changed is the manager's alone from now on. */
export const updateFields = (before: KubeObject | null, after: KubeObject, owners: Owners, manager: string): Owners => {
  const old = before === null ? new Map<string, string>() : leavesOf(before)
  const leaves = leavesOf(after)
  const changed = [...leaves].flatMap(([path, value]) => (old.get(path) === value ? [] : [path]))
  const taken = new Set([...changed, ...[...old.keys()].filter((path) => !leaves.has(path))])
  const me = `${manager} Update`
  const kept = Object.entries(owners).map(([owner, paths]): [string, string[]] => [
    owner,
    paths.filter((path) => !taken.has(path)),
  ])
  const mine = [...new Set([...(Object.fromEntries(kept)[me] ?? []), ...changed])].sort()
  return Object.fromEntries([...kept.filter(([owner, paths]) => owner !== me && paths.length > 0), [me, mine]])
}

/** The object as the server shows it: with who owns what of it. */
export const withManagedFields = <T extends KubeObject>(object: T, owners: Owners): T => {
  const managedFields = Object.entries(owners).map(([owner, paths]) => {
    const at = owner.lastIndexOf(' ')
    const [manager, operation] = [owner.slice(0, at), owner.slice(at + 1)]
    return { manager, operation, apiVersion: object.apiVersion, fieldsType: 'FieldsV1', fieldsV1: fieldsOf(paths) }
  })
  return managedFields.length === 0 ? object : { ...object, metadata: { ...object.metadata, managedFields } }
}

const fieldsOf = (paths: readonly string[]): Tree => {
  const fields: Tree = {}
  for (const path of paths) {
    let at = fields
    for (const part of path.split('\n')) {
      const key = part.startsWith('[') ? `k:${keysOf(part)}` : `f:${part}`
      at[key] ??= {}
      at = at[key] as Tree
    }
  }
  return fields
}

/** `[name="vllm"]` as JSON: `{"name":"vllm"}`. */
const keysOf = (part: string): string => `{${part.slice(1, -1).replace(/(^|,)(\w+)=/g, '$1"$2":')}}`

/** What stands otherwise than is wanted. */
const differing = (live: Map<string, string>, wanted: Map<string, string>): string[] =>
  [...wanted].flatMap(([path, value]) => (live.has(path) && live.get(path) !== value ? [path] : []))

const withoutDiffering = (owners: Owners, taken: readonly string[]): Owners =>
  Object.fromEntries(
    Object.entries(owners).flatMap(([owner, paths]): [string, string[]][] => {
      const left = paths.filter((path) => !taken.includes(path))
      return left.length === 0 ? [] : [[owner, left]]
    }),
  )

const conflictOf = (live: Map<string, string>, owners: Owners, wanted: Map<string, string>): Merged | null => {
  const others = differing(live, wanted)
  for (const [owner, paths] of Object.entries(owners).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const fields = others.filter((path) => paths.includes(path))
    if (fields.length > 0)
      return { kind: 'conflict', manager: owner.slice(0, owner.lastIndexOf(' ')), fields: fields.map(readable).sort() }
  }
  return null
}

/** `.spec.template.spec.containers[name="vllm"].image`, as the server writes it. */
const readable = (path: string): string =>
  path
    .split('\n')
    .map((part) => (part.startsWith('[') ? part : `.${part}`))
    .join('')

/** Every leaf with its value as canonical JSON. Paths are their parts, one a line. */
const leavesOf = (object: KubeObject): Map<string, string> => {
  const leaves = new Map<string, string>()
  collect(onlyOwned(object), [], leaves)
  return leaves
}

const collect = (value: unknown, path: string[], leaves: Map<string, string>): void => {
  const inner = childrenOf(value, path.at(-1) ?? '')
  if (inner === null) leaves.set(path.join('\n'), canonicalJson(value))
  else for (const [part, child] of inner) collect(child, [...path, part], leaves)
}

/** The parts of a value that can be owned apart; null for a leaf. */
const childrenOf = (value: unknown, name: string): [string, unknown][] | null => {
  if (Array.isArray(value)) {
    const keys = value.map((item) => itemKey(name, item))
    return value.length > 0 && keys.every((key) => key !== null)
      ? value.map((item, at) => [keys[at] as string, item])
      : null
  }
  if (!isTree(value) || Object.keys(value).length === 0 || ATOMIC.has(name)) return null
  return Object.entries(value).filter(([, child]) => child !== undefined && child !== null)
}

const itemKey = (list: string, item: unknown): string | null => {
  if (!isTree(item)) return null
  const keys = list === 'ports' ? [item['containerPort'] === undefined ? 'port' : 'containerPort'] : LIST_KEYS[list]
  if (keys === undefined || keys.some((key) => item[key] === undefined)) return null
  const named = keys.map((key) => `${key}=${JSON.stringify(item[key])}`)
  return `[${[...named, ...(list === 'ports' ? [`protocol="${item['protocol'] ?? 'TCP'}"`] : [])].join(',')}]`
}

/** What a manager can own of an object: neither its identity nor its status. */
const onlyOwned = (object: KubeObject): Tree => {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object as unknown as Tree
  delete rest['status']
  const own = Object.entries(metadata as Tree).filter(([key]) => !SERVER_METADATA.has(key))
  return own.length === 0 ? rest : { metadata: Object.fromEntries(own), ...rest }
}

const merge = (live: unknown, config: unknown, name: string): unknown => {
  if (isTree(live) && isTree(config) && !ATOMIC.has(name)) {
    for (const [key, value] of Object.entries(config))
      if (value !== undefined && value !== null) live[key] = merge(live[key], value, key)
    return live
  }
  if (!Array.isArray(live) || !Array.isArray(config) || childrenOf(config, name) === null)
    return structuredClone(config)
  for (const item of config) {
    const at = live.findIndex((other) => itemKey(name, other) === itemKey(name, item))
    if (at < 0) live.push(structuredClone(item))
    else live[at] = merge(live[at], item, name)
  }
  return live
}

/** Removes a leaf, the item of a list whose key it was, and whatever is empty then. */
const removeAt = (tree: Tree, [part = '', ...rest]: string[]): void => {
  if (rest.length === 0) {
    delete tree[part]
    return
  }
  const child = tree[part]
  if (Array.isArray(child)) removeItem(child, part, rest)
  else if (isTree(child)) removeAt(child, rest)
  if (isEmpty(tree[part])) delete tree[part]
}

const removeItem = (list: unknown[], name: string, [key = '', ...rest]: string[]): void => {
  const at = list.findIndex((item) => itemKey(name, item) === key)
  const item = list[at]
  if (!isTree(item)) return
  removeAt(item, rest)
  if (itemKey(name, item) !== key) list.splice(at, 1)
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isTree(value) && Object.keys(value).length === 0
