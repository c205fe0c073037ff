import { expect, it } from 'vitest'
import { changed } from '../../../core/lane/change.ts'
import { contributionsAfter } from '../../../core/lane/contributions.ts'
import type { ContributionRow } from '../../../core/pools/contribution.ts'
import { docOf, NOW } from './fixture.ts'

const HOUR = 3_600_000
const lease = (given: Partial<ContributionRow> = {}): ContributionRow => ({
  ...{ kind: 'lease', lane: 'pool/gpu-train', id: 'g1', gpus: 8, from: NOW, until: NOW + HOUR, by: 'ben' },
  ...given,
})

it('contributions are written over by their ids, and forgotten', () => {
  const [one, two] = [lease(), lease({ id: 'g2' })]
  const later = { ...one, until: NOW + 2 * HOUR }
  const contributions = [
    { row: later, gone: false },
    { row: two, gone: true },
  ]
  expect(contributionsAfter([one, two], changed(docOf(), { contributions }))).toEqual([later])
})
