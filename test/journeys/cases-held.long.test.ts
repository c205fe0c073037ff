import { afterEach, describe, expect, it } from 'vitest'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { DAY, HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, SLOW, say, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const model = example.services?.[MODEL]
const withModel = (change: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  ...example,
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
  ...more,
  services: { ...example.services, [MODEL]: { ...model, ...change } },
})
const scaled = async (replicas: number) => {
  town.setPolicy(withModel({ replicas }))
  await town.until(
    `${replicas} stand`,
    async () =>
      (await town.lane(SERVE)).run === null &&
      Object.values(await replicasOf(town)).reduce((a, b) => a + b, 0) === replicas,
    1,
  )
}
const open = async (): Promise<void> => {
  town = await openTown({ config: withModel({}) })
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE)
  await town.settled(SERVE)
}
/** Whoever is asked on the way says yes: an approval binds dollars, which an attempt before has spent some of. */
const agreeing = (done: () => Promise<boolean>) => async (): Promise<boolean> => {
  if ((await town.question(SERVE)) !== null) await town.answered(SERVE)
  return done()
}
const held = async () => (await town.lane(SERVE)).held
const why = () => town.house.why(SERVE)

describe('what is held back says so, and what may be repeated is not used up for ever (G)', () => {
  it('eight policy changes in a row on a standing service: each is carried out', async () => {
    await open()
    for (const replicas of [1, 2, 3, 2, 1, 2, 3, 2]) await scaled(replicas)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 9, held: null })
    expect(await looseEnds(town)).toEqual([])
  })

  it('two good changes, one that is refused, and one that is good: the last is carried out, the refusal said', async () => {
    await open()
    await scaled(1)
    await scaled(3)
    town.setPolicy(withModel({ replicas: 9 }))
    await town.until('it is refused', async () => (await town.lane(SERVE)).state === 'refused', 1)
    expect(await why()).toMatchObject({ why: 'parked', text: expect.stringContaining('gpu-serve') })
    expect(await replicasOf(town)).toEqual({ 1: 3 })
    await scaled(2)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'succeeded', held: null })
    expect((await why()).why).toBe('done')
  })

  it('the world is changed by somebody again and again: repaired as often as each repair succeeds', async () => {
    await open()
    for (let n = 0; n < 4; n++) {
      const [deployment] = await town.house.cluster.list('Deployment')
      await town.house.cluster.delete(
        { kind: 'Deployment', namespace: 'serving', name: deployment?.metadata.name ?? '' },
        deployment?.metadata.uid ?? '',
      )
      await town.until(
        'it stands again',
        async () => (await replicasOf(town))['1'] === 2 && (await town.lane(SERVE)).run === null,
        1,
      )
    }
    expect((await town.lane(SERVE)).attemptsLeft).toBe(2)
  })

  it('attempts that fail in passing use themselves up: then it says so, and a person’s retry gives new ones', async () => {
    await open()
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { imagePull: 'fail' } }),
    )
    await town.until(
      'it is given up',
      agreeing(async () => (await held())?.reason === 'attempts-exhausted'),
      4,
    )
    expect(await why()).toMatchObject({
      why: 'parked',
      text: expect.stringMatching(
        /has had 3 attempts; say retry for another; the last one: the image .* cannot be pulled/,
      ),
    })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    await town.advance(DAY / 2)
    expect(await town.lane(SERVE)).toMatchObject({ attempt: 3, state: 'failed' })
    await town.house.objects.write('acme-results', await behaviourOf(), Buffer.from('{}'))
    expect(await say(town, 'retry', { lane: SERVE })).toMatchObject({ ok: true })
    await town.until(
      'it succeeds',
      agreeing(async () => (await town.lane(SERVE)).state === 'succeeded'),
      4,
    )
    expect(await town.lane(SERVE)).toMatchObject({
      generation: 2,
      attempt: 4,
      attemptsLeft: 2,
      held: null,
    })
  })

  it('a standing version whose repair failed is not called succeeded while none of it is ready', async () => {
    await open()
    await town.house.objects.write(
      'acme-results',
      await behaviourOf(),
      Buffer.from(JSON.stringify({ imagePull: 'fail' })),
    )
    const [deployment] = await town.house.cluster.list('Deployment')
    await town.house.cluster.delete(
      { kind: 'Deployment', namespace: 'serving', name: deployment?.metadata.name ?? '' },
      deployment?.metadata.uid ?? '',
    )
    await town.advance(2 * HOUR)
    expect((await town.lane(SERVE)).state).not.toBe('succeeded')
  })

  it('its gate failed: held for days without a word more, a policy change does not repeat it, and a new version goes', async () => {
    await open()
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: SLOW }))
    await town.answered(SERVE)
    await town.until('it failed', async () => (await town.lane(SERVE)).state === 'failed')
    await town.advance(HOUR)
    expect(await why()).toMatchObject({ why: 'parked', text: expect.stringContaining('say') })
    const said = (await timeline(town, SERVE)).length
    // Other replicas would be those of what serves too, and other pods are another version of it.
    town.setPolicy(withModel({ gate: { ...example.services![MODEL]!.gate, minutes: { p50: 3, p95: 12 } } }))
    await town.advance(DAY / 2)
    expect(await town.lane(SERVE)).toMatchObject({ state: 'failed', generation: 2, attempt: 1 })
    expect((await timeline(town, SERVE)).length - said).toBeLessThanOrEqual(1)
    await promote(
      town.house,
      MODEL,
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 1 } }),
    )
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect(await replicasOf(town)).toEqual({ 3: 2 })
  })

  it.each([
    ['rejected', 'deny' as const],
    ['expired', null],
  ])(
    '%s: it says so for as long as it is so, and starts by itself only for something newer',
    async (state, verdict) => {
      town = await openTown()
      await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
      if (verdict !== null) await town.answered(SERVE, verdict)
      await town.settled(SERVE)
      await town.advance(DAY)
      expect(await town.lane(SERVE)).toMatchObject({ state, held: { reason: `held-${state}` } })
      expect(await why()).toMatchObject({ why: 'parked', text: expect.stringContaining('says retry') })
      expect(await say(town, 'retry', { lane: SERVE })).toMatchObject({ ok: true })
      await town.answered(SERVE)
      expect((await town.settled(SERVE)).state).toBe('succeeded')
      expect((await why()).why).toBe('done')
    },
  )

  it('three policy changes while one is being carried out: the last of them is what stands in the end', async () => {
    await open()
    for (const replicas of [3, 1, 3]) {
      town.setPolicy(withModel({ replicas }))
      await town.advance(MINUTE)
    }
    await town.until(
      'three stand',
      async () => (await replicasOf(town))['1'] === 3 && (await town.lane(SERVE)).run === null,
      2,
    )
    town.setPolicy(withModel({ replicas: 4 }))
    await town.until('it begins', async () => (await town.lane(SERVE)).run !== null, 1)
    town.setPolicy(withModel({ replicas: 3 }))
    await town.advance(HOUR)
    expect([await replicasOf(town), (await town.lane(SERVE)).run]).toEqual([{ 1: 3 }, null])
    expect(await looseEnds(town)).toEqual([])
  })
})

/** The file by which the served version's container behaves. */
const behaviourOf = async (): Promise<string> => {
  const { source } = (await town.house.registry.alias(MODEL, 'champion')) ?? { source: '' }
  return `${source.replace('s3://acme-results/', '')}simulation.json`
}
