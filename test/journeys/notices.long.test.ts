import { afterEach, expect, it } from 'vitest'
import { samplesOf } from '../events/samples.ts'
import example from '../example.ts'
import { looseEnds, MINUTE, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

it('a notice stands beside what our meter has of a training; no lane is moved by it', async () => {
  const config = { ...example, budget: { ...example.budget, notices: { aws: ['ml-platform GPUs'] } } }
  town = await openTown({ config, at: Date.UTC(2026, 10, 24, 9) })
  await upload(town)
  await town.answered(TRAIN)
  await town.settled(TRAIN)
  const { ledger } = town.house.ports
  const lanes = await ledger.lanes()
  const docs = await Promise.all(lanes.map((lane) => town.lane(lane)))
  await town.house.notice(samplesOf('budget-crossed').find(({ name }) => name === 'actual')?.message)
  await town.advance(MINUTE)
  const [card] = (await town.house.cards()).map(({ card }) => card)
  expect(card?.lines.join('\n')).toMatch(
    /counts \$16,120.33 of ml-platform GPUs in 2026-11.*\n.*our meter has \$\d{2,3}\.\d\d of nodes in the same days/,
  )
  expect(await ledger.lanes()).toEqual(lanes)
  expect(await Promise.all(lanes.map((lane) => town.lane(lane)))).toEqual(docs)
  expect(await looseEnds(town)).toEqual([])
})
