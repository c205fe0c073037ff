import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import example from '../example.ts'
import { piped } from '../variants.ts'
import {
  emptyPool,
  everyJob,
  fillPool,
  HOUR,
  looseEnds,
  MINUTE,
  say,
  stepIs,
  TRAIN,
  trainedUntil,
  upload,
  versionsOf,
} from './scenes.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const unasked = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1000 } }
const tasks = (evaluate: object) => ({ simulation: { tasks: { 'fine-tune': { minutes: 30 }, evaluate } } })
const FAILS = tasks({ minutes: 10, exitCode: 1 })
const PASSES_BY = tasks({ minutes: 10, imagePull: 'fail' })
const DONE = expect.objectContaining({ kind: 'succeeded' })
const asked = async () => (await town.house.cards()).filter(({ card }) => card.question !== null).length

/** A newer dataset comes, and then the first once more, while that is under way. */
const newerThenAgain = async (first: Parameters<typeof upload>[2]): Promise<void> => {
  await town.advance(2 * MINUTE)
  await upload(town, 'b')
  await town.advance(MINUTE)
  await upload(town, 'a', first)
}

describe('what runs is wanted again, though a newer dataset came between: as if that had never come', () => {
  it('fails by its work after that: parked, and what it had finished before is kept', async () => {
    town = await openTown({ config: unasked })
    const made = await everyJob(town)
    await upload(town, 'a', FAILS)
    await town.until('trained', stepIs(town, TRAIN, 'train', 'done'))
    await newerThenAgain(FAILS)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', generation: 1, attempt: 1 })
    await town.advance(3 * HOUR)
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train'])
    expect(await say(town, 'retry')).toMatchObject({ ok: true, detail: expect.stringContaining('keeping train where') })
    await upload(town, 'c')
    expect((await town.lane(TRAIN)).generation).toBe(3)
    expect(await looseEnds(town)).toEqual([])
  })

  it('is cancelled after that: it stays so', async () => {
    town = await openTown({ config: unasked })
    const made = await everyJob(town)
    await upload(town, 'a')
    await newerThenAgain({})
    expect(await say(town, 'cancel')).toMatchObject({ ok: true, detail: expect.stringMatching(/goes back$/) })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled', generation: 1 })
    await town.advance(HOUR)
    expect(made()).toEqual(['g1a1-train'])
  })

  it('fails by what another attempt may cure: that keeps the training, and asks nobody about it again', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', PASSES_BY)
    await newerThenAgain(PASSES_BY)
    await town.until('another attempt', async () => (await town.lane(TRAIN)).attempt === 2)
    await town.advance(MINUTE)
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    expect(await asked()).toBe(0)
  })
})

describe('what was wanted before goes on', () => {
  it('and what it finishes is nothing that a retry of the newer one could keep', async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await town.advance(2 * MINUTE)
    await upload(town, 'b')
    expect((await town.house.why(TRAIN)).also).toEqual([
      expect.stringMatching(/^run on support-chats@.* \(generation 2\) begins once that has ended$/),
      expect.stringMatching(/^it has cost \$\d\.\d\d of at most \$223\.83 so far$/),
    ])
    await town.answered(TRAIN, 'deny')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'rejected', generation: 2 })
    expect((await town.house.why(TRAIN)).also).toEqual([])
    expect(await say(town, 'retry', { from: 'evaluate' })).toMatchObject({
      ok: false,
      detail: expect.stringContaining('no stage'),
    })
  })
})

