import type { Kind, KubeObject } from '../core/kube.ts'
import { hasNews, laneNameIn, type Maker, makerOf, standingOf } from '../core/lane/waits.ts'
import { newsOf } from '../core/news.ts'
import { lanesInFlight } from './lanes.ts'
import { ourNamespaces } from './namespaces.ts'
import { openPacing, type Pacing, type Ring } from './pacing.ts'
import type { Change, WorkPorts } from './ports.ts'
import type { Catalogues } from './served.ts'
import { roomBeside } from './tick.ts'
import { wake } from './waking.ts'
import { openWhose, type Whose } from './whose.ts'

type WatchPorts = Pick<WorkPorts, 'ledger' | 'cluster' | 'queue' | 'policies' | 'clock'>

/** A watch that goes on until it is stopped. */
export interface Watching {
  /** Wakes whom changes concern that are due by now; answers when the next is, or null. */
  turn(): Promise<number | null>
  /** Ends, and wakes at once for what was still held back: the last change is never lost. */
  stop(): Promise<void>
}

interface Options extends Catalogues {
  onError: (error: unknown) => void
  /** Somebody was woken, or will be: `turn` says when. */
  onHeard?: () => void
}

/** What was seen of an object: whose it is, and the id that a wake for it has. */
interface Seen {
  maker: Maker
  id: string
}

const UNSEEN = 'gone'

/**
 * Watches our namespaces and wakes the lanes whose current act waits for what changes there: by the uid or the name that the
 * lane wrote down, and only when something has changed that a look at it reads. Wakes are only hints: what changed while nobody
 * watched is found by comparing what is there with what lanes have written down, when a watch begins.
 */
export const watch = async (ports: WatchPorts, { onError, onHeard, ...catalogues }: Options): Promise<Watching> => {
  const namespaces = ourNamespaces(await ports.policies.load())
  const pacing = openPacing<Seen>()
  const whose = openWhose(ports.ledger)
  const ring = async (until: number): Promise<void> => {
    await Promise.all(pacing.due(until).map((one) => ringFor(ports, whose, one).catch(onError)))
  }
  let isSoon = false
  /** Wakes that are under way: nothing is over before they are. */
  const ringing = new Set<Promise<void>>()
  /** What comes together wakes once. */
  const ringSoon = async (): Promise<void> => {
    await Promise.resolve()
    isSoon = false
    await ring(ports.clock.now())
    onHeard?.()
  }
  const watching = await ports.cluster.watch({ namespaces }, (change) => {
    if (!hear(pacing, change, ports.clock.now()) || isSoon) return
    isSoon = true
    const mine = ringSoon()
    ringing.add(mine)
    void mine.finally(() => ringing.delete(mine))
  })
  await begin(ports, { pacing, whose, namespaces, catalogues }).catch(onError)
  return {
    turn: async () => {
      await Promise.all(ringing)
      await ring(ports.clock.now())
      return pacing.next()
    },
    stop: async () => {
      watching.stop()
      await Promise.all(ringing)
      await ring(Number.POSITIVE_INFINITY)
    },
  }
}

/** True when it is news of something that a lane of ours may have made. */
const hear = (pacing: Pacing<Seen>, { type, object }: Change, now: number): boolean => {
  const maker = makerOf(object)
  const lane = maker === null ? null : laneNameIn(maker)
  if (maker === null || lane === null) return false
  if (isNoNews(type, object)) {
    know(pacing, object, now)
    return false
  }
  const { uid = '', resourceVersion = '' } = object.metadata
  const news = type === 'DELETED' ? UNSEEN : newsOf(object)
  const isNews = pacing.hear({ object: uid, lane, news }, { maker, id: `watch.${type}.${uid}.${resourceVersion}` }, now)
  if (type === 'DELETED') pacing.forget(uid)
  return isNews
}

/** What has just been made and has no status says nothing that its maker was not answered. */
const isNoNews = (type: Change['type'], object: KubeObject): boolean =>
  type === 'ADDED' && Object.keys((object as { status?: object }).status ?? {}).length === 0

const ringFor = async (ports: WatchPorts, whose: Whose, { lane: name, changes }: Ring<Seen>): Promise<void> => {
  const awaited = await whose.awaited(name, changes, ports.clock.now())
  if (awaited !== null) await wake(ports, awaited.lane, awaited.change.id)
}

interface Begun {
  pacing: Pacing<Seen>
  whose: Whose
  namespaces: readonly string[]
  catalogues: Catalogues
}

/**
 * Wakes lanes that have not written down what stands in the cluster now: those that were looked at the longest ago first, and no
 * more than a minute serves beside what is due; the next watch finds the rest. Who waits for a far side is the tick's. What was compared is no news
 * any more.
 */
const begin = async (ports: WatchPorts, { pacing, whose, namespaces, catalogues }: Begun): Promise<void> => {
  const docs = await lanesInFlight(ports.ledger)
  whose.know(docs, ports.clock.now())
  if (docs.length === 0) return
  const all = async <K extends Kind>(kind: K): Promise<KubeObject<K>[]> => {
    const lists = namespaces.map((namespace) => ports.cluster.list(kind, { namespace, fresh: true }))
    return (await Promise.all(lists)).flat() as KubeObject<K>[]
  }
  const [jobs, pods, deployments] = await Promise.all([all('Job'), all('Pod'), all('Deployment')])
  const now = ports.clock.now()
  for (const object of [...jobs, ...pods, ...deployments]) know(pacing, object, now)
  const standing = standingOf(jobs, pods)
  const moved = docs.filter((doc) => doc.rest?.side == null && hasNews(doc, standing))
  if (moved.length === 0) return
  const longestAgo = moved.sort((a, b) => a.writtenAt - b.writtenAt).slice(0, await roomBeside(ports, catalogues))
  for (const { lane } of longestAgo) await wake(ports, lane, `began.${now}`)
}

const know = (pacing: Pacing<Seen>, object: KubeObject, now: number): void => {
  const maker = makerOf(object)
  if (maker !== null && laneNameIn(maker) !== null)
    pacing.know({ object: object.metadata.uid ?? '', news: newsOf(object) }, now)
}
