import { expect, it } from 'vitest'
import { roundTrips } from '../../bench/round-trips.ts'

it('no way from an event or a button to what it makes takes more round trips than its goal', async () => {
  const lines = await roundTrips()
  const figures = lines.flatMap((line) => {
    const [, what, rounds, goal] = /^(.*): (\d+) (?:sequential )?round trips? \(goal ≤? ?(\d+)\)/.exec(line) ?? []
    return what === undefined ? [] : [{ what, rounds: Number(rounds), goal: Number(goal) }]
  })
  expect(figures).toHaveLength(5)
  expect(figures.filter(({ rounds, goal }) => rounds > goal)).toEqual([])
})
