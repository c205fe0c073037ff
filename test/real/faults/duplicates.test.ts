import { expect, it } from 'vitest'
import { parsePolicy } from '../../../core/policy.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { seeded } from '../proxy.ts'
import { openRealTown } from '../real-town.ts'
import { eventFor, LANES, manyDatasets, shuffled } from './many.ts'

const COPIES = 200

it('1,200 deliveries of 6 uploads, doubled and shuffled while they are carried out: 12 Jobs were ever made', async () => {
  const town = await openRealTown({ policy: parsePolicy(manyDatasets(`often-${process.pid}`)) })
  const made = new Set<string | undefined>()
  const watching = await town.house.ports.cluster.watch({}, ({ type, object }) => {
    if (object.kind === 'Job' && object.metadata.namespace === town.policy.namespaces.training && type !== 'DELETED')
      made.add(object.metadata.uid)
  })
  const keys: string[] = []
  for (const name of Object.keys(town.policy.pipelines))
    keys.push(await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `${name}/one/`, rows: ['{"a":1}'] }))
  const deliveries = shuffled(keys, COPIES, seeded(11))
  const became: Record<string, number> = {}
  for (let from = 0; from < deliveries.length; from += 20)
    await Promise.all(
      deliveries.slice(from, from + 20).map(async (key) => {
        const { kind } = await town.house.deliver(eventFor(key))
        became[kind] = (became[kind] ?? 0) + 1
      }),
    )
  for (const name of Object.keys(town.policy.pipelines))
    expect((await town.settled(`pipeline/${name}`)).state).toBe('succeeded')
  expect(became['refused']).toBeUndefined()
  expect(made.size).toBe(2 * LANES)
  for (const name of Object.keys(town.policy.pipelines)) {
    const lane = `pipeline/${name}`
    expect(await town.lane(lane)).toMatchObject({ generation: 1, attempt: 1, run: null })
    expect(await town.past(lane)).toHaveLength(1)
    // Every letter was answered: nothing waits behind the lane.
    expect(await town.house.ports.ledger.list('look', { prefix: `${lane}#` })).toEqual([])
  }
  watching.stop()
  await town.close()
})
