import { afterEach, expect, it } from 'vitest'
import { samplesOf } from '../events/samples.ts'
import { looseEnds, MINUTE, TRAIN, timeline, trainedUntil } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const told = (name: string, instance: string): unknown => {
  const event = structuredClone(samplesOf('capacity-warned').find((one) => one.name === name)?.event)
  Object.assign((event as { detail: object }).detail, { 'instance-id': instance })
  return event
}

it('a lane hears once of a node that EC2 takes back, and nobody of an instance that is another’s; nothing of its run is touched', async () => {
  town = await openTown()
  await trainedUntil(town, 'train', 'running', { simulation: { minutes: 40 } })
  await town.advance(10 * MINUTE)
  const rows = await town.house.ports.ledger.list('instance', { limit: 100 })
  const row = rows.find(({ value }) =>
    Object.values(value.pods).some(({ lane, end }) => lane === TRAIN && end === null),
  )
  const before = await town.run(TRAIN)
  for (const _ of [1, 2]) {
    expect(await town.house.deliver(told('base', row?.id ?? ''))).toMatchObject({
      contract: 'capacity-warned',
      lane: TRAIN,
    })
    await town.advance(MINUTE)
  }
  expect(await town.house.deliver(told('base', 'i-0123456789abcdef0'))).toMatchObject({ lane: null, kind: 'ignored' })
  expect(await town.house.deliver(told('replayed', row?.id ?? ''))).toMatchObject({ lane: null, kind: 'ignored' })
  const lines = (await timeline(town)).filter(({ text }) => text.includes('EC2 takes'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ lane: TRAIN, text: expect.stringContaining(`${row?.id} (`) })
  expect((await town.run(TRAIN))?.steps).toEqual(before?.steps)
  expect((await town.settled(TRAIN)).state).toBe('succeeded')
  expect(await looseEnds(town)).toEqual([])
})
