import { type ContributionRow, contributionId } from '../pools/contribution.ts'
import type { Change } from './change.ts'

/** Contributions after a change. */
export const contributionsAfter = (
  before: readonly ContributionRow[],
  { contributions }: Pick<Change, 'contributions'>,
): ContributionRow[] => {
  const rows = new Map(before.map((row) => [contributionId(row), row]))
  for (const { row, gone } of contributions) {
    if (gone) rows.delete(contributionId(row))
    else rows.set(contributionId(row), row)
  }
  return [...rows.values()]
}
