import { type KubeObject, refOf } from '../core/kube.ts'
import { laneNameIn } from '../core/lane/waits.ts'
import {
  anotherText,
  claimOf,
  fenceOn,
  type Holder,
  holderIn,
  isHolder,
  MARKER,
  restoredText,
  UNLIKELY,
  unlikelyText,
  unmarkedText,
} from '../core/marker.ts'
import { hasToken, label, laneOfLabel, mintName, runOfJob } from '../core/names.ts'
import { isForgotten } from '../core/orphans.ts'
import { SELF } from '../core/rows.ts'
import { identityOf, type Self } from './identity.ts'
import { everyLane } from './lanes.ts'
import type { Stored } from './ledger-port.ts'
import { ourNamespaces } from './namespaces.ts'
import { NotAllowed, type WorkPorts } from './ports.ts'
import { readRow } from './rows.ts'

export type ClaimPorts = Pick<WorkPorts, 'ledger' | 'cluster' | 'policies' | 'clock'>

export interface Claiming {
  /** Where the ledger lies. */
  home: string
  /** Mints the ledger's id, if it has none yet. */
  mint: () => string
  /** A person says that this ledger takes the other's place. */
  adopt?: boolean | undefined
}

/** Another ledger acts in a namespace of ours, or nobody may yet: the message says what to do. */
export class NotOurs extends NotAllowed {
  override name = 'NotOurs'
}

type Marker = KubeObject<'ConfigMap'>

/**
 * Makes sure that this ledger is the one that acts in our namespaces, before anything is touched there (law 3): it writes itself
 * into markers that name nobody, and is refused with `NotOurs` where one names another. Who adopts goes on above the greatest
 * fence that stands there, which is written down first.
 */
export const claim = async (
  ports: ClaimPorts,
  { home, mint, adopt = false }: Claiming,
  some?: readonly string[],
): Promise<Holder> => {
  const { ledger, clock, policies } = ports
  const self = await identityOf(ledger, { mint, now: clock.now() })
  const namespaces = some ?? ourNamespaces(await policies.load())
  const me: Holder = { ledger: self.ledger, home }
  const markers = await Promise.all(namespaces.map((namespace) => markerOf(ports, namespace)))
  const others = markers.filter((marker) => isAnothers(marker, me))
  if (adopt) await goOnAbove(ports, namespaces, self)
  else if (others.length > 0) throw refusal(others[0] as Marker, me)
  else await expectRemembered(ports, namespaces, self)
  for (const marker of markers) await take(ports, { marker, me, adopt })
  return me
}

const isAnothers = (marker: Marker, me: Holder): boolean => {
  const named = holderIn(marker)
  return named !== null && !isHolder(named, me)
}

const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? 'default'

const refusal = (marker: Marker, me: Holder): NotOurs =>
  new NotOurs(anotherText(namespaceOf(marker), holderIn(marker) as NonNullable<ReturnType<typeof holderIn>>, me))

export const markerOf = async ({ cluster }: Pick<WorkPorts, 'cluster'>, namespace: string): Promise<Marker> => {
  const found = await cluster.get({ kind: 'ConfigMap', namespace, name: MARKER })
  if (found === null) throw new NotOurs(unmarkedText(namespace))
  return found as Marker
}

/** Writes itself into the marker as it was seen. Where another was faster, that one has it. */
const take = async (
  ports: ClaimPorts,
  { marker, me, adopt }: { marker: Marker; me: Holder; adopt: boolean },
): Promise<void> => {
  const named = holderIn(marker)
  if (named !== null && isHolder(named, me)) return
  const { uid = '', resourceVersion = '', namespace = null } = marker.metadata
  const data = claimOf(me, ports.clock.now())
  const patch = { metadata: { resourceVersion }, data }
  const took = await ports.cluster.patch({ kind: 'ConfigMap', namespace, name: MARKER }, uid, patch)
  if (took === 'patched') return
  const now = await markerOf(ports, namespace ?? 'default')
  if (isAnothers(now, me) && !adopt) throw refusal(now, me)
  if (typeof took === 'object') throw new NotOurs(`the marker of ${namespace} was not taken: ${took.message}`)
  await take(ports, { marker: now, me, adopt })
}

/** Every object of our namespaces that tells how far a ledger had come: fences are on what stands, generations in all names. */
const tellingIn = async ({ cluster }: ClaimPorts, namespaces: readonly string[]): Promise<KubeObject[]> => {
  const kinds = ['Deployment', 'Service', 'Job'] as const
  const lists = namespaces.flatMap((namespace) => kinds.map((kind) => cluster.list(kind, { namespace, fresh: true })))
  return (await Promise.all(lists)).flat()
}

