import { afterEach, describe, expect, it } from 'vitest'
import example from '../example.ts'
import { config, nowOf, tellOf, trainedTown, watched } from './drifting.ts'
import { DAY, HOUR, looseEnds, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const tell = (...alerts: Parameters<typeof tellOf> extends [Town, ...infer A] ? A : never) => tellOf(town, ...alerts)
const now = () => nowOf(town)
const trained = async (given?: unknown) => {
  town = await trainedTown(given)
}
const runs = async () => (await town.past(TRAIN)).length

describe('an alert that fires', () => {
  it('begins one run on the newest dataset version; since that was run on, somebody is asked whatever it costs', async () => {
    await trained()
    await town.advance(7 * HOUR)
    const since = now() - MINUTE
    expect(await tell({ since })).toMatchObject({ status: 202, body: { accepted: 1 } })
    const { plan } = (await town.plan(TRAIN)) ?? {}
    expect(plan?.title).toContain('since ModelDriftHigh fires')
    expect(plan?.reasons[0]).toContain('Drift share 0.62 > 0.5')
    expect(plan?.approval).toMatchObject({
      required: true,
      why: expect.stringContaining('no dataset version has come'),
    })
    // Said again, by the pair's other half and each few hours: it is one episode.
    await tell({ since }, { since })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    await town.advance(2 * DAY)
    await tell({ since })
    expect([await runs(), (await town.lane(TRAIN)).state]).toEqual([2, 'succeeded'])
    expect(await looseEnds(town)).toEqual([])
  })

  it('resolved before anything of it has begun takes its question back, and what fires after that is new', async () => {
    await trained()
    await town.advance(7 * HOUR)
    const since = now()
    await tell({ since })
    expect(await town.question(TRAIN)).not.toBeNull()
    await tell({ since, status: 'resolved', until: now() })
    await town.advance(MINUTE)
    expect([await town.question(TRAIN), (await town.lane(TRAIN)).state]).toEqual([null, 'succeeded'])
    // Told once more in the wrong order, it stays over.
    await tell({ since })
    expect(await town.question(TRAIN)).toBeNull()
    await tell({ since: now() })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await looseEnds(town)).toEqual([])
  })

  it('is not cured by a run for another that has begun nothing: resolved, that one is taken back, and this one has its own', async () => {
    const pooled = (maxGpus: number) => ({
      ...config,
      services: watched({ coolDown: '1h' }),
      pools: { ...config.pools, 'gpu-train': { ...config.pools?.['gpu-train'], maxGpus } },
    })
    for (const refused of [false, true]) {
      await trained(pooled(16))
      await town.advance(2 * HOUR)
      if (refused) town.setPolicy(pooled(0))
      const [a, b] = [
        { instance: 'a', since: now() - MINUTE },
        { instance: 'b', since: now() },
      ]
      await tell(a, b)
      const first = await town.lane(TRAIN)
      expect([first.outcome?.kind, first.desired]).toMatchObject([
        refused ? 'refused' : undefined,
        { drift: { since: a.since } },
      ])
      await tell({ ...a, status: 'resolved', until: now() })
      town.setPolicy(pooled(16))
      await town.advance(2 * HOUR)
      expect((await town.lane(TRAIN)).desired).toMatchObject({ drift: { since: b.since } })
      await town.answered(TRAIN)
      expect((await town.settled(TRAIN)).state).toBe('succeeded')
      await tell(b)
      await town.advance(2 * HOUR)
      expect((await town.past(TRAIN)).filter(({ outcome }) => outcome.kind === 'succeeded')).toHaveLength(2)
      if (!refused) await town.close()
    }
  })

  it('has its run yet where that gave way before it began to what has come to nothing itself', async () => {
    const given = (autoApproveBelow: number) => ({
      ...config,
      services: watched({ coolDown: '1h' }),
      approvals: { ...config.approvals, autoApproveBelow },
    })
    await trained(given(1e9))
    await town.advance(2 * HOUR)
    const since = now()
    await tell({ since })
    expect((await town.lane(TRAIN)).desired).toMatchObject({ drift: { since } })
    town.setPolicy(given(0))
    await upload(town, 'b')
    await town.advance(MINUTE)
    expect((await town.lane(TRAIN)).desired).not.toHaveProperty('drift')
    await town.answered(TRAIN, 'deny')
    expect((await town.settled(TRAIN)).state).toBe('rejected')
    await town.advance(3 * HOUR)
    expect((await town.lane(TRAIN)).desired).toMatchObject({ drift: { since, again: 'rejected' } })
    // Once it has begun it had its run, whatever comes after it.
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    await upload(town, 'c', { simulation: { tasks: { 'fine-tune': { exitCode: 1 } } } })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('failed')
    await tell({ since })
    await town.advance(3 * HOUR)
    expect((await town.lane(TRAIN)).desired).not.toHaveProperty('drift')
  })

  it('that flaps all day asks a few times, each after a longer pause; one that stays is asked about after that', async () => {
    await trained()
    await town.advance(7 * HOUR)
    let asked = 0
    for (let n = 0; n < 24; n++) {
      const since = now()
      await tell({ since })
      await town.advance(19 * MINUTE)
      if ((await town.question(TRAIN)) !== null) asked++
      await tell({ since, status: 'resolved', until: now() })
      await town.advance(9 * MINUTE)
    }
    expect([asked, await town.question(TRAIN)]).toEqual([5, null])
    await tell({ since: now() })
    expect(await town.question(TRAIN)).toBeNull()
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('with no dataset begins nothing and says so; with no pipeline it is told in the channel, once', async () => {
    town = await openTown({ config })
    await tell({ since: now() })
    expect((await timeline(town)).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('no dataset is known'),
    )
    await town.close()
    town = await openTown({ config: { ...example, services: watched() } })
    const since = now()
    for (const _ of [1, 2]) await tell({ since })
    const cards = (await town.house.cards()).filter(({ card }) => card.title.includes('drifts'))
    expect(cards).toHaveLength(1)
  })

  it('is nobody’s with other labels, and refused without the secret: nothing is written but a number', async () => {
    await trained()
    await tell({ since: now(), labels: { model: 'code-llama' } })
    expect((await town.lane(TRAIN)).generation).toBe(1)
    const body = Buffer.from('{"alerts":[]}')
    for (const headers of [{}, { authorization: 'Bearer guessed' }] as Record<string, string>[])
      expect(await town.house.webhook('alerts', { headers, body })).toMatchObject({ status: 401 })
  })

  it('that was resolved before it began leaves what it took the place of as it was: what was paid for, and what was refused', async () => {
    town = await openTown({ config: { ...config, approvals: { ...config.approvals, autoApproveBelow: 0 } } })
    await upload(town)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await upload(town, 'b', { simulation: { tasks: { evaluate: { exitCode: 1 } } } })
    await town.answered(TRAIN)
    const failed = await town.settled(TRAIN)
    expect(failed).toMatchObject({ state: 'failed', kept: [{ step: 'train' }] })
    await town.advance(7 * HOUR)
    const since = now()
    await tell({ since })
    expect(await town.question(TRAIN)).not.toBeNull()
    // It goes on from what was paid for of the same version.
    expect((await town.plan(TRAIN))?.plan.title).toContain('keeping train')
    await tell({ since, status: 'resolved', until: now() })
    const { outcome, generation, kept } = await town.lane(TRAIN)
    expect({ outcome, generation, kept }).toEqual({
      outcome: failed.outcome,
      generation: failed.generation,
      kept: failed.kept,
    })
    expect(await say(town, 'retry', { from: 'evaluate' })).toMatchObject({ ok: true })
  })
})
