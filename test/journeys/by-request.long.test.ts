import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { configOf, LANE, run, upload } from './requests.ts'
import { looseEnds } from './scenes.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const jobs = async () =>
  ((await town.house.cluster.list('Job')) as KubeObject<'Job'>[]).map(({ metadata }) => metadata.name)
const first = async (lane: string) => {
  const step = (await town.plan(lane))?.plan.steps[0]
  return step?.kind === 'launch-job' ? step.job.spec?.template.spec?.containers[0] : undefined
}

describe('a run by hand', () => {
  it('runs on the newest dataset version, is priced and asked about, and says what is set and who asked', async () => {
    town = await openTown({ config: configOf() })
    await upload(town, 'a')
    await town.answered(LANE)
    await town.settled(LANE)
    const set = { train: { args: ['--lr', '1e-4'], env: { EPOCHS: '3' } } }
    expect(await run(town, { id: 'r1', set })).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/asked for by hand: it is planned/),
    })
    const plan = (await town.plan(LANE))?.plan
    expect(plan?.title).toMatch(/on support-chats@[0-9a-f]{8}, .*asked for by hand$/)
    expect(plan?.reasons.join('\n')).toMatch(/set for this run alone: train\.args=\["--lr","1e-4"\]/)
    expect(plan?.requester).toEqual({ by: BEN, proven: false })
    expect(await first(LANE)).toMatchObject({
      args: ['--lr', '1e-4'],
      env: expect.arrayContaining([{ name: 'EPOCHS', value: '3' }]),
    })
    expect(plan?.price.total.p95).toBeGreaterThan(0)
    await town.answered(LANE)
    expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2 })
    // Said again with its id nothing more begins, be it after other runs.
    expect(await run(town, { id: 'r1', set })).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/nothing more begins/),
    })
    await run(town, { id: 'r2' })
    await town.answered(LANE)
    await town.settled(LANE)
    expect(await run(town, { id: 'r1', set })).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/nothing more begins/),
    })
    expect(await town.lane(LANE)).toMatchObject({ generation: 3, run: null })
    expect(await looseEnds(town)).toEqual([])
  })

  it('runs on nothing where its pipeline has no datasets', async () => {
    town = await openTown({ config: configOf() })
    expect(await run(town, { lane: 'pipeline/nightly' })).toMatchObject({ ok: true })
    expect((await town.plan('pipeline/nightly'))?.plan.title).toMatch(/^Fine-tune \S+, .*asked for by hand$/)
    expect((await first('pipeline/nightly'))?.env?.map(({ name }) => name)).not.toContain('INPUT_URI')
    await town.answered('pipeline/nightly')
    expect(await town.settled('pipeline/nightly')).toMatchObject({ state: 'succeeded' })
    expect((await jobs()).filter((name) => name.includes('nightly'))).toHaveLength(2)
    expect(await looseEnds(town)).toEqual([])
  })
})
