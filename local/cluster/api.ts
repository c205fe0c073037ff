import { type FieldManager, type Kind, type KubeObject, type ObjectRef, refOf } from '../../core/kube.ts'
import { noKind, noNamespace } from '../../effects/cluster/answers.ts'
import type { Applied, Created, Denied } from '../../flows/ports.ts'
import { withDefaults } from './defaults.ts'
import { removeJob, withJobIdentity } from './jobs.ts'
import { applyFields, type Owners, updateFields, withManagedFields } from './managed-fields.ts'
import { loseNode } from './nodes.ts'
import { deletePod } from './pods.ts'
import { withPriority } from './priorities.ts'
import { immutableProblems, invalid, problemsOf } from './validation.ts'
import { type Job, KINDS, type Node, type Pod } from './wire.ts'
import type { World } from './world.ts'

/** Whose a POST or a merge patch is: our client has one name for both. */
const WRITER: FieldManager = 'signalbox-workload'

/** What the simulated server is asked through, besides the world itself. */
export interface Api {
  world: World
  namespaces: ReadonlySet<string>
}

/** A `POST` that is a dry run: what it would be made as, or why it would not. */
export const tryCreate = (api: Api, given: KubeObject): Created => tried(api, withDefaults(asSent(given)))

const tried = (api: Api, asked: KubeObject): Created => {
  expectPlace(api, asked)
  const object = api.world.admitted(asked)
  const problems = problemsOf(object)
  if (problems.length > 0) return unprocessable(object, problems)
  const found = api.world.store.get(refOf(object))
  return found === null
    ? { kind: 'created', object }
    : { kind: 'exists', object: withManagedFields(found, api.world.store.ownersOf(refOf(found))) }
}

/** `POST`. */
export const create = (api: Api, given: KubeObject): Created => {
  const asked = withDefaults(asSent(given))
  const answer = tried(api, asked)
  if (answer.kind !== 'created') return answer
  const { object } = answer
  // Nobody owns what a webhook has added.
  const own = (made: KubeObject): Owners => updateFields(null, object === asked ? made : asked, {}, WRITER)
  return { kind: 'created', object: insert(api, object, own) }
}

/** Server-side apply. */
export const apply = (
  api: Api,
  given: KubeObject,
  { manager, how }: { manager: FieldManager; how?: 'forced' | undefined },
): Applied => {
  expectPlace(api, given)
  const { store } = api.world
  const config = asSent(given)
  const live = store.get(refOf(config))
  const owners = live === null ? {} : store.ownersOf(refOf(config))
  const merged = applyFields(live ?? bare(config), owners, config, { manager, how })
  if (merged.kind === 'conflict') return merged
  const object = api.world.admitted(withDefaults(merged.object))
  const problems = [...problemsOf(object), ...(live === null ? [] : immutableProblems(live, object))]
  if (problems.length > 0) return unprocessable(object, problems)
  if (live === null) return { kind: 'applied', object: insert(api, object, () => merged.owners) }
  return { kind: 'applied', object: store.update(object, merged.owners) }
}

/** Merge patch, only on the object with this uid. Its status is the controllers'. */
export const patch = (
  { world: { store, admitted } }: Api,
  ref: ObjectRef,
  uid: string,
  change: Record<string, unknown>,
): 'patched' | 'gone' | 'moved' | Denied => {
  const live = store.get(ref)
  if (live === null || live.metadata.uid !== uid) return 'gone'
  const named = (change['metadata'] as { resourceVersion?: string } | undefined)?.resourceVersion
  if (named !== undefined && named !== live.metadata.resourceVersion) return 'moved'
  const merged = mergePatch(live, change) as KubeObject
  if (typeof merged.metadata !== 'object' || merged.metadata?.name !== live.metadata.name)
    return { kind: 'denied', status: 400, message: 'the name of the object does not match the name on the URL' }
  const { name, namespace, uid: _uid, resourceVersion, generation, creationTimestamp } = live.metadata
  const kept = { name, namespace, uid, resourceVersion, generation, creationTimestamp }
  const own = {
    ...merged,
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { ...merged.metadata, ...defined(kept) },
  }
  const asked = withDefaults(withStatusOf(own as KubeObject, live))
  const object = admitted(asked)
  const problems = [...problemsOf(object), ...immutableProblems(live, object)]
  if (problems.length > 0) return unprocessable(object, problems)
  store.update(object, updateFields(live, asked, store.ownersOf(ref), WRITER))
  return 'patched'
}

