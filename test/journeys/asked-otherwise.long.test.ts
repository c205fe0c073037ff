import { afterEach, describe, expect, it } from 'vitest'
import type { Question } from '../../core/lane/question.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { config as drifting, nowOf, tellOf, trainedTown } from './drifting.ts'
import { laddered, laddersOf } from './ladder.ts'
import { clockOf, HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, served, TRAIN, timeline, trainedUntil, upload } from './scenes.ts' // biome-ignore format: a line
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const POOL = 'pool/gpu-train'
const asks = async (lane = TRAIN): Promise<Question> => {
  await town.until('it asks', async () => (await town.question(lane)) !== null)
  return (await town.question(lane)) as Question
}
/** A policy, and until who compares has looked. */
const edited = async (config: unknown): Promise<void> => {
  town.setPolicy(config)
  await town.advance(6 * MINUTE)
}
const longer = { ...example, approvals: { ...example.approvals, expiry: '24h' } }
const trained = (args: string[], more: object = {}) => ({
  ...example,
  ...more,
  pipelines: { 'support-chats': piped({ train: { args } }) },
})
const serving = (over: object, more: object = {}) => ({
  ...example,
  ...more,
  services: { ...example.services, [MODEL]: { ...example.services?.[MODEL], ...over } },
})
const askedTimes = async (lane = TRAIN) =>
  (await timeline(town, lane)).filter(({ text }) => text.startsWith('asked ')).length

describe('a question with a choice', () => {
  const price = { perNodeHour: 55.04, spot: 22, source: 'AWS price list', date: '2026-11-01' }
  const spot = { instanceType: 'p5.48xlarge', gpusPerNode: 8, maxGpus: 8, capacityTypes: ['spot'], price }
  const small = (hours = { p50: 3, p95: 6 }) => ({ pool: 'gpu-serve', gpus: 4, hours })
  const ways = (alternatives: object | undefined, more: object = {}) => ({
    ...example,
    ...more,
    pools: { ...example.pools, 'gpu-spot': spot },
    pipelines: {
      'support-chats': {
        ...piped(),
        ...(alternatives && { alternatives }),
      },
    },
  })
  const both = { spot: { stages: { train: { pool: 'gpu-spot' } } }, small: { stages: { train: small() } } }
  const chosen = ({ choices = [] }: Question) => choices.map(({ name }) => name)
  const press = (id = '', by = ANA) => town.house.answer(id, { by, verdict: 'approve', reason: null })

  it('stays as it is, with what was said to each way, while each of them would be heeded', async () => {
    const need = { approvals: { ...example.approvals, need: 2 } }
    town = await openTown({ config: ways(both, need) })
    await upload(town)
    const first = await asks()
    await press(first.choices?.[0]?.id)
    const before = await asks()
    await edited(ways(both, { approvals: { ...example.approvals, need: 2, expiry: '24h' } }))
    expect(await asks()).toEqual(before)
    await press(first.choices?.[0]?.id, BEN)
    await town.until('it begins', async () => (await town.lane(TRAIN)).run?.phase === 'steps')
    expect((await town.lane(TRAIN)).approved?.question.chosen).toMatchObject({ name: chosen(first)[0] })
    expect(await askedTimes()).toBe(1)
  })

  it.each<[string, object | undefined]>([
    ['has gone', { spot: both.spot }],
    ['takes longer', { ...both, small: { stages: { train: small({ p50: 4, p95: 7 }) } } }],
    [
      'runs otherwise',
      { ...both, spot: { stages: { train: { pool: 'gpu-serve', gpus: 4, hours: { p50: 2, p95: 5 } } } } },
    ],
  ])(
    'is asked anew where one of its ways %s, though nobody would be asked about that alone',
    async (_, alternatives) => {
      const below = { approvals: { ...example.approvals, autoApproveBelow: 200 } }
      town = await openTown({ config: ways(both, below) })
      await upload(town)
      const first = await asks()
      expect(chosen(first).toSorted()).toEqual(['small', 'spot'])
      await edited(ways(alternatives, below))
      const again = await asks()
      expect([again.id === first.id, again.digest === first.digest]).toEqual([false, true])
      expect((await press(first.choices?.[0]?.id)).body).toMatchObject({ refused: 'question-closed' })
      await town.advance(HOUR)
      expect(await askedTimes()).toBe(2)
    },
  )
})

