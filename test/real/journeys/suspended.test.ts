import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { SUSPENDED_BY } from '../../../core/pods/suspended.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import { meterDoor } from '../../../local/doors.ts'
import { uploadDataset } from '../../../local/scenario.ts'
import { BEN } from '../../journeys/town.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'pipeline/support-chats'

/** A policy whose first ten cents of nodes suspend what lets itself be. */
const policy = () => {
  const config = ownConfig(`rung-${randomBytes(4).toString('hex')}`) as unknown as Config
  Object.assign(config.pipelines?.['support-chats']?.stages[0] ?? {}, { preemptible: true })
  config.budget = { name: 'ml-monthly', dollars: 20_000, ladder: [{ at: 0.000005, do: 'suspend-preemptible' }] }
  return parsePolicy(config)
}
const jobOf = async ({ house, policy: { namespaces } }: RealTown): Promise<KubeObject<'Job'> | undefined> => {
  const jobs = (await house.ports.cluster.list('Job', { namespace: namespaces.training })) as KubeObject<'Job'>[]
  return jobs.find(({ metadata }) => metadata.name.endsWith('-train'))
}

it('a rung suspends a Job that lets itself be, whose pod ends without having failed; lifted, it goes on as the same Job', async () => {
  const town = await openRealTown({ policy: policy(), minute: 2000 })
  const why = async () => (await town.house.why(LANE)).text
  const simulation = { tasks: { 'fine-tune': { minutes: 60 } } }
  await uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: 'support-chats/one/',
    rows: ['{"a":1}'],
    simulation,
  })
  await town.answered(LANE)
  await town.until('it runs', async () => (await jobOf(town))?.status?.ready === 1)
  const made = await jobOf(town)
  const meter = meterDoor(town.house.ports)
  await town.until('it is suspended', async () => {
    await meter()
    return (await why()).includes('suspended by suspend-preemptible')
  })
  await town.until('its pod is gone', async () => (await jobOf(town))?.status?.terminating === 0)
  const suspended = await jobOf(town)
  expect(suspended?.metadata.annotations?.[SUSPENDED_BY]).toBe('ml-monthly#suspend-preemptible')
  expect(suspended?.status).not.toHaveProperty('failed')
  expect((await town.lane(LANE)).rest?.why).toBe('suspended')
  const lift = { kind: 'lift', rung: 'suspend-preemptible', by: BEN, why: 'a demo' } as const
  expect(await town.house.command(lift)).toMatchObject({ ok: true })
  await town.answered('budget/ml-monthly')
  await town.until('it runs again', async () => (await jobOf(town))?.status?.ready === 1)
  const again = await jobOf(town)
  expect([again?.metadata.uid, again?.spec?.suspend]).toEqual([made?.metadata.uid, false])
  expect(again?.metadata.annotations).not.toHaveProperty(SUSPENDED_BY)
  expect((await town.settled(LANE, 500)).outcome).toMatchObject({ kind: 'succeeded', generation: 1, attempt: 1 })
  await town.close()
})
