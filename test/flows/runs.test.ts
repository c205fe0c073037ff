import { afterEach, beforeEach, expect, it } from 'vitest'
import { runName } from '../../core/names.ts'
import { everyRun, type KnownRun, lastRun, listed, runOf } from '../../flows/runs.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import { MINUTE, stepIs } from '../journeys/scenes.ts'
import { ANA, openTown, type Town } from '../journeys/town.ts'

const LANE = 'pipeline/support-chats'
const SERVICE = 'service/support-llama'

let town: Town
beforeEach(async () => {
  town = await openTown()
})
afterEach(() => town.close())

const ledger = () => town.house.ports.ledger
const now = () => town.house.clock.now()
const asked = async (folder: string): Promise<void> => {
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: `support-chats/${folder}/`, rows: [folder] })
  await town.house.scanUploads()
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
}
const idOf = async (generation: number, attempt: number): Promise<string> =>
  runName(await town.lane(LANE), { generation, attempt })

it('a run is found by its plan’s id while it is under way, and after', async () => {
  await asked('a')
  const id = await idOf(1, 1)
  const { run } = await town.lane(LANE)
  expect(await runOf(ledger(), id, now())).toMatchObject({
    lane: LANE,
    id,
    run,
    outcome: null,
    endedAt: null,
    cost: 0,
    atMost: null,
  })
  expect((await runOf(ledger(), id, now()))?.plan?.digest).toBe(run?.digest)
  await town.answered(LANE)
  await town.until('it trains', stepIs(town, LANE, 'train', 'running'))
  await town.advance(8 * MINUTE)
  const halfway = (await runOf(ledger(), id, now())) as KnownRun
  expect(halfway).toMatchObject({ outcome: null, atMost: 223.83 })
  expect(halfway.cost).toBeGreaterThan(1)
  expect(halfway.cost).toBeLessThan(55.04 * (8 / 60))
  await town.settled(LANE)
  const past = await runOf(ledger(), id, now())
  expect(past).toMatchObject({ lane: LANE, id, plan: { id }, outcome: { kind: 'succeeded' }, atMost: null })
  expect(past?.cost).toBeGreaterThan(0)
  expect(past?.endedAt).toBeGreaterThan(run?.startedAt ?? 0)
})

it('what names no run of a lane finds none', async () => {
  await asked('a')
  const id = await idOf(1, 1)
  for (const other of ['', LANE, 'nobody', 'nobody-g1a1', await idOf(1, 2), await idOf(2, 1), `${id}0`, `x${id}`])
    expect(await runOf(ledger(), other, now()), other).toBeNull()
})

it('all of them, the newest first; of each lane as many as are asked for', async () => {
  await asked('a')
  await town.answered(LANE, 'deny', ANA, 'no')
  await town.advance(60_000)
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.until('it asks', async () => (await town.question(SERVICE)) !== null)
  await town.advance(60_000)
  await asked('b')
  const names = (runs: { lane: string; run: { generation: number } }[]) =>
    runs.map(({ lane, run }) => `${lane} ${run.generation}`)
  const all = await everyRun(ledger(), now())
  expect(names(all)).toEqual([`${LANE} 2`, `${SERVICE} 1`, `${LANE} 1`])
  expect(all.map(({ outcome }) => outcome?.kind ?? null)).toEqual([null, null, 'rejected'])
  await town.answered(LANE, 'deny', ANA, 'no')
  expect(names(await everyRun(ledger(), now(), 1))).toEqual([`${LANE} 2`, `${SERVICE} 1`])
})

it('a lane was last at the run that its outcome is of; one that had none at nothing', async () => {
  await asked('a')
  expect((await lastRun(ledger(), await town.lane(LANE), now()))?.outcome).toBeNull()
  await town.answered(LANE, 'deny', ANA, 'no')
  await town.settled(LANE)
  expect(await lastRun(ledger(), await town.lane(LANE), now())).toMatchObject({
    id: await idOf(1, 1),
    outcome: { kind: 'rejected' },
  })
  expect(await lastRun(ledger(), { ...(await town.lane(LANE)), outcome: null }, now())).toBeNull()
})

it('a plan that is not the one under way does not count as its plan', async () => {
  await asked('a')
  const doc = await town.lane(LANE)
  const stale = { ...doc, run: { ...doc.run!, digest: 'another' } }
  expect(await lastRun(ledger(), stale, now())).toMatchObject({ plan: null, outcome: null })
})

it('in a list the plan is told by its title', async () => {
  await asked('a')
  const [run] = await everyRun(ledger(), now())
  expect(listed(run!)).toMatchObject({ id: run!.id, title: run!.plan?.title })
  expect(listed(run!)).not.toHaveProperty('plan')
  expect(listed({ ...run!, plan: null }).title).toBeNull()
})
