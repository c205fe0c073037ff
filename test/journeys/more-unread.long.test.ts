import { afterEach, describe, expect, it } from 'vitest'
import type { Ports } from '../../flows/ports.ts'
import example from '../../signalbox.config.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const GROUP = 'T0SIGNAL/S0GPUOPS'
/** What the run may cost at most, and what is asked for beyond that. */
const [MOST, MORE] = [223.83, 165.12]
type Far = ReturnType<typeof between>

interface Asking {
  minutes?: number
  approvals?: object
  members?: string[]
}

/** A training that has been asked about for more, and a policy that nobody can read from then on. */
const askedFor = async (far: Far, { minutes = 240, approvals = {}, members = [] }: Asking = {}): Promise<string> => {
  const chat = (ports: Ports): Ports => ({ ...ports, chat: { ...ports.chat, members: async () => members } })
  town = await openTown({
    config: {
      ...example,
      approvals: { ...example.approvals, autoApproveBelow: 1000, ...approvals },
      pipelines: { 'support-chats': { ...piped(), onBound: 'ask' as const } },
    },
    wrap: (ports) => far.wrap(chat(ports)),
  })
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes } } } })
  await town.until('it asks for more', async () => (await town.question(TRAIN))?.more !== undefined)
  const { id = '' } = (await town.question(TRAIN)) ?? {}
  far.fails('policies', 'away')
  return id
}
const answer = (id: string, by = ANA, verdict: 'approve' | 'deny' = 'approve') =>
  town.house.answer(id, { by, verdict, reason: null })
/** Read again after so long. */
const read = async (far: Far, after = 12 * HOUR) => {
  await town.advance(after)
  far.answers('policies')
  const { state, outcome } = await town.settled(TRAIN)
  const [past] = await town.past(TRAIN)
  return { end: outcome?.reason ?? state, cost: past?.cost ?? 0 }
}
const texts = async (): Promise<string> => (await timeline(town)).map(({ text }) => text).join('\n')
const atWork = async () => (await jobsOf(town)).filter(({ status }) => (status?.active ?? 0) > 0)

describe('an answer to the question for more, while nobody can read the policy', () => {
  it('counts where it was given in time: the run goes on with what was agreed to, and no further', async () => {
    const far = between()
    const id = await askedFor(far)
    expect(await answer(id)).toMatchObject({ status: 200, body: { recorded: 'approved' } })
    expect(await read(far)).toMatchObject({ end: 'succeeded' })
    expect((await town.past(TRAIN))[0]?.cost).toBeGreaterThan(MOST)
    expect(await texts()).not.toContain('does not count')
    expect(await looseEnds(town)).toEqual([])
  })

  it('binds what it was asked about: what takes longer is ended there, unread as it is', async () => {
    const far = between()
    await answer(await askedFor(far, { minutes: 24 * 60 }))
    await town.advance(3 * HOUR)
    expect(await atWork()).toHaveLength(1)
    await town.advance(3 * HOUR)
    expect(await atWork()).toEqual([])
    const { end, cost } = await read(far)
    expect(end).toBe('bound-reached')
    expect(cost).toBeLessThanOrEqual(MOST + MORE)
    expect(cost).toBeGreaterThan(MOST)
  })

  it.each<[string, (id: string) => Promise<unknown>, object?]>([
    ['of somebody who may not answer', (id) => answer(id, 'T0SIGNAL/U0MALLORY')],
    ['that says no', (id) => answer(id, ANA, 'deny')],
    ['of one where two are needed', (id) => answer(id), { need: 2 }],
    [
      'that comes too late',
      async (id) => {
        await town.until('its time is over', async () => (await atWork()).length === 0)
        await answer(id)
      },
    ],
    ['of which there is none', async () => {}],
  ])('%s lets it cost no more', async (_, given, approvals = {}) => {
    const far = between()
    const id = await askedFor(far, {
      minutes: 24 * 60,
      approvals: { approvers: [ANA, BEN].map((one) => ({ id: one, name: one })), ...approvals },
    })
    await given(id)
    const { end, cost } = await read(far)
    expect([end, cost <= MOST]).toEqual(['bound-reached', true])
    expect(await looseEnds(town)).toEqual([])
  })

  it('counts together with another one, and of a member of a user group as the chat tells of it', async () => {
    const far = between()
    const approvers = [
      { id: ANA, name: 'ana' },
      { id: GROUP, name: 'GPU ops' },
    ]
    const id = await askedFor(far, { approvals: { approvers, need: 2 }, members: [BEN] })
    await answer(id)
    await town.advance(MINUTE)
    await answer(id, BEN)
    expect(await read(far)).toMatchObject({ end: 'succeeded' })
  })

  it.each([
    ['strangers', 1],
    ['somebody who has answered already', 2],
  ])('counts behind as many as you like that do not: those of %s', async (whose, need) => {
    const far = between()
    const approvers = [ANA, BEN].map((one) => ({ id: one, name: one }))
    const id = await askedFor(far, { approvals: { approvers, need } })
    for (let i = 0; i < 7; i++) {
      await answer(id, whose === 'strangers' ? `T0SIGNAL/U0MALLORY${i}` : ANA)
      await town.advance(10_000)
    }
    await answer(id, BEN)
    expect(await read(far)).toMatchObject({ end: 'succeeded' })
  })

  it.each<[string, (id: string) => Promise<unknown>, number]>([
    ['the answer that counts', (id) => answer(id), 1],
    ['who cancels', () => say(town, 'cancel'), 0],
  ])('keeps %s from nothing, were there more than are read at once', async (_, deed, works) => {
    const id = await askedFor(between(), { minutes: 24 * 60 })
    for (let i = 0; i < 101; i++) await answer(id, `T0SIGNAL/U0MALLORY${i}`)
    await town.advance(MINUTE)
    await deed(id)
    await town.advance(works === 0 ? 10 * MINUTE : 3 * HOUR)
    expect(await atWork()).toHaveLength(works)
  })

  it.each([2, 5, 9, 14])('counts once, where the process dies after %i calls that hears it', async (calls) => {
    const far = between()
    const id = await askedFor(far)
    far.dies(calls)
    void answer(id).catch(() => null)
    await town.advance(MINUTE).catch(() => null)
    far.revive()
    // Nobody was told that it was heard.
    void answer(id).catch(() => null)
    await town.advance(MINUTE)
    expect((await read(far)).end).toBe('succeeded')
    expect((await texts()).match(/ approves/g)).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
  })
})
