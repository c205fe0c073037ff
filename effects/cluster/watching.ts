import { setTimeout as pause } from 'node:timers/promises'
import { type KubeConfig, Watch } from '@kubernetes/client-node'
import type { Kind, KubeObject } from '../../core/kube.ts'
import type { Change, Watched } from '../../flows/ports.ts'
import { failureOf } from './answers.ts'
import { apiVersionOf, pathOf, selecting } from './paths.ts'
import type { Requests } from './requests.ts'

/** Up to which revision a kind was heard, and what was last told of each object that is there, by uid. */
interface Heard {
  revision: string
  there: Map<string, KubeObject>
}

interface Following {
  config: KubeConfig
  requests: Requests
  kinds: Kind[]
  where: Watched
  onChange: (change: Change) => void
  onError?: ((what: string, error: unknown) => void) | undefined
}

/** What one connection is of: a kind in one namespace, or (null) in all. */
interface Place {
  kind: Kind
  namespace: string | null
}

/** Between two connections. Nothing is missed meanwhile: the next begins at the last revision heard. Milliseconds. */
const AGAIN = 500
/** The library ends a watch that hears nothing for this long; bookmarks come about every minute. Milliseconds. */
const SILENCE = 120_000

/** Follows every kind from now on, and goes on where it was when a connection ends, which is normal. Throws while it cannot begin. */
export const openWatch = async (watched: Following): Promise<{ stop(): void }> => {
  const places = placesOf(watched)
  const heard = await Promise.all(places.map((place) => listOf(watched, place)))
  const stopped = new AbortController()
  for (const [index, place] of places.entries())
    void follow(watched, place, { heard: heard[index] as Heard, stopped: stopped.signal })
  return { stop: () => stopped.abort() }
}

/** One watch of all namespaces needs a right in all of them: where namespaces are named, each has its own. */
const placesOf = ({ kinds, where: { namespaces } }: Following): Place[] =>
  kinds.flatMap((kind) => [...new Set(namespaces ?? [null])].map((namespace) => ({ kind, namespace })))

/** What is there, by uid, and now in the server's counting. A kind that is not installed is followed from the moment it is. */
const listOf = async (watched: Following, { kind, namespace }: Place): Promise<Heard> => {
  const query = selecting(watched.where.labels)
  const answer = await watched.requests.send({ method: 'GET', path: pathOf(kind, namespace), query })
  if (answer.status === 404) return { revision: '', there: new Map() }
  if (answer.status !== 200) throw failureOf(`watching ${kind}`, answer)
  const { metadata, items } = answer.body as { metadata: { resourceVersion: string }; items: KubeObject[] }
  const there = items.map((object) => [object.metadata.uid ?? '', typed(object, kind)] as const)
  return { revision: metadata.resourceVersion, there: new Map(there) }
}

/** 410: the server has forgotten what happened since, as after its restart. What is there now is told as changed, what is not as gone. */
const toldAnew = async (watched: Following, place: Place, before: Heard): Promise<Heard> => {
  const now = await listOf(watched, place).catch(() => null)
  // Not listed now: the next connection is told 410 again.
  if (now === null || now.revision === '') return before
  for (const [uid, object] of before.there) if (!now.there.has(uid)) watched.onChange({ type: 'DELETED', object })
  for (const object of now.there.values()) watched.onChange({ type: 'MODIFIED', object })
  return now
}

/** Items of a list and of a watch do not all say what they are. */
const typed = (object: KubeObject, kind: Kind): KubeObject =>
  ({ ...object, apiVersion: apiVersionOf(kind), kind }) as KubeObject

const follow = async (
  watched: Following,
  place: Place,
  { heard: first, stopped }: { heard: Heard; stopped: AbortSignal },
): Promise<void> => {
  let heard = first
  while (!stopped.aborted) {
    const { error, expired } = await once(watched, place, { heard, stopped })
    if (stopped.aborted) return
    if (error !== null) watched.onError?.(`watching ${place.kind}`, error)
    // Also after a clean end: something in between may close each connection at once.
    await pause(AGAIN, undefined, { signal: stopped }).catch(() => undefined)
    if (expired) heard = await toldAnew(watched, place, heard)
  }
}

const remember = (there: Heard['there'], { type, object }: Change): void => {
  const uid = object.metadata.uid ?? ''
  if (type === 'DELETED') there.delete(uid)
  else there.set(uid, object)
}

interface Ended {
  error: unknown
  expired: boolean
}

/** One connection, from what was heard so far, which it keeps up to date. */
const once = (
  watched: Following,
  { kind, namespace }: Place,
  { heard, stopped }: { heard: Heard; stopped: AbortSignal },
): Promise<Ended> =>
  new Promise((resolve) => {
    const ended: Ended = { error: null, expired: false }
    const client = new Watch(watched.config)
    ;(client as unknown as { requestTimeoutMs: number }).requestTimeoutMs = SILENCE
    const query = { ...selecting(watched.where.labels), allowWatchBookmarks: true, resourceVersion: heard.revision }
    const hear = (type: string, object: KubeObject & { code?: number }): void => {
      if (stopped.aborted) return
      if (type === 'ERROR') {
        ended.expired = object.code === 410
        ended.error = new Error(`the server ended the watch: ${object.code}`)
        return
      }
      heard.revision = object.metadata.resourceVersion ?? heard.revision
      if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return
      const change: Change = { type, object: typed(object, kind) }
      remember(heard.there, change)
      watched.onChange(change)
    }
    const done = (error: unknown): void => {
      ended.error ??= error instanceof Error && error.name !== 'TimeoutError' && !stopped.aborted ? error : null
      ended.expired ||= (error as { statusCode?: number } | null)?.statusCode === 410
      resolve(ended)
    }
    client
      .watch(pathOf(kind, namespace), query, hear, done)
      .then((controller) => stopped.addEventListener('abort', () => controller.abort(), { once: true }), done)
  })
