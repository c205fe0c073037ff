import type { KubeObject } from './kube.ts'
import { label } from './names.ts'

const FENCE = label('fence-')

/** The ConfigMap in each of our namespaces that names the one ledger that acts there. */
export const MARKER = 'signalbox'

/** A marker as bootstrap makes it: it names nobody yet. What a ledger writes into it is no field of bootstrap's. */
export const markerObject = (namespace: string): KubeObject<'ConfigMap'> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: MARKER, namespace },
})

/** A ledger and where it lies: a copy of it elsewhere is another one. */
export interface Holder {
  ledger: string
  /** Differs for two ledgers that may both be there, whatever is in them. */
  home: string
}

/** Whom a marker names, since when; null while it names nobody. */
export const holderIn = ({ data = {} }: KubeObject<'ConfigMap'>): (Holder & { since: string }) | null => {
  const { ledger = '', home = '', since = 'an unknown time' } = data
  return ledger === '' ? null : { ledger, home, since }
}

/** What a ledger writes into a marker, in place of whatever is there. */
export const claimOf = ({ ledger, home }: Holder, at: number): Record<string, string> => ({
  ledger,
  home,
  since: new Date(at).toISOString(),
})

export const isHolder = (named: Holder, { ledger, home }: Holder): boolean =>
  named.ledger === ledger && named.home === home

/** How a person says that a ledger takes another's place. A rest shows the beginning of a text: what to do stands before who is who. */
const ADOPT = '`signalbox adopt --aws REGION --context NAME`, on one machine `signalbox start --adopt`'

/** Why a ledger may not act in a namespace, and what to do. */
export const anotherText = (namespace: string, named: Holder & { since: string }, me: Holder): string =>
  `the namespace ${namespace} belongs to ${named.ledger === me.ledger ? 'the same ledger at another place' : 'another ledger'} ` +
  `(${named.ledger}): nothing was touched. If that one is stopped for good, say so once: ${ADOPT}; else name other namespaces in ` +
  `the policy. It lies in ${named.home} and has acted there since ${named.since}; this one (${me.ledger}) lies in ${me.home}`

/** A ledger that has forgotten what it did: what stands was written later than all that it knows. */
export const restoredText = (namespace: string | null, name: string): string =>
  `${name} was written by this ledger later than all that it remembers: it was restored from an older copy. Say so once, and it ` +
  `goes on above that: ${ADOPT}${namespace === null ? '' : `. It stands in the namespace ${namespace}`}`

/** No ledger commits so often to one lane that its fences come here: a fence from here on was written by somebody else. */
export const UNLIKELY = 1e12

/** Such a fence would use up what fences there are. */
export const unlikelyText = (namespace: string, { kind, name }: { kind: string; name: string }): string =>
  `${kind} ${name} in ${namespace} has a fence that no ledger has written: see who did, take its annotations ${FENCE}* away, then adopt again`

/** What no marker means. */
export const unmarkedText = (namespace: string): string =>
  `the namespace ${namespace} is not there, or has no ConfigMap ${MARKER}, which names the ledger that acts there: run \`signalbox bootstrap --apply\``

/** Fences of an object by their annotations: one of each manager. */
const fencesOf = ({ metadata }: KubeObject): Map<string, number> =>
  new Map(
    Object.entries(metadata.annotations ?? {}).flatMap(([key, value]): [string, number][] =>
      key.startsWith(FENCE) && /^\d{1,15}$/.test(value) ? [[key, Number(value)]] : [],
    ),
  )

/** The greatest fence on an object; 0 when it has none. */
export const fenceOn = (object: KubeObject): number => Math.max(0, ...fencesOf(object).values())

/** Whether an object would set a fence back that stands. */
export const setsBack = (object: KubeObject, standing: KubeObject): boolean => {
  const stand = fencesOf(standing)
  return [...fencesOf(object)].some(([key, fence]) => fence < (stand.get(key) ?? 0))
}
