import { hourOf, usd } from '../money/prices.ts'
import type { Unready } from '../pods/unready.ts'
import type { PoolPolicy } from '../policy.ts'

/** What is known when a pod has waited for a node for as long as it may. */
interface Waited {
  /** Milliseconds that it may. */
  within: number
  /** What it waits for. */
  note: string
  /** Nodes of its pool that have come for it, or for others, and are of no use. */
  stays: readonly Unready[]
  /** The pool's. */
  price: PoolPolicy['price']
}

/** Why its run ends, and what goes on costing money after that: nobody but a person ends such a node. */
export const noNodeNote = ({ within, note, stays, price }: Waited): string =>
  [`no node came for its pod within the time that its pipeline gives it (${hours(within)} h): ${note}`]
    .concat(stays.map((node) => staysNote(node, price)))
    .join('; ')

const hours = (milliseconds: number): number => Math.round(milliseconds / 360_000) / 10

const staysNote = ({ node, end, capacityType }: Unready, price: PoolPolicy['price']): string => {
  const dollars = hourOf(price, capacityType)
  const costs = dollars === null ? '' : `, at ${usd(dollars)} an hour by the policy's price,`
  return `node ${node} stays${costs} until somebody says ${end}`
}