it('what was approved and is frozen is asked about again after each edit, however many there are', async () => {
  town = await openTown()
  await upload(town)
  await asks()
  await town.house.command({ kind: 'freeze', lane: TRAIN, until: clockOf(town).now() + 9 * HOUR, by: ANA })
  await town.answered(TRAIN)
  for (const epochs of [1, 2, 4]) {
    await edited(trained([`--epochs=${epochs}`]))
    expect(await town.lane(TRAIN)).toMatchObject({ run: { phase: 'asked', asked: 1 } })
    await town.answered(TRAIN)
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ rest: { why: 'frozen' } })
  }
  await town.house.command({ kind: 'thaw', lane: TRAIN, by: ANA })
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
})

it('what is asked for more stays asked about, whatever the policy says of what comes next', async () => {
  const asking = { ...example, pipelines: { 'support-chats': { ...piped(), onBound: 'ask' as const } } }
  town = await openTown({ config: asking })
  await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes: 300 } } } })
  const question = await asks()
  expect(question.more).toBeDefined()
  const args = { ...piped({ train: { args: ['--epochs=1'] } }), onBound: 'ask' as const }
  await edited({ ...asking, pipelines: { 'support-chats': args } })
  expect(await asks()).toEqual(question)
  await town.answered(TRAIN)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
})

describe('a lease that people are asked about', () => {
  const leasing = (pool: object = {}, more: object = {}) => ({
    ...example,
    ...more,
    pools: {
      ...example.pools,
      'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8, leases: { maxGpus: 16, maxHours: 12 }, ...pool },
    },
  })
  const lease = async () => {
    town = await openTown({ config: leasing() })
    const until = clockOf(town).now() + 6 * HOUR
    await town.house.command({ kind: 'lease', lane: POOL, by: BEN, does: 'take', gpus: 8, until })
    return asks(POOL)
  }

  it('stays so beside other edits, and is what it was once it is approved', async () => {
    const question = await lease()
    await edited(leasing({}, { approvals: longer.approvals }))
    expect(await asks(POOL)).toEqual(question)
    await town.answered(POOL)
    await town.advance(MINUTE)
    expect(await town.lane(POOL)).toMatchObject({ outcome: { kind: 'succeeded' }, attempt: 1 })
  })

  it('is refused at once where the policy lets nobody lease for so long', async () => {
    await lease()
    await edited(leasing({ leases: { maxGpus: 16, maxHours: 4 } }))
    expect(await town.lane(POOL)).toMatchObject({ run: null, outcome: { kind: 'refused' } })
  })
})

it.each(['is approved', 'resolves'] as const)('a run for an alert is planned anew for that; it %s', async (becomes) => {
  const asked = { ...drifting, approvals: { ...drifting.approvals, autoApproveBelow: 0 } }
  town = await trainedTown()
  await town.advance(7 * HOUR)
  town.setPolicy(asked)
  const since = nowOf(town) - MINUTE
  await tellOf(town, { since })
  const first = await asks()
  const { stages, ...rule } = drifting.pipelines['support-chats']
  const [train, ...others] = stages
  await edited({
    ...asked,
    pipelines: { 'support-chats': { ...rule, stages: [{ ...train, args: ['--epochs=1'] }, ...others] } },
  })
  expect((await asks()).id).not.toBe(first.id)
  expect((await town.plan(TRAIN))?.plan.title).toContain('since ModelDriftHigh fires')
  if (becomes === 'is approved') await town.answered(TRAIN)
  else await tellOf(town, { since, status: 'resolved', until: nowOf(town) })
  const generation = becomes === 'is approved' ? 2 : 1
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation })
  expect(await looseEnds(town)).toEqual([])
})

