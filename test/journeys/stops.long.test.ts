import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'
const replacing = {
  ...example,
  pipelines: { 'support-chats': piped({ onNewer: 'replace' }) },
}
let town: Town
afterEach(() => town.close())

const upload = async (folder: string): Promise<void> => {
  await uploadDataset(town.house, {
    bucket: 'acme-datasets',
    folder: `support-chats/${folder}/`,
    rows: [`"${folder}"`],
  })
  await town.house.scanUploads()
}
/** The process dies before anybody works on what this leaves, and another one starts. */
const dying = async (leave: () => Promise<unknown>): Promise<void> => {
  const wake = vi.spyOn(town.house.ports.queue, 'wake').mockRejectedValue(new Unavailable('it is dying'))
  await leave()
  wake.mockRestore()
  await town.reopen()
}
const stepIs = (lane: string, name: string, state: string) => async () =>
  (await town.run(lane, undefined, 1))?.steps.find((step) => step.name === name)?.state === state

describe('something newer is wanted, at every step of training', () => {
  it.each(['asked', 'train', 'evaluate', 'judge-evaluate', 'register', 'notify'])(
    'while %s: the newer one is what is trained on in the end, and nothing of the older is left running',
    async (at) => {
      town = await openTown({ config: replacing })
      await upload('a')
      if (at === 'asked') await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
      else {
        await town.answered(TRAIN)
        await town.until(`${at} runs`, async () =>
          ['running', 'done'].includes(
            (await town.run(TRAIN, 1, 1))?.steps.find(({ name }) => name === at)?.state ?? '',
          ),
        )
      }
      await town.advance(1000)
      await upload('b')
      await town.answered(TRAIN)
      expect(await town.settled(TRAIN)).toMatchObject({
        state: 'succeeded',
        generation: 2,
        desired: { key: 'support-chats/b/manifest.json' },
      })
      expect((await town.run(TRAIN, 1, 1))?.hold).toBeNull()
      const running = (await town.house.cluster.list('Job')).filter(
        (job) => ((job as { status?: { active?: number } }).status?.active ?? 0) > 0,
      )
      expect(running).toEqual([])
      for (const room of ['pool/gpu-train', 'budget/ml-monthly'])
        expect(await town.held(room)).toEqual({ lanes: {}, sum: 0 })
    },
  )
})

describe('the process dies while a lane asks', () => {
  const HOUR = 3_600_000
  const askWith = async (need: number): Promise<{ id: string; until: number }> => {
    town = await openTown({ config: { ...example, approvals: { ...example.approvals, need } } })
    await upload('a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const { id = '', until = 0 } = (await town.question(TRAIN)) ?? {}
    return { id, until }
  }
  const cards = async () => (await town.house.cards()).map(({ key, card }) => [key, card.question])

  it('the question is the same afterwards, and its card is not posted again', async () => {
    const { id } = await askWith(1)
    const before = await cards()
    await town.reopen()
    await town.advance(HOUR)
    expect((await town.question(TRAIN))?.id).toBe(id)
    expect(await cards()).toEqual(before)
    expect(before).toEqual([[expect.stringMatching(/-g1a1$/), id]])
  })

  it('a vote that was given before it died counts after it, with one that came since', async () => {
    await askWith(2)
    await town.answered(TRAIN, 'approve', ANA)
    await town.reopen()
    expect((await town.question(TRAIN))?.votes).toMatchObject([{ by: ANA, verdict: 'approve' }])
    await town.answered(TRAIN, 'approve', BEN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
  })

  it('a vote that came as it died, and was read by nobody, counts by the time at which it was given', async () => {
    const { id } = await askWith(1)
    await dying(() => town.house.answer(id, { by: ANA, verdict: 'approve', reason: null }))
    const given = town.house.clock.now()
    await town.until('it has begun', async () => (await town.run(TRAIN))?.phase === 'steps')
    expect(town.house.clock.now() - given).toBeLessThanOrEqual(60_000)
    expect((await town.run(TRAIN))?.question?.votes).toMatchObject([{ by: ANA, at: given }])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
  })

  it('it expires when it would have, and no press counts any more', async () => {
    const { id, until } = await askWith(1)
    await town.reopen()
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'expired' })
    expect(town.house.clock.now() - until).toBeLessThanOrEqual(2 * 60_000)
    expect((await town.run(TRAIN))?.question?.state).toBe('expired')
    expect(await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })).toMatchObject({
      body: { refused: 'question-closed' },
    })
    await town.advance(0)
    expect(await town.house.cards()).toMatchObject([
      { card: { title: expect.stringContaining('expired'), question: null } },
    ])
  })
})

