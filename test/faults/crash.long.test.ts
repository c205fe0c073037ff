import { describe, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import { openTown } from '../journeys/town.ts'
import { openStage } from './crashing.ts'
import { mortal } from './mortal.ts'
import { deathsOf, sideBySide } from './side-by-side.ts'
import { stories } from './stories.ts'

/** Every call is tried in test/slow/crash.ts; here every so many-th, beginning elsewhere in each story. */
const STRIDE = 199

describe('the process dies at any await and another one goes on: it ends as the uninterrupted run', () => {
  it.each(Object.entries(stories).map(([name, story], index) => ({ name, story, first: 1 + index * 21 })))(
    '$name',
    { timeout: 60_000 },
    async ({ story, first }) => {
      const stage = await openStage(story)
      const { ended, calls } = await stage.play(null)
      expect(calls).toBeGreaterThan(150)
      await sideBySide(deathsOf(calls, STRIDE, first), 4, async (death) => {
        const played = await stage.play(death)
        expect(played.died, `dying ${death.when} call ${death.at}`).toBe(true)
        expect(played.ended, `dying ${death.when} call ${death.at}`).toEqual(ended)
      })
      await stage.close()
    },
  )
})

it('a dead process does nothing any more, though time goes on: nothing is written, made or told', async () => {
  const town = await openTown()
  const story = stories['a dataset is trained on'] as (typeof stories)[string]
  await story.prepare(town)
  const { wrap, life } = mortal({ at: 60, when: 'after' })
  let far: Ports | null = null
  await town.reopen((ports) => {
    far = ports
    return wrap(ports)
  })
  const { ledger, cluster } = far as unknown as Ports
  await story.act(town).catch(() => undefined)
  for (let n = 0; !life.dead && n < 100; n++) await town.advance(60_000).catch(() => undefined)
  expect(life.dead).toBe(true)
  const seen = async () => ({
    moments: await ledger.moments(null, { limit: 1000 }),
    due: await ledger.due(Number.MAX_SAFE_INTEGER),
    jobs: (await cluster.list('Job')).length,
    cards: (await town.house.cards()).length,
  })
  const before = await seen()
  for (let n = 0; n < 60; n++) await town.advance(60_000).catch(() => undefined)
  expect(await seen()).toEqual(before)
  expect(life.tried).toBeGreaterThan(60)
  expect(before.moments.length).toBeGreaterThan(0)
  await town.reopen()
  await town.answered(story.lane)
  expect(await town.settled(story.lane)).toMatchObject({ state: 'succeeded', attempt: 1 })
  await town.close()
})
