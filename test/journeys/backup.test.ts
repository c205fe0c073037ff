import type { V1Job } from '@kubernetes/client-node'
import { afterEach, expect, it } from 'vitest'
import { hasEnded } from '../../core/steps/launch-job.ts'
import { openStores } from '../../local/stores.ts'
import { HOUR, jobsOf, looseEnds, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const trained = async () => (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-train'))

it.each([
  ['runs', () => true],
  ['has ended', (job: V1Job) => hasEnded(job)],
])('a Job that the ledger made after its backup, and that %s when it is restored, is adopted', async (_, seen) => {
  const stores = openStores(null)
  town = await openTown({ stores })
  await town.advance(HOUR)
  const backup = stores.ledger.serialize()
  await upload(town)
  await town.answered(TRAIN)
  await town.until('its Job is so', async () => (await trained()).some((job) => seen(job as V1Job)))
  const [made] = await trained()
  await town.house.close()
  stores.ledger.deserialize(backup)
  await town.reopen()
  await town.answered(TRAIN)
  expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  expect((await trained()).map(({ metadata }) => metadata.uid)).toEqual([made?.metadata.uid])
  expect(await looseEnds(town)).toEqual([])
})
