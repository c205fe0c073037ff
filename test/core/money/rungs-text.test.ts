import { expect, it } from 'vitest'
import { measureText, rungsNow } from '../../../core/money/rungs-text.ts'

const NOW = Date.UTC(2026, 10, 20)
const row = {
  ...{ lane: 'budget/ml-monthly', name: 'cap-pools', at: 0.9, since: NOW - 1000, until: Date.UTC(2026, 11, 1) },
  ...{ spent: 905, dollars: 1000, saves: 0, lifted: { by: 'ben', at: NOW } },
}

it('a rung that is lifted says so, and by what it was crossed: not that it is, since the budget may be larger by now', () => {
  const budget = { dollars: 2000, ladder: [{ at: 0.9, do: 'cap-pools' as const }] }
  expect(rungsNow({ budget }, [row], NOW)).toMatchObject([
    {
      state: 'lifted',
      text: '90 %, $1,800.00: cap-pools is lifted until 2026-12-01 00:00 UTC, and nobody keeps to it; it was crossed 2026-11-19 23:59 UTC, by $905.00 of $1,000.00',
    },
  ])
})

it('a cap says that it leaves what was held, which what is scaled grows within', () => {
  expect(measureText('cap-pools')).toContain('more nodes than there were, or were held, then')
})
