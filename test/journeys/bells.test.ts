import { afterEach, expect, it } from 'vitest'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { ANA, openTown, type Town } from './town.ts'

const LANE = 'train/support-chats'

let town: Town
afterEach(() => town.close())

it('an answer whose bell failed counts, and another press rings it again', async () => {
  const bells = { broken: false, rung: 0 }
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    workflow: {
      ...ports.workflow,
      ring: async (bell) => {
        if (bells.broken) throw new Unavailable('ringing a bell: TooManyRequestsException')
        bells.rung++
        return ports.workflow.ring(bell)
      },
    },
  })
  town = await openTown({ wrap })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{"q":1}'] })
  await town.house.scanUploads()
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
  const id = (await town.question(LANE))?.id ?? ''
  const press = () => town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
  bells.broken = true
  await press().catch(() => undefined)
  bells.broken = false
  const before = bells.rung
  expect((await press()).body).toMatchObject({ refused: 'question-closed' })
  expect(bells.rung).toBe(before + 1)
  await town.until('the run has seen it', async () => (await town.run(LANE))?.stage === 'carrying-out')
  const seen = bells.rung
  for (let n = 0; n < 20; n++) await press()
  expect(bells.rung).toBe(seen)
  expect(await town.settled(LANE, 12)).toMatchObject({ state: 'succeeded' })
})
