import type { KubeConfig } from '@kubernetes/client-node'
import type { FieldManager, Kind, KubeObject } from '../../core/kube.ts'
import { refOf } from '../../core/kube.ts'
import type { Cluster, Created, Denied, Selection } from '../../flows/ports.ts'
import {
  applyConflict,
  denied,
  failureOf,
  failureOfWrite,
  isAbsentNamespace,
  isOtherUid,
  noKind,
  noNamespace,
} from './answers.ts'
import { apiVersionOf, objectPath, pathOf, selecting } from './paths.ts'
import { type Answer, openRequests, type Requests, type RequestsOptions } from './requests.ts'
import { openWatch } from './watching.ts'

export interface KubernetesClusterOptions extends RequestsOptions {
  /** What `watch` follows, one request each; Jobs, Deployments and Pods unless told. */
  watched?: Kind[]
  onError?: (what: string, error: unknown) => void
}

/** The `Cluster` port on a real API server. */
export interface KubernetesCluster extends Cluster {
  close(): Promise<void>
}

/** Who owns what a POST or a merge patch sets. */
const WRITER: FieldManager = 'signalbox-workload'
/** Unknown and doubled fields are errors, not warnings: what we meant is what is stored. */
const STRICT = { fieldValidation: 'Strict' }

/** Opens the cluster of the configuration's current context. Nothing is asked of it yet. */
export const openKubernetesCluster = async (
  config: KubeConfig,
  options: KubernetesClusterOptions = {},
): Promise<KubernetesCluster> => {
  const requests = await openRequests(config, options)
  const stops = new Set<() => void>()
  return {
    ...writes(requests),
    ...reads(requests),
    watch: async (where, onChange) => {
      const kinds = options.watched ?? ['Job', 'Deployment', 'Pod']
      const watching = await openWatch({ config, requests, kinds, where, onChange, onError: options.onError })
      const stop = (): void => {
        stops.delete(stop)
        watching.stop()
      }
      stops.add(stop)
      return { stop }
    },
    close: async () => {
      for (const stop of stops) stop()
      await requests.close()
    },
  }
}

/** Which nodes and pools there are changes in minutes: however many plans look at them, the server is asked so often. */
const SETTLED: ReadonlySet<Kind> = new Set(['Node', 'NodePool'])
/** Milliseconds. */
const SETTLED_FOR = 250

/** An answer that equal requests share while it is under way, and then until a time: 0, no longer. */
interface Shared {
  answer: Promise<KubeObject[]>
  until: number
}

/**
 * Equal lists are asked for once at the same time: the server's cache may be older than they are anyway. An answer, but no
 * failure, is shared for a moment more where it changes in minutes.
 */
const sharing = (lists: Map<string, Shared>, kind: Kind, where: Selection, ask: () => Promise<KubeObject[]>) => {
  const key = JSON.stringify([kind, where])
  const there = lists.get(key)
  if (there !== undefined && performance.now() < there.until) return there.answer
  const shared: Shared = { answer: ask(), until: Number.POSITIVE_INFINITY }
  lists.set(key, shared)
  const over = (): void => {
    if (lists.get(key) === shared) lists.delete(key)
  }
  shared.answer.then(() => {
    if (SETTLED.has(kind)) shared.until = performance.now() + SETTLED_FOR
    else over()
  }, over)
  return shared.answer
}

const reads = (requests: Requests): Pick<Cluster, 'get' | 'list' | 'logs'> => {
  const lists = new Map<string, Shared>()
  return {
    ...readsOf(requests),
    list: (kind, where = {}) =>
      // One that began before does not know what was written since.
      where.fresh === true || where.keep !== undefined
        ? list(requests, kind, where)
        : sharing(lists, kind, where, () => list(requests, kind, where)),
  }
}

/** Objects of one page, where not all of them are kept. */
const PAGE = 500

const list = async (requests: Requests, kind: Kind, where: Selection): Promise<KubeObject[]> => {
  const kept: KubeObject[] = []
  for (let from: string | undefined; ; ) {
    const { items, next } = await pageOf(requests, kind, { where, from })
    for (const item of items) {
      const object = { ...item, apiVersion: apiVersionOf(kind), kind } as KubeObject
      if (where.keep?.(object) !== false) kept.push(object)
    }
    if (next === undefined) return kept
    from = next
  }
}

const pageOf = async (
  { send }: Requests,
  kind: Kind,
  { where, from }: { where: Selection; from: string | undefined },
): Promise<{ items: KubeObject[]; next: string | undefined }> => {
  const answer = await send({
    method: 'GET',
    path: pathOf(kind, where.namespace ?? null),
    query: {
      ...(where.fresh === true ? {} : { resourceVersion: '0' }),
      ...(where.keep === undefined ? {} : { limit: String(PAGE) }),
      ...(from === undefined ? {} : { continue: from }),
      ...selecting(where.labels, where.fields),
    },
  })
  // A kind that is not installed has no objects.
  if (answer.status === 404) return { items: [], next: undefined }
  if (answer.status !== 200) throw failureOf(`listing ${kind}`, answer)
  const { items, metadata } = answer.body as { items: KubeObject[]; metadata?: { continue?: string } }
  return { items, next: metadata?.continue || undefined }
}