/** What somebody else does to an object, in the API server's name for them (`kubectl-set`): what they change is theirs. */
export const edit = ({ world: { store } }: Api, ref: ObjectRef, by: { manager: string; change: Changing }): void => {
  const live = store.get(ref)
  if (live === null) throw new Error(`${ref.kind} ${ref.name} is not there to be edited`)
  const object = withDefaults(withStatusOf(by.change(structuredClone(live)), live))
  store.update(object, updateFields(live, object, store.ownersOf(ref), by.manager))
}

/** The object as it shall be. */
export type Changing = (live: KubeObject) => KubeObject

/** Dependents follow in the background; a pod that runs first gets time to stop. */
export const remove = ({ world }: Api, ref: ObjectRef, uid: string): 'deleted' | 'gone' => {
  const live = world.store.get(ref)
  if (live === null || live.metadata.uid !== uid) return 'gone'
  if (live.kind === 'Pod') deletePod(world, live as Pod)
  else if (live.kind === 'Node') loseNode(world, live as Node)
  else if (live.kind === 'Job') removeJob(world, live as Job)
  else {
    world.due.forget(uid)
    world.store.remove(live)
  }
  return 'deleted'
}

/** Throws where the kind or the namespace is not there. */
const expectPlace = ({ namespaces }: Api, { kind, apiVersion, metadata }: KubeObject): void => {
  if (!Object.hasOwn(KINDS, kind) || KINDS[kind].apiVersion !== apiVersion) throw noKind(kind, apiVersion)
  const namespace = metadata.namespace ?? 'default'
  if (KINDS[kind].namespaced && !namespaces.has(namespace)) throw noNamespace(namespace)
}

const unprocessable = (object: KubeObject, problems: string[]): Denied => ({
  kind: 'denied',
  status: 422,
  message: invalid(object, problems),
})

/** JSON as it would come over the wire, without what is the server's to say. A Node may bring its status. */
const asSent = (given: KubeObject): KubeObject => {
  const { status, ...rest } = JSON.parse(JSON.stringify(given)) as KubeObject & { status?: unknown }
  const {
    uid: _uid,
    resourceVersion: _revision,
    generation: _generation,
    creationTimestamp: _time,
    managedFields: _managed,
    ...metadata
  } = rest.metadata
  if (!KINDS[rest.kind].namespaced) delete metadata.namespace
  else metadata.namespace ??= 'default'
  return { ...rest, metadata, ...(rest.kind === 'Node' && status !== undefined ? { status } : {}) } as KubeObject
}

const bare = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): KubeObject =>
  ({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }) as KubeObject

const withStatusOf = (object: KubeObject, { status }: KubeObject & { status?: unknown }): KubeObject => {
  const { status: _status, ...rest } = object as KubeObject & { status?: unknown }
  return (status === undefined ? rest : { ...rest, status }) as KubeObject
}

/** Stores a new object with what the server adds to its kind. */
const insert = ({ world: { store } }: Api, object: KubeObject, owners: (made: KubeObject) => Owners): KubeObject =>
  store.insert(object, (made) => {
    const complete = COMPLETE[made.kind]?.(made, store) ?? made
    return { object: complete, owners: owners(complete) }
  })

const COMPLETE: Partial<Record<Kind, (made: KubeObject, store: World['store']) => KubeObject>> = {
  Job: (made) => withJobIdentity(made as Job),
  Pod: (made, store) => ({ ...withPriority({ store }, made as Pod), status: { phase: 'Pending' } }),
  Service: (made, store) => withAddress(made as KubeObject<'Service'>, () => store.count('address')),
}

const withAddress = (service: KubeObject<'Service'>, count: () => number): KubeObject => {
  const given = service.spec?.clusterIP
  const next = given === undefined ? count() : 0
  const clusterIP = given ?? `10.96.${(next >> 8) & 255}.${next & 255}`
  return { ...service, spec: { ...service.spec, clusterIP, clusterIPs: [clusterIP] } }
}

const defined = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>

/** RFC 7386: `null` removes, objects are merged, anything else is replaced. */
const mergePatch = (target: unknown, change: unknown): unknown => {
  if (!isMap(change)) return change
  const merged: Record<string, unknown> = isMap(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