describe('a service', () => {
  const slow = { loadMinutes: 12 } as Simulation

  it('of which something stands halfway is asked about anew from there, and who serves goes on', async () => {
    town = await openTown()
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: slow }))
    await town.answered(SERVE)
    await town.advance(5 * MINUTE)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { third: 'yes' } }))
    const first = await asks(SERVE)
    expect(await town.lane(SERVE)).toMatchObject({ generation: 3, halfway: true })
    await edited(serving({ args: ['--seed=7'] }))
    expect((await asks(SERVE)).id).not.toBe(first.id)
    expect(await town.lane(SERVE)).toMatchObject({ generation: 3, halfway: true, run: { phase: 'asked', asked: 1 } })
    expect(await replicasOf(town)).toMatchObject({ 1: 2 })
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', baseline: { generation: 3 } })
    expect(await replicasOf(town)).toEqual({ 3: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('whose other pods are wanted no more before anybody answers is as it stands, and nobody is asked', async () => {
    town = await openTown()
    await served(town)
    town.setPolicy(serving({ args: ['--seed=7'] }))
    await asks(SERVE)
    await edited(example)
    expect(await town.lane(SERVE)).toMatchObject({ run: null, state: 'succeeded' })
    expect([await town.question(SERVE), await replicasOf(town)]).toEqual([null, { 1: 2 }])
  })

  it('is asked about with its floor while a rung says so, and with its replicas once that is over', async () => {
    const floored = (dollars: number) =>
      laddered(dollars, [{ at: 0.02, do: 'cap-pools', serving: 'floor' } as never], {
        services: { [MODEL]: { ...example.services?.[MODEL], replicas: 2, floor: 1 } },
      })
    town = await openTown({ at: Date.UTC(2026, 10, 30, 18), config: floored(100_000) })
    await served(town)
    await town.advance(20 * MINUTE)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { n: '2' } }))
    await asks(SERVE)
    const replicas = async () => (await town.plan(SERVE))?.plan.effects.replicas
    expect(await replicas()).toBe(2)
    town.setPolicy(floored(1000))
    await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
    await town.advance(6 * MINUTE)
    expect(await replicas()).toBe(1)
    await edited(floored(100_000))
    await town.advance(6 * MINUTE)
    expect(await replicas()).toBe(2)
    expect(await town.lane(SERVE)).toMatchObject({ run: { phase: 'asked', asked: 1 } })
  })
})

it('what was paid for and is asked about again keeps that, though the policy wants the rest otherwise', async () => {
  const judged = (p95: number) => ({
    ...example,
    pipelines: { 'support-chats': piped({ evaluate: { hours: { p50: 0.1, p95 } } }) },
  })
  town = await openTown()
  await trainedUntil(town, 'train', 'running', { simulation: { metrics: { score: 0.1 } } })
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed' })
  await town.house.objects.write('acme-datasets', 'support-chats/a/simulation.json', Buffer.from('{}'))
  town.setPolicy(judged(40))
  await town.house.command({ kind: 'retry', lane: TRAIN, by: ANA, from: 'evaluate' })
  const first = await asks()
  await edited(judged(60))
  expect((await asks()).bounds.dollars).toBeGreaterThan(first.bounds.dollars)
  await town.answered(TRAIN)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
  expect((await town.run(TRAIN))?.steps[0]).toMatchObject({ name: 'train', note: expect.stringContaining('kept from') })
})

describe('a process that dies while it looks at what an edit makes of a question', () => {
  /** Dies at that call after the edit. */
  const lived = async (calls: number): Promise<boolean> => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await upload(town)
    const first = await asks()
    town.setPolicy(trained(['--epochs=1']))
    far.dies(calls)
    await town.advance(6 * MINUTE).catch(() => undefined)
    const died = far.isDead()
    far.revive()
    if (died) await town.reopen(far.wrap)
    await town.advance(12 * MINUTE)
    expect((await asks()).id).not.toBe(first.id)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 1, attempt: 2, run: { phase: 'asked', asked: 1 } })
    expect(await looseEnds(town)).toEqual([])
    expect((await town.house.cards()).map(({ card }) => card.question !== null)).toEqual([true, false])
    return died
  }

  it('at one call after the other leaves one question, about what is wanted', async () => {
    for (let calls = 0, died = true; died; calls += 3) {
      if (calls > 0) await town.close()
      died = await lived(calls)
    }
  }, 600_000)
})
