import { isRecord } from '../../record.ts'
import { COMPLETION_INDEX, rankAddress } from '../over-nodes.ts'

/**
 * The variables of a gang's pods without those that say as we do: how many they are, which each is, and where the first one is. Who runs the same by hand must say them; what
 * says other is left in it.
 */
export const withoutRanks = (env: readonly unknown[], nodes: number): unknown[] =>
  env.filter((one) => {
    if (!isRecord(one)) return true
    const { name, ...said } = one
    const ours = (typeof name === 'string' ? oursOf(nodes).get(name) : undefined) ?? []
    return !ours.includes(JSON.stringify(said))
  })

const oursOf = (nodes: number): ReadonlyMap<string, readonly string[]> => {
  const count = [JSON.stringify({ value: String(nodes) })]
  const first = [JSON.stringify({ value: rankAddress(0) })]
  return new Map([
    ...['NNODES', 'PET_NNODES'].map((name) => [name, count] as const),
    ...['MASTER_ADDR', 'PET_MASTER_ADDR'].map((name) => [name, first] as const),
    ...['NODE_RANK', 'PET_NODE_RANK', 'JOB_COMPLETION_INDEX'].map((name) => [name, RANK] as const),
  ])
}

const RANK = ['annotations', 'labels'].map((of) =>
  JSON.stringify({ valueFrom: { fieldRef: { fieldPath: `metadata.${of}['${COMPLETION_INDEX}']` } } }),
)
