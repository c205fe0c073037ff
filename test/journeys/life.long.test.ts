import { afterEach, expect, it } from 'vitest'
import type { Simulation } from '../../local/scenario.ts'
import {
  DRIFTS,
  land,
  life,
  livedTown,
  looked,
  newest,
  night,
  STEADY,
  saidOf,
  sampled,
  served,
  serves,
  WATCH,
} from './life.ts'
import { everyJob, HOUR, looseEnds, TRAIN } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const ROOMS = ['pool/gpu-train', 'pool/gpu-serve', 'pool/cpu', 'budget/ml-monthly']
const STAGES = ['benchmark', 'fine-tune', 'merge', 'preprocess', 'quantize', 'scan']
const of = (attempt: string, stages = STAGES): string[] => stages.map((stage) => `${attempt}-${stage}`)

/** Nights in which the monitor finds this, one after the other. */
const nights = async (...found: Simulation[]) => {
  for (const how of found) {
    expect([await town.question(TRAIN), (await town.lane(TRAIN)).run]).toEqual([null, null])
    await sampled(town, how)
    await night(town)
    expect((await town.lane(WATCH)).state).toBe('succeeded')
  }
}

it('from rows that land to a version that serves, through nights in which it drifts, to the next that serves in its place', async () => {
  town = await openTown({ config: life })
  const made = await everyJob(town)
  await land(town, 'a')
  await town.answered(TRAIN)
  expect((await town.settled(TRAIN)).state).toBe('succeeded')
  expect(made()).toEqual(of('g1a1'))
  expect((await served(town)).state).toBe('succeeded')
  expect(await serves(town)).toEqual({ version: '1', replicas: { 1: 2 }, led: '1' })

  // One night is none yet; after two in a row people are asked about the same data once more.
  await nights(DRIFTS, DRIFTS)
  const { plan } = (await town.plan(TRAIN)) ?? {}
  expect(plan?.title).toContain('since s3://acme-datasets/monitors/support-llama/ fires')
  expect(plan?.approval).toMatchObject({ required: true, why: expect.stringContaining('no dataset version has come') })
  await town.answered(TRAIN)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
  expect((await newest(town))?.version).toBe('2')
  expect(await serves(town)).toMatchObject({ version: '1' })
  expect((await served(town)).state).toBe('succeeded')
  expect(await serves(town)).toEqual({ version: '2', replicas: { 2: 2 }, led: '2' })

  // What it cures is over; what goes on within its cool-down begins nothing more.
  await nights(DRIFTS, STEADY)
  expect((await town.lane(TRAIN)).generation).toBe(2)
  const watched = [1, 2, 3, 4].map((night) => `g${night}a1-drift-monitor`)
  expect(made()).toEqual([...of('g1a1'), ...of('g2a1'), ...watched, 'g1a1-gate', 'g2a1-gate'].sort())
  expect(await looseEnds(town, ROOMS)).toEqual([])
}, 60_000)

it('a training that drift began and that comes to nothing leaves what serves as it is, and is not begun again by the same drift', async () => {
  town = await livedTown()
  await town.advance(25 * HOUR)
  const worse = { tasks: { benchmark: { metrics: { ifeval_prompt_level_strict_acc: 0.2 } } } }
  const beside = 'support-chats/a/simulation.json'
  await town.house.objects.write('acme-datasets', beside, Buffer.from(JSON.stringify(worse)))
  await sampled(town, DRIFTS)
  for (const _ of [1, 2]) await looked(town)
  await town.answered(TRAIN)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', generation: 2, outcome: { reason: 'gate' } })
  for (const _ of [1, 2]) await looked(town)
  expect([await town.question(TRAIN), (await town.lane(TRAIN)).generation]).toEqual([null, 2])
  expect(await serves(town)).toEqual({ version: '1', replicas: { 1: 2 }, led: '1' })
  expect(await saidOf(town, TRAIN)).toContain('monitors/support-llama/ fires since')
  expect(await looseEnds(town, ROOMS)).toEqual([])
}, 60_000)
