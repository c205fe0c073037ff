import { afterEach, describe, expect, it } from 'vitest'
import type { Question } from '../../core/lane/question.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, MODEL, SERVE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const rule = example.pipelines!['support-chats']!
type Stage = (typeof rule.stages)[number]
type Config = typeof example
/** The example with its first stage otherwise. */
const training = (stage: Partial<Stage>, more: object = {}): Config => {
  const [train, ...others] = rule.stages as [Stage, ...Stage[]]
  return { ...example, ...more, pipelines: { 'support-chats': { ...rule, stages: [{ ...train, ...stage }, ...others] } } } as Config // biome-ignore format: a line
}
const serving = (over: object): Config =>
  ({ ...example, services: { ...example.services, [MODEL]: { ...example.services?.[MODEL], ...over } } }) as Config
const approvals = (over: object, config: Config = example): Config => ({
  ...config,
  approvals: { ...config.approvals, ...over },
})

const asks = async (lane: string): Promise<Question> => {
  await town.until('it asks', async () => (await town.question(lane)) !== null)
  return (await town.question(lane)) as Question
}
/** People are asked whether a dataset is trained on. */
const asked = async (given: Parameters<typeof openTown>[0] = {}): Promise<Question> => {
  town = await openTown(given)
  await upload(town)
  return asks(TRAIN)
}
/** People are asked whether a version is served. */
const promoted = async (given: Parameters<typeof openTown>[0] = {}): Promise<Question> => {
  town = await openTown(given)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  return asks(SERVE)
}
/** A policy, and until who compares has looked. */
const edited = async (config: Config): Promise<void> => {
  town.setPolicy(config)
  await town.advance(6 * MINUTE)
}
const press = (id: string, by = ANA) => town.house.answer(id, { by, verdict: 'approve', reason: null })
/** The oldest first. */
const cards = async () => (await town.house.cards()).toReversed().map(({ card: { title, question, lines } }) => ({ title, question, lines: lines.join('\n') })) // biome-ignore format: a line
const questionsOf = async (lane = TRAIN) => (await timeline(town, lane)).filter(({ text }) => text.startsWith('asked '))

describe('an open question, once the policy wants something else', () => {
  it('of a service is closed within minutes, which its card says, and what is wanted is asked about on one of its own', async () => {
    const first = await promoted()
    await edited(serving({ args: ['--seed=7'] }))
    const { id, digest, until } = await asks(SERVE)
    expect([id === first.id, digest === first.digest, until > first.until]).toEqual([false, false, true])
    expect(await town.lane(SERVE)).toMatchObject({ generation: 1, attempt: 2, run: { asked: 1 } })
    expect(await cards()).toMatchObject([
      { title: expect.stringMatching(/superseded$/), question: null, lines: expect.stringContaining('not what the policy in force wants') }, // biome-ignore format: a line
      { title: expect.stringMatching(/^Approve\?/), question: id },
    ])
    expect((await press(first.id)).body).toMatchObject({ refused: 'question-closed' })
    await town.answered(SERVE)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 2 })
    const [deployment] = await town.house.cluster.list('Deployment')
    expect(JSON.stringify(deployment)).toContain('--seed=7')
    expect(await looseEnds(town)).toEqual([])
  })

  it.each<[string, Partial<Stage>]>([
    ['hours', { hours: { p50: 4, p95: 8 } }],
    ['an image', { image: `ghcr.io/acme/other@sha256:${'ab'.repeat(32)}` }],
    ['arguments', { args: ['--epochs=1'] }],
  ])('of a pipeline, by other %s, likewise, and once', async (_, stage) => {
    const first = await asked()
    await edited(training(stage))
    expect((await asks(TRAIN)).id).not.toBe(first.id)
    await town.advance(HOUR)
    expect([(await questionsOf()).length, (await town.lane(TRAIN)).attempt]).toEqual([2, 2])
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 2 })
  })

  it('is refused at once where that cannot be, with the reason on its card, and asked again once it can', async () => {
    await promoted()
    await edited({ ...example, sources: [] })
    expect(await town.lane(SERVE)).toMatchObject({ state: 'refused', attempt: 1 })
    expect(await cards()).toMatchObject([{ title: expect.stringMatching(/refused$/), question: null }])
    await edited(example)
    expect(await town.lane(SERVE)).toMatchObject({ run: { phase: 'asked', asked: 1 } })
  })

  it('there and back before anybody looks is nothing, and after that two questions more, none of which is too many', async () => {
    const first = await asked()
    town.setPolicy(training({ args: ['--epochs=1'] }))
    await edited(example)
    expect(await town.question(TRAIN)).toEqual(first)
    for (const args of [['--epochs=1'], ['--epochs=2'], ['--epochs=3', '--lora-rank=16']]) {
      await edited(training({ args }))
      expect((await town.lane(TRAIN)).run).toMatchObject({ phase: 'asked', asked: 1 })
    }
    expect((await asks(TRAIN)).digest).toBe(first.digest)
    expect((await questionsOf()).length).toBe(4)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('is closed where nobody need be asked about what is wanted in its place, which begins', async () => {
    await asked()
    await edited(approvals({ autoApproveBelow: 10_000 }, training({ args: ['--epochs=1'] })))
    expect(await town.lane(TRAIN)).toMatchObject({ attempt: 2, run: { phase: 'steps' } })
    expect(JSON.stringify(await jobsOf(town))).toContain('--epochs=1')
  })

  it('and so it is asked about again though some have said yes: what they saw is not what it is', async () => {
    const { id } = await asked({ config: approvals({ need: 2 }) })
    await press(id)
    await edited(approvals({ need: 2 }, training({ args: ['--epochs=1'] })))
    expect(await asks(TRAIN)).toMatchObject({ votes: [], need: 2 })
  })
})