const readsOf = ({ send }: Pick<Requests, 'send'>): Pick<Cluster, 'get' | 'logs'> => ({
  get: async (ref) => {
    const answer = await send({ method: 'GET', path: objectPath(ref) })
    if (answer.status === 404) return null
    if (answer.status === 200) return answer.body as KubeObject
    throw failureOf(`reading ${ref.kind} ${ref.name}`, answer)
  },
  logs: async (ref, lines, { container, previous = false } = {}) => {
    const path = `${objectPath({ ...ref, kind: 'Pod' })}/log`
    const query = {
      tailLines: String(lines),
      ...(container === undefined ? {} : { container }),
      ...(previous ? { previous: 'true' } : {}),
    }
    // A log is told when there is one and never worth a failure: its kubelet may be gone.
    const answer = await send({ method: 'GET', path, query, reads: 'text' }).catch(() => null)
    return answer?.status === 200 && typeof answer.body === 'string'
      ? answer.body.split('\n').filter((line) => line !== '')
      : []
  },
})

/** Of a write into a collection: the namespace or the kind may not be there yet. */
const deniedIn = (what: string, object: KubeObject, answer: Answer): Denied => {
  if (isAbsentNamespace(answer)) throw noNamespace(object.metadata.namespace ?? 'default')
  if (answer.status === 404) throw noKind(object.kind, object.apiVersion)
  return denied(`${what} ${object.kind} ${object.metadata.name}`, answer)
}

/** `query`: how it is asked, beside what each is. */
const create = async (
  { send }: Pick<Requests, 'send'>,
  object: KubeObject,
  query: Record<string, string> = {},
): Promise<Created> => {
  const ref = refOf(object)
  const answer = await send({
    method: 'POST',
    path: pathOf(ref.kind, ref.namespace ?? 'default', object.apiVersion),
    query: { fieldManager: WRITER, ...STRICT, ...query },
    body: object,
  })
  if (answer.status === 201) return { kind: 'created', object: answer.body as KubeObject }
  if (answer.status !== 409) return deniedIn('making', object, answer)
  const there = await readsOf({ send }).get(ref)
  // It went between the two answers, or another 409 than that of a name: whoever looks again finds out.
  if (there === null) throw failureOf(`making ${ref.kind} ${ref.name}`, answer)
  return { kind: 'exists', object: there }
}

/** How a server says that it asks a webhook nothing for a trial, since that may write something (`apiserver/pkg/admission/plugin/webhook`). */
const NO_TRIALS = /does not support dry run/

const tried = async (requests: Pick<Requests, 'send'>, object: KubeObject): Promise<Created> => {
  const answer = await create(requests, object, { dryRun: 'All' })
  return answer.kind === 'denied' && NO_TRIALS.test(answer.message) ? { kind: 'created', object } : answer
}

type Writes = Pick<Cluster, 'create' | 'tryCreate' | 'apply' | 'patch' | 'delete'>

const writes = ({ send }: Pick<Requests, 'send'>): Writes => ({
  create: (object) => create({ send }, object),
  tryCreate: (object) => tried({ send }, object),
  apply: async (object, manager, how) => {
    const answer = await send({
      method: 'PATCH',
      path: objectPath(refOf(object), object.apiVersion),
      query: { fieldManager: manager, ...STRICT, ...(how === 'forced' ? { force: 'true' } : {}) },
      type: 'application/apply-patch+yaml',
      body: object,
    })
    const { status, body } = answer
    if (status === 200 || status === 201) return { kind: 'applied', object: body as KubeObject }
    return (status === 409 ? applyConflict(body) : null) ?? deniedIn('applying', object, answer)
  },
  patch: async (ref, uid, patch) => {
    const metadata = { ...(patch['metadata'] as object | undefined), uid }
    const answer = await send({
      method: 'PATCH',
      path: objectPath(ref),
      query: { fieldManager: WRITER, ...STRICT },
      type: 'application/merge-patch+json',
      body: { ...patch, metadata },
    })
    if (answer.status === 200) return 'patched'
    if (answer.status === 404 || isOtherUid(answer.status, answer.body)) return 'gone'
    if (answer.status === 409 && 'resourceVersion' in metadata) return 'moved'
    return denied(`changing ${ref.kind} ${ref.name}`, answer)
  },
  delete: async (ref, uid) => {
    // In the background, pods follow once their Job has gone: where somebody's finalizer keeps that, they would run on for ever.
    const propagationPolicy = ref.kind === 'Job' ? 'Foreground' : 'Background'
    const answer = await send({
      method: 'DELETE',
      path: objectPath(ref),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy, preconditions: { uid } },
    })
    if (answer.status === 200 || answer.status === 202) return 'deleted'
    if (answer.status === 404 || answer.status === 409) return 'gone'
    throw failureOfWrite(`deleting ${ref.kind} ${ref.name}`, answer)
  },
})
