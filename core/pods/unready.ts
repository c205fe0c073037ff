import type { V1Node } from '@kubernetes/client-node'
import { CAPACITY_TYPE, type Condition, createdAt, isLeaving, NODE_POOL, type NodeClaim } from '../kube.ts'
import { plainTime, said } from '../text.ts'
import type { Around } from './around.ts'

/** What stands of a pool, and is on its way. */
export type Standing = Pick<Around, 'claims' | 'nodes'>

/** NodeClaims of the pool whose nodes are not ready for pods yet, and that nobody deletes. */
export const claimsOf = (pool: string, claims: Around['claims']): NodeClaim[] =>
  (claims ?? []).filter(
    (one) =>
      one.metadata?.labels?.[NODE_POOL] === pool && !isThere(one) && !isLeaving({ metadata: one.metadata ?? {} }),
  )

/**
 * So long a node that has joined may take to be ready: a driver is installed in ten minutes. One that has not joined Karpenter takes back
 * after as long; one that has joined never (`lifecycle/liveness.go` of Karpenter 1.14). Milliseconds.
 */
const READY_WITHIN = 15 * 60_000

/** A node of a pool that has joined the cluster and is of no use to any pod: it is billed, and nobody takes it back. */
export interface Unready {
  node: string
  /** When it has joined, milliseconds. */
  since: number
  /** What keeps it, for a person. */
  why: string
  /** What ends it. */
  end: string
  /** As Karpenter has bought it; null: it does not say. */
  capacityType: string | null
}

/** Nodes of the pool that joined a quarter of an hour ago and are not ready for pods; those that joined first come first. */
export const unreadyOf = (pool: string, { claims, nodes }: Standing, now: number): Unready[] => {
  const found =
    claims === null
      ? nodes.filter((node) => isComing(pool, node)).map(ofNode)
      : claimsOf(pool, claims).flatMap((claim) => ofClaim(claim) ?? [])
  return found.filter(({ since }) => now - since >= READY_WITHIN).toSorted((a, b) => a.since - b.since)
}

const ofClaim = (claim: NodeClaim): Unready | null => {
  const joined = conditionOf(claim, 'Registered')
  const since = new Date(joined?.lastTransitionTime ?? Number.NaN).getTime()
  if (joined?.status !== 'True' || Number.isNaN(since)) return null
  const { name = '', labels = {} } = claim.metadata ?? {}
  return {
    node: claim.status?.nodeName ?? name,
    since,
    why: whyUnready(conditionOf(claim, 'Initialized')),
    end: `kubectl delete nodeclaim ${name}`,
    capacityType: labels[CAPACITY_TYPE] ?? null,
  }
}

/** Where nobody may read NodeClaims: its deletion is Karpenter's to carry out too. */
const ofNode = ({ metadata }: V1Node): Unready => ({
  node: metadata?.name ?? '',
  since: createdAt({ metadata: metadata ?? {} }),
  why: 'it is not ready',
  end: `kubectl delete node ${metadata?.name}`,
  capacityType: metadata?.labels?.[CAPACITY_TYPE] ?? null,
})

/** What Karpenter waits for before it calls a node initialized (`lifecycle/initialization.go` of Karpenter 1.14). */
const whyUnready = (waits: Condition | undefined): string => {
  const { reason = '', message = '' } = waits ?? {}
  const named = said(/"([^"]*)"/.exec(message)?.[1] ?? '', 60)
  switch (reason) {
    case 'ResourceNotRegistered':
      return `no device plugin registers ${named} there`
    case 'StartupTaintsExist':
      return `its startup taint ${named} stays`
    case 'KnownEphemeralTaintsExist':
      return `its taint ${named} stays`
    case 'NodeNotReady':
      return 'it is not ready'
    default:
      return said(message, 80) || reason || 'Karpenter does not say why'
  }
}

/** What is said of the first of them; what comes first of its name tells nodes of one cluster apart. */
export const unreadyNote = (pool: string, { node, since, why, end }: Unready, more: number): string =>
  `node ${said(node.split('.')[0] ?? '', 40)}${more === 0 ? '' : ` (and ${more} more)`} of ${pool} joined at ${plainTime(since)} and is of no use: ${why}. It is billed, and Karpenter never takes it back: mend that, or ${end}`

/** Karpenter's label on a node that is as it was asked for: one that is not ready any more has it still. */
const INITIALIZED = 'karpenter.sh/initialized'

/** Whether a node of the pool has come and is not ready yet. */
export const isComing = (pool: string, { metadata, status }: V1Node): boolean =>
  metadata?.labels?.[NODE_POOL] === pool &&
  metadata.labels[INITIALIZED] === undefined &&
  !isLeaving({ metadata }) &&
  status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'False'

/** What Karpenter says of one thing about a NodeClaim. */
export const conditionOf = ({ status }: NodeClaim, wanted: string): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === wanted)

const isThere = (claim: NodeClaim): boolean => conditionOf(claim, 'Initialized')?.status === 'True'
