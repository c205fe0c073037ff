import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BUCKET, openTown, type Town } from './runner.ts'

let town: Town
beforeAll(async () => {
  town = await openTown()
})
afterAll(() => town?.close())

const MB = 1024 ** 2
/** In parts of 8 MiB, 2 at once. A gigabyte, 16 at once, is what `node bench/runner.ts` sends. */
const SIZE = 128

it('what goes through it does not stay in its memory', async () => {
  await town.put('large/weights', randomBytes(SIZE * MB))
  const { code, said, peak } = await town.run({
    lane: 'pipeline-large',
    env: {
      SIGNALBOX_PARTS: '2',
      SIGNALBOX_INPUTS: 'large',
      LARGE_URI: `s3://${BUCKET}/large`,
      SIGNALBOX_CHECKPOINT_SECONDS: '3600',
    },
    program: `mkdir "$SIGNALBOX_OUT/model"; mv "$SIGNALBOX_IN/large/weights" "$SIGNALBOX_OUT/model/weights"`,
  })
  expect(code, said).toBe(0)
  const at = `runs/${town.job('pipeline-large', 1)}-aaaaa/out/model/weights`
  expect((await town.objects.head(BUCKET, at))?.size).toBe(SIZE * MB)
  console.log(`${SIZE} MiB in and out: at most ${Math.round(peak / MB)} MiB resident`)
  expect(peak).toBeGreaterThan(8 * MB)
  expect(peak).toBeLessThan(100 * MB)
})
