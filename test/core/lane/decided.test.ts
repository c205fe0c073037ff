import { expect, it } from 'vitest'
import { type Count, type Decided, isAnotherCount } from '../../../core/lane/decided.ts'

const SCALED: Decided = { of: 3, most: true, upTo: 3 }

it.each<[Decided, number | null, Count, boolean]>([
  [{ of: 2 }, 2, { of: 4 }, true],
  [{ of: 4 }, 2, { of: 4 }, false],
  [{ of: 4 }, 2, { of: 2 }, false],
  // As of an earlier release.
  [{}, 2, { of: 4 }, false],
  [SCALED, 1, { of: 3, most: true }, false],
  [SCALED, 1, { of: 4, most: true }, true],
  [SCALED, 1, { of: 2, most: true }, true],
  // Denied: it stays so, and what was agreed to is nothing new.
  [{ ...SCALED, of: 4 }, 1, { of: 4, most: true }, false],
  [{ ...SCALED, of: 4 }, 1, { of: 3, most: true }, false],
  // The same number with nothing that scales it, or with something that does.
  [SCALED, 3, { of: 3 }, true],
  [{ of: 3 }, 3, { of: 3, most: true }, true],
  [{ of: 3, upTo: 3 }, 3, { of: 3 }, false],
])('what was decided as %j of %s, where the policy wants %j: another is %s', (decided, replicas, wants, another) => {
  expect(isAnotherCount({ ...decided, replicas }, wants)).toBe(another)
})