/** NodePools of ours lie in no namespace, and have fences too. */
const poolsOf = async ({ cluster, policies }: ClaimPorts): Promise<KubeObject[]> => {
  const { installation } = await policies.load()
  return cluster.list('NodePool', { labels: { [label('installation')]: installation }, fresh: true })
}

/**
 * Writes down that fences and generations are counted from the greatest that stands, before anything is written with one: names that
 * this ledger may have minted and forgotten are minted no more.
 */
const goOnAbove = async (ports: ClaimPorts, namespaces: readonly string[], self: Self): Promise<void> => {
  const objects = [...(await tellingIn(ports, namespaces)), ...(await poolsOf(ports))]
  const unlikely = objects.find((one) => fenceOn(one) >= UNLIKELY)
  if (unlikely !== undefined) throw new NotOurs(unlikelyText(namespaceOf(unlikely), refOf(unlikely)))
  const fence = Math.max(0, ...objects.map(fenceOn))
  const known = (await everyLane(ports.ledger)).map(({ generation }) => generation)
  const generation = beyond(Math.max(0, ...known, ...objects.filter((one) => isMadeBy(one, self)).map(generationIn)))
  for (;;) {
    const row = await readRow(ports.ledger, 'identity', SELF)
    if (row === null) return
    const { fenceFrom, generationFrom = 0 } = row.value
    if (fenceFrom >= fence && generationFrom >= generation) return
    const above = { fenceFrom: Math.max(fenceFrom, fence), generationFrom: Math.max(generationFrom, generation) }
    const { ok } = await ports.ledger.commit([
      { put: 'identity', id: SELF, revision: row.revision, value: { ...row.value, ...above } },
    ])
    if (ok) return
  }
}

/** A round number above it, and above what may have been of which nothing stands any more. */
const beyond = (generation: number): number => (Math.floor(generation / HUNDRED) + 1) * HUNDRED
/** So many more have at most been forgotten. */
export const HUNDRED = 100

/** Of a Job its token says it; a Deployment has none, and its label must do: all that a lie comes to is a greater number. */
const isMadeBy = (object: KubeObject, { ledger, secret }: Self): boolean =>
  object.kind === 'Job' ? hasToken(object, secret) : object.metadata.labels?.[label('ledger')] === ledger

const generationIn = ({ kind, metadata: { name } }: KubeObject): number =>
  kind === 'Job' ? (runOfJob(name)?.generation ?? 0) : Number(/-g(\d{1,6})$/.exec(name)?.[1] ?? 0)

/** Throws where an object says that this ledger had come further than it remembers. */
const expectRemembered = async (ports: ClaimPorts, namespaces: readonly string[], self: Self): Promise<void> => {
  for (const object of await tellingIn(ports, namespaces)) {
    const { namespace, name } = { namespace: namespaceOf(object), name: object.metadata.name }
    const forgotten = object.kind === 'Job' ? isForgottenJob : isFencedBeyond
    if (await forgotten(ports, object, self)) throw new NotOurs(restoredText(namespace, name))
  }
}

const isForgottenJob = async (
  { ledger }: ClaimPorts,
  object: KubeObject,
  { secret, generationFrom = 0 }: Self,
): Promise<boolean> => {
  if (!hasToken(object, secret)) return false
  const run = runOfJob(object.metadata.name)
  // Those before an adoption are known to be forgotten.
  if (run === null || run.generation <= generationFrom) return false
  const doc = (await docNamed(ledger, run.name))?.value ?? null
  return isForgotten(object as KubeObject<'Job'>, { secret, doc, past: null, generationFrom: 0 })
}

const isFencedBeyond = async ({ ledger }: ClaimPorts, object: KubeObject, self: Self): Promise<boolean> => {
  const { name, labels = {} } = object.metadata
  if (labels[label('ledger')] !== self.ledger || fenceOn(object) <= self.fenceFrom) return false
  const lane = laneNameIn({ kind: 'Deployment', name }) ?? name
  const doc = await docNamed(ledger, lane)
  // A copy that somebody made under another name has the labels and the fences, and a name that is not ours.
  if (doc === null && lane !== mintName({ ...MINTED, ledger: self.ledger }, laneOfLabel(labels[label('lane')] ?? '')))
    return false
  return fenceOn(object) > self.fenceFrom + (doc?.revision ?? 0)
}

/** Names are minted from the ledger's id alone. */
const MINTED = { installation: '', cluster: '' }

const docNamed = async (ledger: ClaimPorts['ledger'], name: string): Promise<Stored<'lane'> | null> => {
  const lane = (await readRow(ledger, 'name', name))?.value.lane
  return lane === undefined ? null : readRow(ledger, 'lane', lane)
}
