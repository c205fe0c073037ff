import { expect, it } from 'vitest'
import { type Carrier, waitFor } from '../../../flows/carrying/carrier.ts'
import type { WorkflowContext } from '../../../flows/ports.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { openTown } from '../../journeys/town.ts'

it('slices grow by silence, and not by bells: who was rung often does not sleep for hours', async () => {
  const town = await openTown()
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
  await town.house.scanUploads()
  await town.until('there is a run', async () => (await town.run('train/support-chats')) !== null)
  const run = await town.run('train/support-chats')
  const slept: number[] = []
  const silent = [false, false, false, true, true, false, true]
  const context: WorkflowContext = {
    step: (_, work) => work(),
    sleep: async (_, seconds, listen) => {
      await listen('bell')
      slept.push(seconds)
      return silent[slept.length - 1] ? 'over' : 'awake'
    },
  }
  const carrier: Carrier = {
    ports: town.house.ports,
    context,
    run: { lane: 'train/support-chats', generation: 1, attempt: 1 },
    id: run?.id ?? '',
  }
  await waitFor(carrier, 'x', async () => (slept.length < silent.length ? { wait: 1e9 } : { kind: 'done' }))
  expect(slept).toEqual([60, 60, 60, 60, 120, 240, 240])
  await town.close()
})
