import { afterEach, describe, expect, it } from 'vitest'
import { configOf, LANE, run, upload } from './requests.ts'
import { timeline } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

describe('a run by hand', () => {
  it('is refused clearly where nothing of it may begin', async () => {
    town = await openTown({ config: configOf({ operators: [{ id: ANA, name: 'ana' }] }, { hand: false }) })
    const why = async (over: Parameters<typeof run>[1]) => (await run(town, { by: ANA, ...over })).detail
    expect(await why({ lane: 'pipeline/nighty' })).toMatch(/no pipeline nighty; the policy has support-chats, nightly/)
    expect(await why({})).toMatch(/on\.hand is false/)
    expect(await why({ lane: 'pipeline/nightly', by: BEN })).toMatch(/none of approvals\.operators/)
    const nightly = { lane: 'pipeline/nightly' }
    expect(await why({ ...nightly, set: { merge: { args: [] } } })).toMatch(
      /no stage `merge`: it is one of train, evaluate/,
    )
    expect(await why({ ...nightly, set: { evaluate: { env: { GPUS: '9' } } } })).toMatch(/evaluate\.env\.GPUS/)
    expect(await why({ ...nightly, set: { evaluate: { image: 'x' } } as never })).toMatch(/image/)
    await town.house.command({
      kind: 'freeze',
      lane: 'pipeline/nightly',
      by: ANA,
      until: town.house.clock.now() + 3_600_000,
    })
    expect(await why(nightly)).toMatch(/is frozen until/)
    await town.house.command({ kind: 'thaw', lane: 'pipeline/nightly', by: ANA })
    expect(await why(nightly)).toMatch(/it is planned/)
    expect(await why(nightly)).toMatch(/is being asked about or carried out/)
    expect(await town.lane('pipeline/nightly')).toMatchObject({ generation: 1 })
    expect((await timeline(town, 'pipeline/nightly')).filter(({ kind }) => kind === 'note').length).toBeGreaterThan(4)
  })

  it('needs a dataset where its pipeline runs on datasets, and is taken back where that goes', async () => {
    town = await openTown({ config: configOf() })
    expect(await run(town)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/no dataset is known yet: upload/),
    })
    await upload(town, 'a')
    await town.answered(LANE)
    await town.settled(LANE)
    expect(await run(town, { id: 'r1' })).toMatchObject({ ok: true })
    // A newer dataset takes its place, as it does that of any other.
    await upload(town, 'b')
    expect(await town.lane(LANE)).toMatchObject({ generation: 3 })
    expect((await town.plan(LANE))?.plan.title).not.toMatch(/by hand/)
    await town.advance(1000)
    expect(await run(town, { id: 'r1' })).toMatchObject({ ok: true, detail: expect.stringMatching(/was taken before/) })
  })
})
