import { afterEach, describe, expect, it } from 'vitest'
import type { Question } from '../../core/lane/question.ts'
import example from '../../signalbox.config.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, openTown, START, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** 12:00 UTC on a Monday is 13:00 in Berlin: nights begin in 7 hours and end in 17. */
const OPENS = START + 7 * HOUR
const NIGHT = {
  instanceType: 'p5.48xlarge',
  gpusPerNode: 8,
  maxGpus: 0,
  hours: { zone: 'Europe/Berlin', ceilings: [{ from: '20:00', to: '06:00', maxGpus: 8 }] },
  capacityTypes: ['spot'],
  price: { perNodeHour: 55.04, spot: 22, source: 'AWS price list', date: '2026-11-01' },
}
const withNight = (pool: object = {}) => ({
  ...example,
  pools: { ...example.pools, 'gpu-night': { ...NIGHT, ...pool } },
  pipelines: {
    'support-chats': {
      ...example.pipelines!['support-chats'],
      alternatives: { night: { stages: { train: { pool: 'gpu-night' } }, whenOpens: true } },
    },
  },
})
const told = async () => (await timeline(town)).map(({ text }) => text)

/** A run of which people chose that it begins at night. */
const chosen = async (): Promise<Question> => {
  town = await openTown({ config: withNight() })
  await town.advance(6 * MINUTE)
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  const question = (await town.question(TRAIN)) as Question
  await town.house.answer(question.choices?.[0]?.id ?? '', { by: ANA, verdict: 'approve', reason: null })
  await town.advance(MINUTE)
  return question
}

describe('an alternative that begins when its pool opens', () => {
  it('waits until then, holding nothing, and begins by itself, though its approval would have ended before', async () => {
    const question = await chosen()
    expect(question.choices).toMatchObject([{ name: 'night', from: OPENS }])
    expect(await town.lane(TRAIN)).toMatchObject({
      rest: { why: 'not-yet', text: 'waits until 2026-11-23 19:00 UTC, as people chose', until: OPENS },
      run: { phase: 'planned', hold: null },
    })
    await town.advance(OPENS - town.house.clock.now() - MINUTE)
    expect([await jobsOf(town), (await town.held('budget/ml-monthly')).sum]).toEqual([[], 0])
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(town.house.clock.now()).toBeLessThan(OPENS + 11 * MINUTE)
    const [job] = await jobsOf(town)
    expect(job?.spec?.template.spec?.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-night' })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect((await told()).filter((text) => text.startsWith('asked '))).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
  })

  it('says so and asks anew where the pool will not open any more', async () => {
    const { openedAt } = await chosen()
    town.setPolicy(withNight({ hours: { ...NIGHT.hours, ceilings: [{ from: '23:00', to: '06:00', maxGpus: 8 }] } }))
    await town.until('it asks anew', async () => ((await town.question(TRAIN))?.openedAt ?? 0) > openedAt)
    expect(town.house.clock.now()).toBeLessThan(START + HOUR)
    expect(await told()).toContainEqual(
      expect.stringMatching(/^its alternative night, which people chose, is not taken: .*ceiling of gpu-night is 0/),
    )
    expect((await town.question(TRAIN))?.choices).toMatchObject([{ name: 'night', from: START + 10 * HOUR }])
  })

  it('is cancelled while it waits, goes on after a restart, and gives way to what is newer', async () => {
    await chosen()
    await town.reopen()
    await town.advance(10 * MINUTE)
    expect((await town.lane(TRAIN)).rest?.why).toBe('not-yet')
    await say(town, 'cancel')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled' })
    await town.close()
    await chosen()
    await upload(town, 'b')
    await town.until('it asks about what is newer', async () => (await town.question(TRAIN)) !== null)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 2, approved: null })
    await town.advance(OPENS - town.house.clock.now() + HOUR)
    expect(await jobsOf(town)).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })
})

it('what people chose begins when it opens, though the ladder has got a rung meanwhile that may suspend it', async () => {
  const question = await chosen()
  const { budget, pipelines } = withNight()
  const [train, ...others] = pipelines['support-chats'].stages ?? []
  const stages = [{ ...train, preemptible: true }, ...others]
  const suspends = {
    ...withNight(),
    budget: { ...budget, ladder: [{ at: 0.99, do: 'suspend-preemptible' }] },
    pipelines: { 'support-chats': { ...pipelines['support-chats'], stages } },
  }
  town.setPolicy(suspends as never)
  await town.advance(OPENS - town.house.clock.now() + 30 * MINUTE)
  const [job] = await jobsOf(town)
  expect(job?.spec?.template.spec?.nodeSelector).toEqual({ 'karpenter.sh/nodepool': 'gpu-night' })
  expect((await told()).filter((text) => text.startsWith('asked '))).toHaveLength(1)
  // Its plan has room for another node, and what was approved binds it all the same.
  const { hold } = (await town.lane(TRAIN)).run ?? {}
  expect(hold?.dollars).toBeLessThanOrEqual(question.choices?.[0]?.bounds.dollars ?? 0)
})
