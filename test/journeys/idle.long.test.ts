import { afterEach, describe, expect, it } from 'vitest'
import { openPrometheusStandIn, type PrometheusStandIn } from '../effects/metrics/prometheus-stand-in.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { type Between, between } from './away.ts'
import { HOUR, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
let prometheus: PrometheusStandIn
afterEach(() => town.close())

const ENGINE = 'DCGM_FI_PROF_GR_ENGINE_ACTIVE'

/** A training that takes hours on eight GPUs, under what the policy says of those that idle. */
const training = async (
  idle: object | null = {},
  more: { onBound?: 'ask'; minutes?: number; wrap?: Between['wrap'] } = {},
) => {
  const { minutes = 150, wrap, ...rest } = more
  const config = {
    ...example,
    approvals: { ...example.approvals, autoApproveBelow: 1e9 },
    pipelines: { 'support-chats': { ...piped(), ...(idle === null ? {} : { idle }), ...rest } },
  }
  town = await openTown({
    config,
    ...(wrap === undefined ? {} : { wrap }),
    metrics: (clock) => {
      prometheus = openPrometheusStandIn(clock)
      return prometheus.metrics
    },
  })
  await upload(town, 'a', { simulation: { minutes, tasks: { evaluate: { minutes: 5 } } } })
  await town.until('it runs', async () => (await town.run(TRAIN))?.steps[0]?.ranFrom != null)
}
const works = async (share: number | null, name = ENGINE) => {
  const { made } = (await town.run(TRAIN))?.steps[0] ?? {}
  const step = (await town.plan(TRAIN))?.plan.steps[0] as { gpus: number }
  for (let gpu = 0; gpu < step.gpus; gpu++)
    prometheus.sets(
      name,
      { namespace: made?.ref.namespace ?? '', pod: `${made?.ref.name}-abcde`, gpu: String(gpu) },
      share,
    )
}
const cards = async () => (await town.house.cards()).map(({ card }) => card)
const ofIdle = async () => (await cards()).filter(({ title }) => /GPUs idle|End /.test(title))
const said = async () => (await timeline(town)).map(({ text }) => text)

describe('a training whose GPUs do nothing', () => {
  it('is told after a quarter of an hour, asked about after an hour, and goes on where nobody answers', async () => {
    await training()
    await works(0)
    await town.advance(29 * MINUTE)
    expect(await ofIdle()).toEqual([])
    await town.advance(10 * MINUTE)
    expect(await ofIdle()).toMatchObject([
      {
        title: expect.stringContaining('GPUs idle'),
        lines: [expect.stringMatching(/do nothing since .* has cost \$\d/)],
      },
    ])
    expect(await town.question(TRAIN)).toBeNull()
    await town.advance(50 * MINUTE)
    expect(await town.question(TRAIN)).toMatchObject({ state: 'open', more: { ends: true } })
    expect((await town.house.why(TRAIN)).text).toContain('people are asked whether it shall end')
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect((await ofIdle()).filter(({ question }) => question !== null)).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })

  it('that has ended well while nobody could look is not ended for its GPUs, whatever people have agreed to meanwhile', async () => {
    const far = between()
    await training({}, { wrap: far.wrap })
    await works(0)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    const from = (await town.run(TRAIN))?.steps[0]?.ranFrom ?? 0
    await town.advance(from + 145 * MINUTE - town.house.clock.now())
    far.fails('cluster', 'away')
    await town.advance(10 * MINUTE)
    await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    far.answers('cluster')
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    ['approve', 'failed'],
    ['deny', 'succeeded'],
  ] as const)('is ended only where people agree: %s, and it has %s', async (verdict, state) => {
    await training()
    await works(0)
    await town.answered(TRAIN, verdict)
    const { outcome } = await town.settled(TRAIN)
    expect(outcome?.kind).toBe(state)
    if (verdict === 'approve')
      expect(outcome).toMatchObject({
        reason: 'gpus-idle',
        detail: expect.stringContaining('the approvers agreed to end it'),
      })
    expect((await said()).filter((text) => text.includes('whether it shall end'))).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
  })

  it('that works again while people are asked is asked about no more: an answer that comes late ends nothing', async () => {
    await training()
    await works(0)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { id } = (await town.question(TRAIN)) ?? { id: '' }
    await works(0.9)
    await town.advance(6 * MINUTE)
    expect(await town.question(TRAIN)).toBeNull()
    expect(await said()).toContainEqual('it is asked about no more')
    expect(await town.house.answer(id, { by: 'T0SIGNAL/U0APPROVER', verdict: 'approve', reason: null })).toBeDefined()
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('is ended by the rule that says so, and by none that does not', async () => {
    await training({ tell: '10m', ask: '20m', end: '1h' })
    await works(0)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      reason: 'gpus-idle',
      detail: expect.stringContaining('`idle.end`'),
    })
  })

  it.each([
    ['that works now and then', async () => works(0.4)],
    [
      'of whose GPUs one is not known',
      async () => prometheus.sets(ENGINE, { namespace: 'training', pod: 'another-abcde', gpu: '0' }, 0),
    ],
    ['while Prometheus is away', async () => prometheus.fails('away')],
    ['while Prometheus answers in part', async () => prometheus.fails('partial')],
  ])('%s is not idle: nobody is told, and its run goes on', async (_, happens) => {
    await training({ tell: '10m', ask: '20m', end: '1h' })
    await happens()
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await ofIdle()).toEqual([])
  })

  it('is told anew where it worked in between; and nobody looks where the policy says nothing of it', async () => {
    await training()
    await works(0)
    await town.advance(45 * MINUTE)
    await works(0.9)
    await town.advance(10 * MINUTE)
    await works(0)
    await town.advance(40 * MINUTE)
    expect(await ofIdle()).toHaveLength(2)
    expect(await town.question(TRAIN)).toBeNull()
    await town.close()
    await training(null)
    await town.advance(HOUR)
    expect(prometheus.asked).toEqual([])
  })

  it('is asked about before more of it is, and then that: each has its own answer', async () => {
    await training({ tell: '10m', ask: '20m' }, { onBound: 'ask', minutes: 220 })
    await works(0)
    await town.until('it asks', async () => (await town.question(TRAIN))?.more?.ends === true)
    await town.answered(TRAIN, 'deny')
    await town.until('it asks for more', async () => ((await town.question(TRAIN))?.more?.dollars ?? 0) > 0)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await looseEnds(town)).toEqual([])
  })
})