describe('an open question, once others are to answer it, or more, or fewer', () => {
  const alone = { approvers: [{ id: ANA, name: 'ana' }] }
  const answers = async () =>
    (await town.house.cards()).map(({ card: { facts } }) => facts.find(({ label }) => label === 'Answers')?.value)
  const begun = async () => (await town.lane(TRAIN)).run?.phase === 'steps'

  it('is answered by who has agreed already, where fewer are needed by now', async () => {
    const { id } = await asked({ config: approvals({ need: 2 }) })
    await press(id)
    await edited(approvals({ need: 1, ...alone }))
    expect([await begun(), (await questionsOf()).length]).toEqual([true, 1])
  })

  it('waits for as many as are needed now, and is never one that nobody can answer', async () => {
    const { id } = await asked({ config: approvals({ need: 2 }) })
    await edited(approvals({ need: 1, ...alone }))
    expect([await answers(), (await town.lane(TRAIN)).rest?.text]).toEqual([['0 of 1'], expect.stringContaining('waits for 1 of')]) // biome-ignore format: a line
    expect((await press(id)).body).toMatchObject({ recorded: 'approved' })
    await town.until('it runs', begun)
  })

  it('more, and then fewer: who agreed in between has begun it', async () => {
    const { id } = await asked()
    await edited(approvals({ need: 2 }))
    expect(await answers()).toEqual(['0 of 2'])
    expect((await press(id)).body).toMatchObject({ recorded: 'open' })
    await edited(example)
    expect(await begun()).toBe(true)
  })

  it.each([0, 6])(
    'one more of who asked is unknown: two begin it, %d minutes after the edit, and nobody is asked twice',
    async (minutes) => {
      const { id } = await asked({ config: approvals({ unknownRequester: 'anyone' }) })
      town.setPolicy(approvals({ unknownRequester: 'one-more' }))
      await town.advance(minutes * MINUTE)
      expect((await press(id)).body).toMatchObject({ recorded: 'open' })
      await town.advance(MINUTE)
      expect(await answers()).toEqual(['1 of 2'])
      expect((await press(id, BEN)).body).toMatchObject({ recorded: 'approved' })
      await town.until('it runs', begun)
      expect((await questionsOf()).length).toBe(1)
    },
  )

  it('shows no yes of who may not give one any more', async () => {
    const { id } = await asked({ config: approvals({ need: 2 }) })
    await press(id)
    await town.advance(MINUTE)
    expect(await answers()).toEqual(['1 of 2'])
    await edited(approvals({ need: 2, approvers: [{ id: BEN, name: 'ben' }, { id: 'T0SIGNAL/U0DAN', name: 'dan' }] })) // biome-ignore format: a line
    expect(await answers()).toEqual(['0 of 2'])
  })

  it('is not asked in another channel to be closed there at once', async () => {
    await asked()
    await edited(approvals({ channel: 'C0OTHER' }, training({ args: ['--epochs=1'] })))
    const shown = (await town.house.cards()).map(({ channel, card: { title } }) => [
      channel,
      title.startsWith('Approve?'),
    ])
    expect(shown.toSorted()).toEqual([['C0GPUOPS', false], ['C0OTHER', true]]) // biome-ignore format: a line
  })
})

