import type { CapacityWarned } from '../events/contract.ts'
import { endOf } from './money/evidence.ts'
import { type InstanceRow, OTHERS, stretchesOf } from './money/instance.ts'
import { counted, minuteText } from './text.ts'

/** Nodes on which something of a lane's is. */
export interface Warned {
  /** EC2's ids, the first few. */
  instances: readonly string[]
  /** How many there are. */
  count: number
  pool: string
  instanceType: string
  capacityType: string | null
}

/** Instances that are named; of more how many there are. */
const NAMED = 3

/** The lanes that a warning concerns: those whose pods are, or were a minute ago, on what it is about. A pool has one line for each lane. */
export const concernedBy = (
  { instance, reservation }: Pick<CapacityWarned, 'instance' | 'reservation'>,
  rows: readonly InstanceRow[],
): { lane: string; on: Warned }[] => {
  const meant = rows.filter(
    (row) => endOf(row) === null && (instance === null ? row.reservation === reservation : row.id === instance),
  )
  const byLane = Map.groupBy(
    meant.flatMap((row) => lanesOn(row).map((lane) => ({ lane, row }))),
    ({ lane }) => lane,
  )
  return [...byLane]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([lane, found]) => ({ lane, on: onOf(found.map(({ row }) => row)) }))
}

/** Lanes of ours that have a pod on it now. */
const lanesOn = ({ pods }: InstanceRow): string[] => {
  const there = Object.values(pods).filter((pod) => endOf(pod) === null && pod.lane !== OTHERS)
  return [...new Set(there.map(({ lane }) => lane))]
}

const onOf = (rows: readonly InstanceRow[]): Warned => {
  const last = rows.map((row) => stretchesOf(row).at(-1)).find((stretch) => stretch !== undefined)
  const { pool = '', instanceType = '', capacityType = null } = last ?? {}
  const ids = rows.map(({ id }) => id).sort()
  return { instances: ids.slice(0, NAMED), count: ids.length, pool, instanceType, capacityType }
}

/** What a lane is warned of, as one word: told once. */
export const warningKey = ({ warns, instance, reservation }: CapacityWarned): string =>
  `${warns} ${instance ?? reservation ?? ''}`

/** A warning in a sentence: what EC2 does, and what comes of it. We drain nothing: Karpenter does, where it hears of it. */
export const warningText = (
  { warns, reservation, until }: Pick<CapacityWarned, 'warns' | 'reservation' | 'until'>,
  { instances, count, pool, instanceType, capacityType }: Warned,
): string => {
  const named = `${instances.join(', ')}${count > instances.length ? ` and ${count - instances.length} more` : ''}`
  const nodes = `${named} (${instanceType || 'an instance'} of ${pool})`
  switch (warns) {
    case 'interruption':
      return `EC2 takes ${capacityType ?? 'its'} capacity back within two minutes: ${nodes}. What runs there is told to end, and begins again where another attempt may`
    case 'rebalance':
      return `EC2 says that it may soon take ${nodes} back: nothing is ended by that`
    case 'block-ends':
      return `the capacity block ${reservation} ends ${until === null ? 'soon' : minuteText(until)}, and EC2 ends its instances half an hour before: ${counted(count, 'node')} of this lane, ${nodes}`
  }
}
