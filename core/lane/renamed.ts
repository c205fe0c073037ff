import type { Policy } from '../policy.ts'
import type { IdentityRow } from '../rows.ts'
import { hasBegun, type LaneDocument } from './document.ts'
import { newerIn } from './newer.ts'
import { standsSome } from './retiring.ts'

/** Keys of the policy by which what we made is found again, and what they say. */
export type Names = NonNullable<IdentityRow['names']>

export const namesIn = ({ installation, namespaces }: Pick<Policy, 'installation' | 'namespaces'>): Names => ({
  installation,
  'namespaces.training': namespaces.training,
  'namespaces.serving': namespaces.serving,
})

/** Those of them that say something else than was written down: [key, before, now]. */
export const renamedFrom = (before: Names, now: Names): [key: string, was: string, is: string][] =>
  Object.entries(now).flatMap(([key, is]): [string, string, string][] => {
    const was = before[key]
    return was === undefined || was === is ? [] : [[key, was, is]]
  })

/** What only runs have anything under; all else what stands, too. */
const OF_RUNS = 'namespaces.training'

/** Whether something of the lane may be under the names of before. Of what a newer release wrote nobody knows. */
const isUnder = (doc: LaneDocument, key: string): boolean => {
  if (newerIn(doc) !== null || (doc.run !== null && hasBegun(doc.run))) return true
  return key !== OF_RUNS && (doc.baseline !== null || doc.halfway === true || standsSome(doc))
}

/** Why a policy with other names cannot be used: what it would lose sight of, and what to do; null: nothing is under the old ones. */
export const whyNotRenamed = (before: Names, now: Names, docs: readonly LaneDocument[]): string | null => {
  const said = renamedFrom(before, now).flatMap(([key, was, is]) => {
    const under = docs.filter((doc) => isUnder(doc, key)).map(({ lane }) => lane)
    return under.length === 0 ? [] : [sentence({ key, was, is, under })]
  })
  return said.length === 0 ? null : said.join('; ')
}

const sentence = ({ key, was, is, under }: { key: string; was: string; is: string; under: string[] }): string => {
  const [first = '', ...others] = under
  const who = others.length === 0 ? first : `${first} and ${others.length} more`
  const ends = key === OF_RUNS ? 'every run has ended' : 'every run has ended and every service is retired'
  return `${key} was renamed from '${was}' to '${is}', and what ${who} has in the cluster under the old name would be lost sight of: put '${was}' back, and rename it once ${ends}`
}
