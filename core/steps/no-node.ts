import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { hourOf, usd } from '../money/prices.ts'
import { HALF_GANG, halfGang } from '../pods/gang.ts'
import type { Unready } from '../pods/unready.ts'
import type { PoolPolicy } from '../policy.ts'
import { waitsForNodeSince } from './job-deadline.ts'

/** What is known when a pod has waited for a node for as long as it may. */
interface Waited {
  /** Milliseconds that it may. */
  within: number
  /** Of a gang how many had their nodes, `3 of 4`; null, or left out: none had. */
  there?: string | null
  /** What it waits for. */
  note: string
  /** Nodes of its pool that have come for it, or for others, and are of no use. */
  stays: readonly Unready[]
  /** The pool's. */
  price: PoolPolicy['price']
}

/** Why its run ends, and what goes on costing money after that: nobody but a person ends such a node. */
export const noNodeNote = ({ within, there = null, note, stays, price }: Waited): string =>
  [
    there === null
      ? `no node came for its pod within the time that its pipeline gives it (${hours(within)} h): ${note}`
      : `${there} of its pods had their nodes and waited ${Math.round(within / 60_000)} min for the rest, so all of it was let go: ${note}`,
  ]
    .concat(stays.map((node) => staysNote(node, price)))
    .join('; ')

/** How long a Job may wait for nodes. */
interface NodeWait extends Pick<Waited, 'within' | 'there'> {
  /** Since when nothing of it has one; null: something has, or nothing of it waits for one. */
  since: number | null
  /** When its run ends of it; infinite: it does not. */
  until: number
}

/** The same by its pods. `nodeWithin`: milliseconds that all of it may; null, or undefined: as long as Kubernetes lets it. */
export const nodeWaitOf = (
  nodeWithin: number | null | undefined,
  { job, pods, workedUntil }: { job: V1Job; pods: readonly V1Pod[]; workedUntil: number | null },
): NodeWait => {
  const half = nodeWithin === null ? null : halfGang(job, pods)
  if (half !== null) {
    const within = Math.min(HALF_GANG, nodeWithin ?? HALF_GANG)
    return { since: null, within, there: half.there, until: half.since + within }
  }
  const since = nodeWithin == null ? null : waitsForNodeSince(job, pods, workedUntil)
  const within = nodeWithin ?? 0
  return { since, within, until: since === null ? Number.POSITIVE_INFINITY : since + within }
}

const hours = (milliseconds: number): number => Math.round(milliseconds / 360_000) / 10

const staysNote = ({ node, end, capacityType }: Unready, price: PoolPolicy['price']): string => {
  const dollars = hourOf(price, capacityType)
  const costs = dollars === null ? '' : `, at ${usd(dollars)} an hour by the policy's price,`
  return `node ${node} stays${costs} until somebody says ${end}`
}
