import { afterEach, expect, it } from 'vitest'
import { MINUTE, say, TRAIN, trainedUntil, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** A person looked, then something newer came, then what the person says arrives. */
it('a cancel of the first generation does not reach the second', async () => {
  town = await openTown()
  await upload(town, 'a')
  await town.advance(MINUTE)
  await upload(town, 'b')
  expect(await say(town, 'cancel', { saw: { generation: 1, attempt: 1 } })).toMatchObject({
    ok: false,
    detail: expect.stringContaining('you saw generation 1, attempt 1; now it is generation 2, attempt 1'),
  })
  expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, state: 'wanted', run: { cancelled: null } })
})

it('a cancel of a lane where nothing was in progress reaches no upload that came later', async () => {
  town = await openTown()
  await trainedUntil(town, 'train', 'running')
  await town.settled(TRAIN)
  expect(await say(town, 'cancel', { saw: 'idle' })).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/nothing in progress \(succeeded\)/),
  })
  await town.advance(MINUTE)
  await upload(town, 'b')
  expect(await say(town, 'cancel', { saw: 'idle' })).toMatchObject({
    ok: false,
    detail: expect.stringMatching(
      /^nothing was in progress; run on .* \(generation 2\) has begun meanwhile: look again$/,
    ),
  })
  expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, state: 'wanted' })
})

it('a cancel of what waited reaches neither what waits in its place nor the run', async () => {
  town = await openTown()
  await trainedUntil(town, 'train', 'running')
  await town.advance(MINUTE)
  await upload(town, 'b')
  await town.advance(MINUTE)
  await upload(town, 'c')
  const [second, third] = [2, 3].map((generation) => ({ generation, attempt: 1 }))
  expect(await say(town, 'cancel', { wanted: true, saw: second })).toMatchObject({
    ok: false,
    detail: expect.stringContaining('now it is generation 3'),
  })
  expect(await town.lane(TRAIN)).toMatchObject({
    generation: 3,
    state: 'wanted',
    run: { generation: 1, cancelled: null },
  })
  expect(await say(town, 'cancel', { wanted: true, saw: third })).toMatchObject({ ok: true })
  expect(await town.lane(TRAIN)).toMatchObject({
    generation: 1,
    state: 'wanted',
    run: { generation: 1, cancelled: null },
    aside: { generation: 3, outcome: { kind: 'cancelled' } },
  })
})

it('who does not say what they saw means what stands there now', async () => {
  town = await openTown()
  await upload(town, 'a')
  expect(await say(town, 'cancel')).toMatchObject({ ok: true })
  expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, state: 'cancelled' })
})
