import { setTimeout as pause } from 'node:timers/promises'
import { type KubeConfig, Watch } from '@kubernetes/client-node'
import type { Kind, KubeObject } from '../../core/kube.ts'
import type { Change } from '../../flows/ports.ts'
import { apiVersionOf, pathOf, selecting } from './paths.ts'
import type { Requests } from './requests.ts'

interface Watched {
  config: KubeConfig
  requests: Requests
  kinds: Kind[]
  where: { labels?: Record<string, string> }
  onChange: (change: Change) => void
  onError?: ((what: string, error: unknown) => void) | undefined
}

/** Between two connections. Nothing is missed meanwhile: the next begins at the last revision heard. Milliseconds. */
const AGAIN = 500
/** The library ends a watch that hears nothing for this long; bookmarks come about every minute. Milliseconds. */
const SILENCE = 120_000

/** Follows every kind from now on, and goes on where it was when a connection ends, which is normal. */
export const openWatch = async (watched: Watched): Promise<{ stop(): void }> => {
  const stopped = new AbortController()
  for (const kind of watched.kinds) {
    const revision = await revisionOf(watched, kind)
    void follow(watched, kind, { revision, stopped: stopped.signal })
  }
  return { stop: () => stopped.abort() }
}

/** Now, in the server's counting. A kind that is not installed is followed from the moment it is. */
const revisionOf = async (watched: Watched, kind: Kind): Promise<string> => {
  const { body } = await watched.requests.send({ method: 'GET', path: pathOf(kind, null), query: { limit: '1' } })
  return (body as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion ?? ''
}

/** 410: the server has forgotten what happened since, as after its restart. What is there now is told as changed. */
const toldAnew = async (watched: Watched, kind: Kind): Promise<string> => {
  const query = selecting(watched.where.labels)
  const { body } = await watched.requests.send({ method: 'GET', path: pathOf(kind, null), query })
  const { metadata, items = [] } = body as { metadata?: { resourceVersion?: string }; items?: KubeObject[] }
  for (const object of items) watched.onChange({ type: 'MODIFIED', object: typed(object, kind) })
  return metadata?.resourceVersion ?? ''
}

/** Items of a list and of a watch do not all say what they are. */
const typed = (object: KubeObject, kind: Kind): KubeObject =>
  ({ ...object, apiVersion: apiVersionOf(kind), kind }) as KubeObject

const follow = async (
  watched: Watched,
  kind: Kind,
  { revision, stopped }: { revision: string; stopped: AbortSignal },
): Promise<void> => {
  let from = revision
  while (!stopped.aborted) {
    const ended = await once(watched, kind, { from, stopped })
    if (stopped.aborted) return
    from = ended.revision
    if (ended.error !== null) watched.onError?.(`watching ${kind}`, ended.error)
    // Also after a clean end: something in between may close each connection at once.
    await pause(AGAIN, undefined, { signal: stopped }).catch(() => undefined)
    if (ended.expired) from = await toldAnew(watched, kind).catch(() => from)
  }
}

interface Ended {
  /** The last that was heard. */
  revision: string
  error: unknown
  expired: boolean
}

const once = (
  watched: Watched,
  kind: Kind,
  { from, stopped }: { from: string; stopped: AbortSignal },
): Promise<Ended> =>
  new Promise((resolve) => {
    const ended: Ended = { revision: from, error: null, expired: false }
    const client = new Watch(watched.config)
    ;(client as unknown as { requestTimeoutMs: number }).requestTimeoutMs = SILENCE
    const query = { ...selecting(watched.where.labels), allowWatchBookmarks: true, resourceVersion: from }
    const heard = (type: string, object: KubeObject & { code?: number }): void => {
      if (stopped.aborted) return
      if (type === 'ERROR') {
        ended.expired = object.code === 410
        ended.error = new Error(`the server ended the watch: ${object.code}`)
        return
      }
      ended.revision = object.metadata.resourceVersion ?? ended.revision
      if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
        watched.onChange({ type, object: typed(object, kind) })
    }
    const done = (error: unknown): void => {
      ended.error ??= error instanceof Error && error.name !== 'TimeoutError' && !stopped.aborted ? error : null
      ended.expired ||= (error as { statusCode?: number } | null)?.statusCode === 410
      resolve(ended)
    }
    client
      .watch(pathOf(kind, null), query, heard, done)
      .then((controller) => stopped.addEventListener('abort', () => controller.abort(), { once: true }), done)
  })
