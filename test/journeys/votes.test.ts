import { afterEach, describe, expect, it } from 'vitest'
import type { Policy } from '../../core/policy.ts'
import { order } from '../../flows/commands.ts'
import { answerTo, type Left, leaveVote } from '../../flows/letters.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { HOUR, jobsOf, MINUTE, say, TRAIN, upload, versionsOf } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** The example policy, with other rules of approval. */
const approvals = (change: Partial<Policy['approvals']>) => ({
  ...example,
  approvals: { ...example.approvals, ...change },
})

const answer = async (verdict: 'approve' | 'deny', by: string) => {
  const question = await town.question(TRAIN)
  return town.house.answer(question?.id ?? '', { by, verdict, reason: null })
}

describe('a vote binds what is open, and nothing else (law 8)', () => {
  it('of a run that was cancelled a moment before, though nobody has looked yet: refused, and spent on nothing', async () => {
    town = await openTown()
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const question = (await town.question(TRAIN))?.id ?? ''
    // Nobody is woken: both letters lie there when the lane looks.
    const ports = { ...town.house.ports, queue: { wake: async () => undefined } }
    await order(ports, { kind: 'cancel', lane: TRAIN, by: BEN }, 'c')
    const vote = {
      question,
      verdict: 'approve',
      by: ANA,
      byName: 'ana',
      workspace: 'T0SIGNAL',
      message: null,
      at: 0,
    } as const
    const left = await leaveVote(ports, { type: 'approval-answered', ...vote, reason: null, replyTo: null }, 'v')
    await reconcile(ports, TRAIN, { ...CATALOGUES, me: 'm', handover: 30_000 })
    expect(await answerTo(ports, left as Left)).toMatchObject({ detail: expect.stringContaining('closed') })
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled', approved: null })
    await say(town, 'retry')
    await town.until('it asks again', async () => (await town.question(TRAIN)) !== null)
  })

  it('a no takes back one’s own yes while others are waited for; a yes twice is still one', async () => {
    town = await openTown({ config: approvals({ need: 2 }) })
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    await answer('approve', ANA)
    expect((await answer('approve', ANA)).body).toMatchObject({ refused: 'already-answered' })
    await answer('deny', ANA)
    expect((await town.settled(TRAIN)).state).toBe('rejected')
    expect(await jobsOf(town)).toEqual([])
  })
})

it('a vote stands on the card by the policy’s name of the person, and so does a denial in how it ended', async () => {
  town = await openTown({ config: approvals({ need: 2 }) })
  await upload(town)
  await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
  await answer('approve', ANA)
  const lines = async () => (await town.house.cards())[0]?.card.lines.join('\n')
  await town.until('it is told', async () => /ana approves/.test((await lines()) ?? ''))
  await answer('deny', BEN)
  expect((await town.settled(TRAIN)).outcome?.detail).toBe('denied by ben')
})

it('what is edited just before it is approved is asked about again, however often: an edit is no plan that changes by itself', async () => {
  town = await openTown()
  await upload(town)
  for (let n = 1; n <= 4; n++) {
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    const rule = piped({ train: { args: [`--epochs=${10 + n}`] } })
    town.setPolicy({ ...example, pipelines: { 'support-chats': rule } })
    await town.answered(TRAIN)
    await town.advance(6 * MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ attempt: 1, run: { phase: 'asked', asked: 1 } })
  }
  await town.answered(TRAIN)
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
})

it('a create whose answer was lost and that is refused when it is repeated: what it made is adopted', async () => {
  const far = between()
  town = await openTown({ wrap: far.wrap })
  await upload(town)
  far.fails('cluster', 'lost', { name: 'create' })
  await town.answered(TRAIN)
  await town.until('it was made', async () => (await far.past(() => jobsOf(town))).length === 1)
  far.answers('cluster')
  const { create } = town.house.cluster
  town.house.cluster.create = async (object) =>
    object.metadata.name.endsWith('-train')
      ? { kind: 'denied', status: 422, message: 'exceeded quota' }
      : create.call(town.house.cluster, object)
  expect((await town.settled(TRAIN)).state).toBe('succeeded')
  expect((await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-train'))).toHaveLength(1)
})

it('one artifact is registered once, whatever came between', async () => {
  town = await openTown({ config: approvals({ autoApproveBelow: 1e6 }) })
  const write = async (text: string): Promise<void> => {
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: [text] })
    await town.house.scanUploads()
    await town.advance(2 * MINUTE)
  }
  await write('"one"')
  await write('"two!!"')
  await write('"one"')
  await town.settled(TRAIN)
  await town.advance(3 * HOUR)
  expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1 })
  expect(await versionsOf(town)).toHaveLength(1)
})
