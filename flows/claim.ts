import type { KubeObject } from '../core/kube.ts'
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
  unmarkedText,
} from '../core/marker.ts'
import { label } from '../core/names.ts'
import { type IdentityRow, SELF } from '../core/rows.ts'
import { identityOf } from './identity.ts'
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
  const namespaces = some ?? ourNamespaces(await policies.load())
  const { ledger: id } = await identityOf(ledger, { mint, now: clock.now() })
  const me: Holder = { ledger: id, home }
  const markers = await Promise.all(namespaces.map((namespace) => markerOf(ports, namespace)))
  const others = markers.filter((marker) => isAnothers(marker, me))
  if (adopt) await goOnAbove(ports, namespaces)
  else if (others.length > 0) throw refusal(others[0] as Marker, me)
  else await expectRemembered(ports, namespaces, id)
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

/** Every standing object of our namespaces: fences are on these. */
const standingIn = async ({ cluster }: ClaimPorts, namespaces: readonly string[]): Promise<KubeObject[]> => {
  const kinds = ['Deployment', 'Service'] as const
  const lists = namespaces.flatMap((namespace) => kinds.map((kind) => cluster.list(kind, { namespace, fresh: true })))
  return (await Promise.all(lists)).flat()
}

/** Writes down that fences are counted from the greatest that stands: before anything is written with one. */
const goOnAbove = async (ports: ClaimPorts, namespaces: readonly string[]): Promise<void> => {
  const greatest = Math.max(0, ...(await standingIn(ports, namespaces)).map(fenceOn))
  for (;;) {
    const row = await readRow(ports.ledger, 'identity', SELF)
    if (row === null || row.value.fenceFrom >= greatest) return
    const value: IdentityRow = { ...row.value, fenceFrom: greatest }
    const { ok } = await ports.ledger.commit([{ put: 'identity', id: SELF, revision: row.revision, value }])
    if (ok) return
  }
}

/** Throws where an object of this ledger has a fence that no document of its has reached. */
const expectRemembered = async (ports: ClaimPorts, namespaces: readonly string[], id: string): Promise<void> => {
  const from = (await readRow(ports.ledger, 'identity', SELF))?.value.fenceFrom ?? 0
  const ours = (await standingIn(ports, namespaces)).filter(({ metadata }) => metadata.labels?.[label('ledger')] === id)
  for (const object of ours.filter((one) => fenceOn(one) > from)) {
    const { name } = object.metadata
    const lane = (await readRow(ports.ledger, 'name', laneNameIn({ kind: 'Deployment', name }) ?? name))?.value.lane
    const revision = lane === undefined ? 0 : ((await readRow(ports.ledger, 'lane', lane))?.revision ?? 0)
    if (fenceOn(object) > from + revision) throw new NotOurs(restoredText(namespaceOf(object), name))
  }
}