describe('an attempt that keeps what was paid for comes before what is newer, which lets it finish', () => {
  const passesOnce = async (): Promise<void> => {
    await town.until('it is to be repeated', async () => (await town.past(TRAIN)).length === 1)
    await town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from('{}'))
  }

  it('the newer one waits behind it: the training is registered, and nobody is asked about it again', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', PASSES_BY)
    await town.advance(2 * MINUTE)
    await upload(town, 'b')
    await passesOnce()
    expect((await town.house.why(TRAIN)).also).toEqual([expect.stringMatching(/n 2\) begins once that has ended$/)])
    await town.until('it is over', async () => (await town.past(TRAIN)).length === 2)
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate'])
    expect(await versionsOf(town)).toHaveLength(1)
    expect(await town.past(TRAIN)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ run: expect.objectContaining({ generation: 1, attempt: 2 }), outcome: DONE }),
      ]),
    )
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('the newer one comes while it pauses; a cancel is of what pauses, and the newer one begins', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', PASSES_BY)
    await passesOnce()
    await upload(town, 'b')
    expect(await say(town, 'cancel')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/not repeated; .*n 2\) begins$/),
    })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g2a1-evaluate', 'g2a1-train'])
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('what waits is cancelled behind the run: that one is as if nothing else had ever come', () => {
  it('fails by what another attempt may cure: that keeps the training and asks nobody, and what was cancelled stays so', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running', PASSES_BY)
    await town.advance(2 * MINUTE)
    await upload(town, 'b')
    expect(await say(town, 'cancel', { wanted: true })).toMatchObject({ ok: true })
    expect(await say(town, 'retry')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/retry of .*n 2\) once/),
    })
    await town.until('it is given up', async () => (await town.lane(TRAIN)).outcome?.attempt === 3)
    await town.advance(3 * HOUR)
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a2-evaluate', 'g1a3-evaluate'])
    expect(await asked()).toBe(0)
    expect(await town.lane(TRAIN)).toMatchObject({
      state: 'failed',
      generation: 1,
      approved: { spent: expect.closeTo(27.52 + 29.35, 5) },
    })
    expect((await town.house.why(TRAIN)).also).toEqual([expect.stringContaining('retry --saw g2a1')])
    expect(await say(town, 'retry')).toMatchObject({ ok: true, detail: expect.stringContaining('keeping train where') })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', generation: 1 })
    // Nobody has lost what was cancelled, and what is repeated in a moment does not give way to it unasked.
    const saw = { generation: 2, attempt: 1 }
    expect(await say(town, 'retry', { saw })).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/goes on: say/),
    })
    expect(await say(town, 'cancel')).toMatchObject({ ok: true })
    expect(await say(town, 'retry', { saw })).toMatchObject({ ok: true })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('a success that is done again', () => {
  it('denied: what it made before is kept until it is made anew', async () => {
    town = await openTown()
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running')
    await town.settled(TRAIN)
    await say(town, 'retry')
    await town.answered(TRAIN, 'deny')
    await town.settled(TRAIN)
    expect(await say(town, 'retry', { from: 'evaluate' })).toMatchObject({ ok: true })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 3 })
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train', 'g1a3-evaluate'])
  })
})

it.each(['succeeded', 'cancelled'])(
  'what was trained is not again once a newer dataset came and went, though a run by hand on it %s since',
  async (end) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-'))
    try {
      const pools = { ...example.pools, 'gpu-train': { ...example.pools?.['gpu-train'], maxGpus: 8 } }
      const byHand = { 'support-chats': { ...piped(), on: { ...piped().on, hand: true } } }
      const approvals = { ...example.approvals, autoApproveBelow: 1e9, unknownRequester: 'anyone' }
      town = await openTown({ dataDir, config: { ...example, pools, pipelines: byHand, approvals } as never })
      await upload(town, 'a')
      await town.settled(TRAIN)
      await town.house.command({ kind: 'run', lane: TRAIN, by: BEN } as never)
      await town.advance(MINUTE)
      if (end === 'cancelled') await say(town, 'cancel')
      expect((await town.settled(TRAIN)).state).toBe(end)
      await town.advance(30 * MINUTE)
      await fillPool(town)
      await upload(town, 'b')
      await town.advance(10 * MINUTE)
      await rm(join(dataDir, 'buckets/acme-datasets/support-chats/b/manifest.json'))
      await town.advance(30 * MINUTE)
      await emptyPool(town)
      await town.advance(3 * HOUR)
      expect((await town.past(TRAIN)).map(({ outcome }) => outcome.kind)).toEqual(['succeeded', end, 'superseded'])
      expect(await town.lane(TRAIN)).toMatchObject({ state: 'superseded', generation: 3, run: null })
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  },
)
