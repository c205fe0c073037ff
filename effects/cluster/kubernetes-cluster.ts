import type { KubeConfig } from '@kubernetes/client-node'
import type { FieldManager, Kind, KubeObject } from '../../core/kube.ts'
import { refOf } from '../../core/kube.ts'
import type { Cluster, Created } from '../../flows/ports.ts'
import { Unavailable } from '../../flows/ports.ts'
import { applyConflict, denied, isOtherUid } from './answers.ts'
import { apiVersionOf, objectPath, pathOf, selecting } from './paths.ts'
import { openRequests, type Requests, type RequestsOptions } from './requests.ts'
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

/** Answers of equal requests that are under way, shared: the server's cache may be older than they are anyway. */
const sharing = <T>(under: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> => {
  const there = under.get(key)
  if (there !== undefined) return there
  const asked = ask().finally(() => under.delete(key))
  under.set(key, asked)
  return asked
}

const reads = (requests: Requests): Pick<Cluster, 'get' | 'list' | 'logs'> => {
  const lists = new Map<string, Promise<KubeObject[]>>()
  return {
    ...readsOf(requests),
    list: (kind, where = {}) => sharing(lists, JSON.stringify([kind, where]), () => list(requests, kind, where)),
  }
}

const list = async (
  { send }: Requests,
  kind: Kind,
  where: { namespace?: string; labels?: Record<string, string> },
): Promise<KubeObject[]> => {
  const { status, body } = await send({
    method: 'GET',
    path: pathOf(kind, where.namespace ?? null),
    query: { resourceVersion: '0', ...selecting(where.labels) },
  })
  // A kind that is not installed has no objects.
  if (status === 404) return []
  if (status !== 200) throw new Unavailable(`listing ${kind}: ${denied(status, body).message}`)
  const { items } = body as { items: KubeObject[] }
  return items.map((item) => ({ ...item, apiVersion: apiVersionOf(kind), kind }) as KubeObject)
}

const readsOf = ({ send }: Pick<Requests, 'send'>): Pick<Cluster, 'get' | 'logs'> => ({
  get: async (ref) => {
    const { status, body } = await send({ method: 'GET', path: objectPath(ref) })
    if (status === 404) return null
    if (status === 200) return body as KubeObject
    throw new Unavailable(`reading ${ref.kind} ${ref.name}: ${denied(status, body).message}`)
  },
  logs: async (ref, lines) => {
    const path = `${objectPath({ ...ref, kind: 'Pod' })}/log`
    // A log is told when there is one and never worth a failure: its kubelet may be gone.
    const answer = await send({ method: 'GET', path, query: { tailLines: String(lines) } }).catch(() => null)
    return answer?.status === 200 && typeof answer.body === 'string'
      ? answer.body.split('\n').filter((line) => line !== '')
      : []
  },
})

const writes = ({ send }: Pick<Requests, 'send'>): Pick<Cluster, 'create' | 'apply' | 'patch' | 'delete'> => {
  const create = async (object: KubeObject): Promise<Created> => {
    const ref = refOf(object)
    const { status, body } = await send({
      method: 'POST',
      path: pathOf(ref.kind, ref.namespace ?? 'default', object.apiVersion),
      query: { fieldManager: WRITER, ...STRICT },
      body: object,
    })
    if (status === 201) return { kind: 'created', object: body as KubeObject }
    if (status !== 409) return denied(status, body)
    const there = await readsOf({ send }).get(ref)
    // Null: it went between the two answers, and the name is free again.
    return there === null ? create(object) : { kind: 'exists', object: there }
  }
  return {
    create,
    apply: async (object, manager) => {
      const { status, body } = await send({
        method: 'PATCH',
        path: objectPath(refOf(object), object.apiVersion),
        query: { fieldManager: manager, ...STRICT },
        type: 'application/apply-patch+yaml',
        body: object,
      })
      if (status === 200 || status === 201) return { kind: 'applied', object: body as KubeObject }
      return (status === 409 ? applyConflict(body) : null) ?? denied(status, body)
    },
    patch: async (ref, uid, patch) => {
      const metadata = { ...(patch['metadata'] as object | undefined), uid }
      const { status, body } = await send({
        method: 'PATCH',
        path: objectPath(ref),
        query: { fieldManager: WRITER, ...STRICT },
        type: 'application/merge-patch+json',
        body: { ...patch, metadata },
      })
      if (status === 200) return 'patched'
      return status === 404 || isOtherUid(status, body) ? 'gone' : denied(status, body)
    },
    delete: async (ref, uid) => {
      const { status, body } = await send({
        method: 'DELETE',
        path: objectPath(ref),
        body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', preconditions: { uid } },
      })
      if (status === 200 || status === 202) return 'deleted'
      if (status === 404 || status === 409) return 'gone'
      throw new Unavailable(`deleting ${ref.kind} ${ref.name}: ${denied(status, body).message}`)
    },
  }
}