describe('a freeze', () => {
  it('the wakes of the thaw are lost: a minute later both go on all the same, and asking again wakes them', async () => {
    const wakes = { lost: 0, lose: false }
    const wrap = (ports: Ports): Ports => ({
      ...ports,
      queue: {
        wake: async (group, id) => {
          if (!wakes.lose) return ports.queue.wake(group, id)
          wakes.lost++
          throw new Unavailable('SQS does not answer')
        },
      },
    })
    town = await openTown({ config: { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }, wrap })
    const thaw = () => town.house.command({ kind: 'thaw', lane: '*', by: ANA })
    const begun = async () =>
      (await Promise.all([TRAIN, SERVE].map((lane) => town.run(lane)))).map((run) => run?.phase === 'steps')
    await town.house.command({ kind: 'freeze', lane: '*', by: ANA, until: town.house.clock.now() + 12 * 3_600_000 })
    await upload('a')
    await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
    await town.answered(SERVE)
    await town.advance(3_600_000)
    expect(await begun()).toEqual([false, false])
    expect(await Promise.all([TRAIN, SERVE].map(async (lane) => (await town.lane(lane)).rest?.why))).toEqual([
      'frozen',
      'frozen',
    ])
    wakes.lose = true
    expect(await thaw()).toMatchObject({ ok: true })
    expect(await thaw()).toMatchObject({ ok: false, detail: '* is not frozen' })
    wakes.lose = false
    expect(wakes.lost).toBe(4)
    const thawed = town.house.clock.now()
    await town.until('both go on', async () => (await begun()).every((is) => is))
    expect(town.house.clock.now() - thawed).toBeLessThanOrEqual(60_000)
  })

  it('that is made shorter ends when it says now', async () => {
    town = await openTown({ config: { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } } })
    const freeze = (hours: number) =>
      town.house.command({ kind: 'freeze', lane: '*', by: ANA, until: town.house.clock.now() + hours * 3_600_000 })
    await freeze(12)
    await upload('a')
    await town.advance(1_800_000)
    await freeze(1)
    const until = town.house.clock.now() + 3_600_000
    await town.until('it begins', async () => (await town.run(TRAIN))?.phase === 'steps')
    expect(town.house.clock.now() - until).toBeLessThanOrEqual(60_000)
    expect(town.house.clock.now()).toBeGreaterThanOrEqual(until)
  })

  it('longer than a plan holds: what is kept back is planned anew afterwards, and asked about again where it was approved', async () => {
    for (const autoApproveBelow of [1e9, 0]) {
      town = await openTown({ config: { ...example, approvals: { ...example.approvals, autoApproveBelow } } })
      const until = town.house.clock.now() + 30 * 3_600_000
      await town.house.command({ kind: 'freeze', lane: '*', by: ANA, until })
      await upload('a')
      if (autoApproveBelow === 0) await town.answered(TRAIN)
      await town.advance(30 * 3_600_000 - 1)
      expect(await town.lane(TRAIN)).toMatchObject({ state: 'wanted', rest: { why: 'frozen' } })
      if (autoApproveBelow === 0) await town.answered(TRAIN)
      expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, attempt: 1 })
      await town.close()
    }
    town = await openTown()
  })

  it('after the first effect: it rests before the next step, keeps its hold, and goes on after the thaw', async () => {
    town = await openTown()
    await upload('a')
    await town.answered(TRAIN)
    await town.until('training runs', stepIs(TRAIN, 'train', 'running'))
    await town.house.command({ kind: 'freeze', lane: '*', until: town.house.clock.now() + 12 * 3_600_000, by: ANA })
    await town.until('training is done', stepIs(TRAIN, 'train', 'done'))
    await town.advance(2 * 3_600_000)
    const resting = await town.run(TRAIN)
    expect([resting?.steps[1]?.state, resting?.hold !== null]).toEqual(['pending', true])
    await town.house.command({ kind: 'thaw', lane: '*', by: ANA })
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('never holds up walking back', async () => {
    town = await openTown()
    await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
    await town.answered(SERVE)
    await town.settled(SERVE)
    await promote(
      town.house,
      'support-llama',
      await registerVersion(town.house, { model: 'support-llama', simulation: { metrics: { health: 0 } } }),
    )
    await town.answered(SERVE)
    await town.until('the gate runs', stepIs(SERVE, 'gate', 'running'))
    await town.house.command({ kind: 'cancel', lane: SERVE, by: ANA })
    await town.house.command({ kind: 'freeze', lane: SERVE, until: town.house.clock.now() + 100 * 3_600_000, by: ANA })
    expect((await town.settled(SERVE)).state).toBe('cancelled')
    expect((await town.run(SERVE))?.steps.some(({ way, state }) => way === 'back' && state === 'done')).toBe(true)
  })
})

describe('a rule that is switched to shadow', () => {
  it('cancels a plan that has no effects yet', async () => {
    town = await openTown()
    await upload('a')
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    town.setPolicy({
      ...example,
      pipelines: { 'support-chats': piped({ mode: 'shadow' }) },
    })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      kind: 'cancelled',
      detail: expect.stringContaining('shadow'),
    })
    expect(await town.house.cluster.list('Job')).toEqual([])
  })
})
