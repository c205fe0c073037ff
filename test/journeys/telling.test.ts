import { afterEach, describe, expect, it } from 'vitest'
import type { Telling } from '../../core/telling.ts'
import { outGroup } from '../../flows/writing.ts'
import example from '../example.ts'
import { between } from './away.ts'
import { clockOf, finishedOf, HOUR, jobsOf, MINUTE, TRAIN, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** So many things that a lane has to tell, left in its outbox. */
const leave = async (count: number, side: string, telling: (n: number) => Telling): Promise<void> => {
  const at = clockOf(town).now()
  for (let n = 0; n < count; n++) {
    const id = `${String(at).padStart(14, '0')}.00000000.${String(n).padStart(4, '0')}`
    const value = { lane: TRAIN, at, telling: telling(n), tries: 0, refused: null, again: null }
    await town.house.ports.ledger.commit([
      { put: 'out', id: `${TRAIN}#${id}`, revision: 0, value },
      { due: { group: outGroup(TRAIN, side), by: id }, at, was: null, side: null },
    ])
  }
}

describe('a hundred and fifty replies that their far side refuses', () => {
  it('keep no card, no outcome and no TTL from being told, and `why` says so once', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    far.fails('replies', 'refused', { said: 'expired_url' })
    await leave(150, 'replies', (n) => ({ kind: 'reply', to: `https://hooks/${n}`, text: 'it does not count' }))
    await upload(town)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await town.advance(MINUTE)
    expect(finishedOf(town)).toHaveLength(1)
    expect((await jobsOf(town)).map(({ spec }) => spec?.ttlSecondsAfterFinished)).toEqual([86_400, 86_400])
    expect((await town.house.why(TRAIN)).also).toHaveLength(1)
  })

  it('are told again each hour, not whenever something else is', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    far.fails('replies', 'refused', { said: 'expired_url' })
    const reply = (n: number): Telling => ({ kind: 'reply', to: `https://hooks/${n}`, text: 'it does not count' })
    await leave(20, 'replies', reply)
    await town.advance(MINUTE)
    far.calls.length = 0
    for (let n = 0; n < 5; n++) {
      await leave(1, 'replies', () => reply(100 + n))
      await town.advance(MINUTE)
    }
    expect(far.calls.filter(({ side }) => side === 'replies')).toHaveLength(5)
  })
})

it('a chat that is away is asked every five minutes, however much a lane has to tell it', async () => {
  const far = between()
  town = await openTown({ wrap: far.wrap })
  far.fails('chat', 'away')
  const card = { title: 'a word', facts: [], lines: [], question: null, tone: 'good' as const }
  await leave(80, 'chat', (n) => ({ kind: 'note', key: `note-${n}`, card }))
  await town.advance(HOUR)
  far.calls.length = 0
  await town.advance(2 * HOUR)
  expect(far.calls.filter(({ side }) => side === 'chat').length).toBeLessThanOrEqual(24)
  far.answers('chat')
  await town.advance(10 * MINUTE)
  expect(await town.house.ports.ledger.list('out', { prefix: `${TRAIN}#` })).toEqual([])
})

describe('the policy asks in another channel while a question is open', () => {
  const elsewhere = (channel: string) => ({ ...example, approvals: { ...example.approvals, channel } })
  const cards = async () =>
    (await town.house.cards()).map(({ channel, card }) => [
      channel,
      card.title.replace(/:.*/, '').replace(/ .*/, ''),
      card.question !== null,
    ])

  it('within minutes it asks there, and where it asked before no more; its end is told there alone', async () => {
    town = await openTown({ config: elsewhere('C0FIRST') })
    await upload(town)
    await town.advance(MINUTE)
    town.setPolicy(elsewhere('C0SECOND'))
    expect(await town.house.why(TRAIN)).toMatchObject({ why: 'asked' })
    await town.advance(6 * MINUTE)
    expect(await cards()).toEqual([
      ['C0SECOND', 'Approve?', true],
      ['C0FIRST', 'Asked', false],
    ])
    await town.answered(TRAIN, 'deny')
    await town.advance(MINUTE)
    expect((await cards()).map(([, , asks]) => asks)).toEqual([false, false])
    expect((await town.house.cards())[0]?.card.title).toContain('rejected')
  })

  it('answered before anybody has looked, it is told where it asked', async () => {
    town = await openTown({ config: elsewhere('C0FIRST') })
    await upload(town)
    await town.advance(MINUTE)
    town.setPolicy(elsewhere('C0SECOND'))
    await town.answered(TRAIN, 'deny')
    await town.advance(MINUTE)
    expect(await town.house.cards()).toMatchObject([{ channel: 'C0FIRST', card: { question: null } }])
  })

  it('a channel that takes no card any more keeps nobody: it asks in the other one, and nothing is left to be mended', async () => {
    town = await openTown({ config: elsewhere('C0FIRST') })
    await upload(town)
    await town.advance(MINUTE)
    await town.house.chat.archive('C0FIRST')
    town.setPolicy(elsewhere('C0SECOND'))
    await town.advance(6 * MINUTE)
    expect((await cards())[0]).toEqual(['C0SECOND', 'Approve?', true])
    expect((await town.house.why(TRAIN)).also).toEqual([])
  })
})
