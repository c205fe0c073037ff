import { afterEach, describe, expect, it } from 'vitest'
import type { Question } from '../../core/lane/question.ts'
import { type Config, type Policy, parsePolicy } from '../../core/policy.ts'
import { type Ports, Unavailable } from '../../flows/ports.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** The example, published at a time. */
const published = (at: number, below: number, over: Partial<Config> = {}): Policy => ({
  ...parsePolicy({
    ...example,
    approvals: { ...example.approvals, autoApproveBelow: below },
    pipelines: { 'support-chats': piped({ train: { args: [`--epochs=${at}`] } }) },
    ...over,
  }),
  published: at,
})

/** What is published, what whoever is woken next holds, and whether it can ask for what is published. */
const containers = (first: Policy) => {
  const state = { published: first, held: first, away: false, asked: 0 }
  const wrap = (ports: Ports): Ports => ({
    ...ports,
    policies: {
      load: async () => state.held,
      notBefore: async () => {
        state.asked++
        if (state.away) throw new Unavailable('SSM: 503')
        state.held = state.published
        return state.held
      },
    },
  })
  return { state, wrap }
}

const asks = async (): Promise<Question> => {
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  return (await town.question(TRAIN)) as Question
}
/** A button that counts for nothing, and wakes the lane. */
const woken = async (): Promise<void> => {
  await town.house
    .answer(`${TRAIN}#1.0000000000000000.abc`, { by: 'T0SIGNAL/U0MALLORY', verdict: 'approve', reason: null })
    .catch(() => undefined)
  await town.advance(5_000)
}
const state = async () => {
  const { attempt, run, outcome } = await town.lane(TRAIN)
  return { attempt, phase: run?.phase, question: run?.question?.id, outcome: outcome?.kind }
}

describe('who holds an older policy than a lane was decided under', () => {
  it('asks for the newer one before anything else, and leaves the question of that', async () => {
    const { state: held, wrap } = containers(published(2, 0))
    town = await openTown({ wrap })
    await upload(town)
    const { id } = await asks()
    held.held = published(1, 10_000)
    await woken()
    expect(await state()).toMatchObject({ attempt: 1, phase: 'asked', question: id })
    expect([held.asked, await jobsOf(town)]).toEqual([1, []])
    await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(JSON.stringify(await jobsOf(town))).toContain('--epochs=2')
  })

  it('touches nothing while that cannot be had, be it for an hour; the answer that came meanwhile counts', async () => {
    const { state: held, wrap } = containers(published(2, 0))
    town = await openTown({ wrap })
    await upload(town)
    const { id } = await asks()
    Object.assign(held, { held: published(1, 10_000), away: true })
    await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    await town.advance(HOUR)
    expect(await state()).toMatchObject({ attempt: 1, phase: 'asked', question: id })
    expect([(await town.lane(TRAIN)).rest, await jobsOf(town)]).toMatchObject([{ why: 'unavailable', side: 'policies' }, []]) // biome-ignore format: a line
    held.away = false
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(JSON.stringify(await jobsOf(town))).toContain('--epochs=2')
    expect((await timeline(town, TRAIN)).filter(({ text }) => text.startsWith('asked '))).toHaveLength(1)
  })

  it('begins nothing that the newer one refuses', async () => {
    const { state: held, wrap } = containers(published(2, 0, { budget: { ...example.budget, dollars: 1 } }))
    town = await openTown({ wrap })
    await upload(town)
    await town.until('it is refused', async () => (await state()).outcome === 'refused')
    Object.assign(held, { held: published(1, 10_000), away: true })
    await woken()
    await town.advance(10 * MINUTE)
    expect([await state(), await jobsOf(town)]).toMatchObject([{ attempt: 1, outcome: 'refused' }, []])
  })

  it('is whoever holds what was taken back: an older text that is published again is the newer', async () => {
    const [first, second] = [published(1, 0), published(2, 0)]
    const { state: held, wrap } = containers(first)
    town = await openTown({ wrap })
    await upload(town)
    await asks()
    Object.assign(held, { published: second, held: second })
    await town.advance(6 * MINUTE)
    const back = { ...first, published: 3 }
    Object.assign(held, { published: back, held: back })
    await town.advance(6 * MINUTE)
    const { id } = await asks()
    held.held = second
    await woken()
    expect(await state()).toMatchObject({ attempt: 3, phase: 'asked', question: id })
    await town.house.answer(id, { by: ANA, verdict: 'approve', reason: null })
    await town.until('it runs', async () => (await jobsOf(town)).length > 0)
    expect(JSON.stringify(await jobsOf(town))).toContain('--epochs=1')
    expect(await looseEnds(town)).toEqual([])
  })
})