describe('an open question, once something else of the policy is edited', () => {
  const others: [string, (config: Config) => Config][] = [
    ['who may be asked', (config) => approvals({ approvers: [...config.approvals.approvers, { id: 'T0SIGNAL/U0DAN', name: 'dan' }] }, config)], // biome-ignore format: a line
    ['below which price nobody is asked', (config) => approvals({ autoApproveBelow: 10_000 }, config)],
    ['how long people are asked', (config) => approvals({ expiry: '24h' }, config)],
    ['a service', (config) => ({ ...config, services: serving({ args: ['--seed=7'] }).services }) as Config],
    ['a lower price', (config) => priced(config, 50)],
  ]
  const priced = (config: Config, perNodeHour: number): Config => {
    const pool = config.pools['gpu-train']!
    return { ...config, pools: { ...config.pools, 'gpu-train': { ...pool, price: { ...pool.price!, perNodeHour } } } } as Config // biome-ignore format: a line
  }

  it.each(others)(
    '%s: it stays, with its votes, its card and its end, and the one who is missing begins it',
    async (_, edit) => {
      const config = approvals({ need: 2 })
      await press((await asked({ config })).id)
      const [before, shown] = [await town.question(TRAIN), await cards()]
      await edited(edit(config))
      expect([await town.question(TRAIN), await cards()]).toEqual([before, shown])
      expect(await town.lane(TRAIN)).toMatchObject({ attempt: 1, rest: { why: 'asked' } })
      await town.advance(30 * MINUTE)
      await press(before!.id, BEN)
      await town.until('it runs', async () => (await jobsOf(town)).length > 0)
      expect([(await town.lane(TRAIN)).attempt, (await questionsOf()).length]).toEqual([1, 1])
    },
  )

  it('a higher price is more than people were asked about: they are asked anew', async () => {
    const first = await asked()
    await edited(priced(example, 60))
    expect(await asks(TRAIN)).toMatchObject({ digest: first.digest })
    expect((await asks(TRAIN)).bounds.dollars).toBeGreaterThan(first.bounds.dollars)
  })

  it('is looked at once for each edit: while nothing is edited nobody looks at the cluster for it', async () => {
    const far = between()
    await asked({ wrap: far.wrap })
    const looks = () => far.calls.filter(({ side, name, values }) => side === 'cluster' && name === 'list' && values[0] === 'Pod').length // biome-ignore format: a line
    const during = async (work: () => Promise<void>): Promise<number> => {
      far.calls.length = 0
      await work()
      return looks()
    }
    const quiet = await during(() => town.advance(30 * MINUTE))
    const once = await during(async () => {
      town.setPolicy(approvals({ expiry: '24h' }))
      await town.advance(30 * MINUTE)
    })
    const again = await during(() => town.advance(30 * MINUTE))
    expect([once - quiet, again - quiet]).toEqual([1, 0])
  })
})

describe('an edit while a far side is away', () => {
  it.each(['away', 'not-allowed'] as const)(
    'the cluster is %s: people are asked on until it can be planned, and their answers are heard',
    async (how) => {
      const far = between()
      const first = await asked({ wrap: far.wrap, config: approvals({ need: 2 }) })
      far.fails('cluster', how)
      await edited(approvals({ need: 2 }, training({ args: ['--epochs=1'] })))
      await town.advance(HOUR)
      expect(await town.question(TRAIN)).toEqual(first)
      expect((await town.lane(TRAIN)).rest?.why).toBe('asked')
      expect((await press(first.id)).body).toMatchObject({ recorded: 'open' })
      far.answers('cluster')
      await town.advance(12 * MINUTE)
      expect(await asks(TRAIN)).toMatchObject({ votes: [] })
      expect((await town.lane(TRAIN)).attempt).toBe(2)
    },
  )

  it('the chat is away: it is told once that answers', async () => {
    const far = between()
    const first = await asked({ wrap: far.wrap })
    await town.advance(MINUTE)
    far.fails('chat', 'away')
    await edited(training({ args: ['--epochs=1'] }))
    const { id } = await asks(TRAIN)
    expect(id).not.toBe(first.id)
    far.answers('chat')
    await town.advance(15 * MINUTE)
    expect((await cards()).map(({ question }) => question)).toEqual([null, id])
  })

  it('and it expires meanwhile as it would have', async () => {
    const far = between()
    await asked({ wrap: far.wrap })
    far.fails('cluster', 'away')
    await edited(training({ args: ['--epochs=1'] }))
    await town.advance(5 * HOUR)
    expect(await far.past(() => town.lane(TRAIN))).toMatchObject({ state: 'expired', attempt: 1 })
  })
})
