import type { Contract, Pattern } from '../../events/contract.ts'

/** What EventBridge takes as one pattern. Characters. */
const LONGEST = 2048

type OnBus = Extract<Contract<unknown>['via'], { pattern: object }>

/**
 * The patterns of a contract as they are deployed, a rule each: as the contract has it, and of the policy's buckets alone where its
 * source names one. Whatever else in the account is called like a manifest then calls nobody. A policy without buckets has none.
 */
export const patternsOf = ({ pattern, bucketAt }: OnBus, buckets: readonly string[]): Pattern[] => {
  if (bucketAt === undefined) return [pattern]
  const groups: string[][] = []
  for (const bucket of buckets) {
    const last = groups.at(-1)
    const isRoom = last !== undefined && JSON.stringify(within(pattern, bucketAt, [...last, bucket])).length <= LONGEST
    if (isRoom) last.push(bucket)
    else groups.push([bucket])
  }
  return groups.map((group) => within(pattern, bucketAt, group))
}

/** A pattern that asks one of these of a field besides. */
const within = (pattern: Pattern, [field = '', ...rest]: readonly string[], values: string[]): Pattern => {
  const inner = pattern[field] ?? {}
  return {
    ...pattern,
    [field]: rest.length === 0 || Array.isArray(inner) ? values : within(inner, rest, values),
  }
}
