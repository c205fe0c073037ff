import { afterEach, describe, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, TRAIN, timeline, trainedUntil } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const asks = { ...example, pipelines: { 'support-chats': { ...piped(), onBound: 'ask' as const } } }
const BUDGET = 'budget/ml-monthly'
/** A training that takes so many minutes, of which 3 h are its p95, and which with its evaluation may cost $223.83 at most. */
const training = async (minutes: number, config: unknown = asks, wrap?: (ports: Ports) => Ports) => {
  town = await openTown({ config, ...(wrap === undefined ? {} : { wrap }) })
  await trainedUntil(town, 'train', 'running', { simulation: { tasks: { 'fine-tune': { minutes } } } })
}
const asked = () => town.until('it asks for more', async () => (await town.question(TRAIN)) !== null)
const held = async () => (await town.held(BUDGET)).sum / 100
const cards = async () => (await town.house.cards()).map(({ card }) => card.title)
const asksOf = async () =>
  (await timeline(town)).filter(({ text }) => text.startsWith('asked ')).map(({ text }) => text)

describe('a run that would cost more than it may, where the policy asks before it is ended', () => {
  it('asks while it goes on, by a card of its own, and goes on with what is agreed to', async () => {
    await training(300)
    const before = await held()
    await asked()
    const question = await town.question(TRAIN)
    expect(question?.more).toEqual({
      dollars: 165.12,
      step: 'train',
      why: expect.stringContaining(
        'so far, at “Fine-tune meta-llama/Llama-3.1-8B-Instruct on 8 GPUs of gpu-train”: it goes on, and is ended at $223.83 unless',
      ),
    })
    expect([await held(), (await jobsOf(town)).length]).toEqual([expect.closeTo(before + 165.12, 2), 1])
    expect(await cards()).toEqual([expect.stringContaining('Approve? More for'), expect.stringMatching(/: approved$/)])
    expect((await town.house.why(TRAIN)).text).toMatch(/asked for \$165.12 more: waits for .* to answer/)
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    const [{ cost } = { cost: 0 }] = await town.past(TRAIN)
    expect(cost).toBeGreaterThan(223.83)
    expect(await asksOf()).toEqual([
      expect.stringContaining('of the approvers: '),
      'asked 1 of the approvers for $165.12 more than the $223.83 that it may cost at most',
    ])
    expect(await held()).toBe(0)
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    ['says no', async () => town.answered(TRAIN, 'deny'), 'more is rejected'],
    ['answers', async () => {}, 'more is expired'],
  ])(
    'is ended at what was approved where nobody %s, and nothing more is set aside for it',
    async (_, answer, title) => {
      await training(24 * 60)
      const before = await held()
      await asked()
      await answer()
      await town.until('it asks no more', async () => (await town.question(TRAIN)) === null)
      expect([await held(), (await cards())[0]]).toEqual([before, expect.stringContaining(title)])
      expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'failed', reason: 'bound-reached' })
      expect((await town.past(TRAIN))[0]?.cost).toBeLessThanOrEqual(223.83)
      expect((await asksOf()).length).toBe(2)
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it('asks twice at most: its Job’s own deadline is three times its hours', async () => {
    await training(24 * 60)
    for (const _ of [1, 2]) {
      await asked()
      await town.answered(TRAIN)
    }
    expect((await town.settled(TRAIN)).outcome?.kind).toBe('failed')
    expect((await town.past(TRAIN))[0]?.cost).toBeLessThanOrEqual(223.83 + 2 * 165.12)
    expect((await asksOf()).length).toBe(3)
    expect(await looseEnds(town)).toEqual([])
  })

  it('asks for no more than its budget has, and nobody where that is nothing', async () => {
    const budget = (dollars: number) => ({ ...asks, budget: { ...example.budget, dollars } })
    await training(24 * 60, budget(300))
    await asked()
    expect((await town.question(TRAIN))?.more?.dollars).toBe(76.17)
    await town.close()
    await training(24 * 60, budget(225))
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ reason: 'bound-reached' })
    expect((await timeline(town)).map(({ text }) => text)).toContain(
      'nobody is asked for more: its budget has no room for that',
    )
    expect(await looseEnds(town)).toEqual([])
  })

  it('that ends by itself while it is asked about asks nobody any more', async () => {
    await training(180)
    await asked()
    const { id = '' } = (await town.question(TRAIN)) ?? {}
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await cards()).toEqual([
      expect.stringContaining('has a new version'),
      expect.stringMatching(/: succeeded$/),
      expect.stringMatching(/: succeeded$/),
    ])
    const late = await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    expect(late.body['refused']).toBe('question-closed')
    expect(await looseEnds(town)).toEqual([])
  })

  it.each(['deny', 'approve', null] as const)(
    'a chat that is away when that is over (%s) shows at last that nobody is asked any more',
    async (verdict) => {
      const far = between()
      await training(verdict === 'approve' ? 230 : 24 * 60, asks, far.wrap)
      await asked()
      await town.until('its card is posted', async () => (await cards())[0]?.startsWith('Approve? More') === true)
      far.fails('chat', 'away')
      if (verdict !== null) await town.answered(TRAIN, verdict)
      await town.settled(TRAIN)
      far.answers('chat')
      await town.advance(HOUR)
      expect((await town.house.cards()).filter(({ card }) => card.question !== null)).toEqual([])
    },
  )

  it('is asked about and bound by what was agreed to also where nobody had to approve what it began with', async () => {
    await training(300, { ...asks, approvals: { ...example.approvals, autoApproveBelow: 1000 } })
    expect(await asksOf()).toEqual([expect.stringContaining('more than the $223.83')])
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    expect((await town.past(TRAIN))[0]?.cost).toBeGreaterThan(223.83)
  })

  it('another process goes on with the question, and a cancel while it is asked ends both', async () => {
    await training(24 * 60)
    await asked()
    await town.reopen()
    await town.advance(MINUTE)
    expect(await town.question(TRAIN)).not.toBeNull()
    await town.house.command({ kind: 'cancel', lane: TRAIN, by: ANA })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled' })
    expect(await held()).toBe(0)
    expect(await town.question(TRAIN)).toBeNull()
    expect(await looseEnds(town)).toEqual([])
  })
})
