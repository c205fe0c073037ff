import { afterEach, expect, it } from 'vitest'
import { laneKinds } from '../../core/lane-kinds/catalogue.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { leaveLook } from '../../flows/letters.ts'
import { tellAll } from '../../flows/outbox.ts'
import { reconcile } from '../../flows/reconcile.ts'
import { whyOf } from '../../flows/why.ts'
import { openTown, type Town } from '../journeys/town.ts'
import { bulletin } from './thrown-away/lane-kind.ts'
import { onWordSaid, type WordSaid } from './thrown-away/reaction.ts'

/** What a release knows with two files more, and a line in each catalogue. */
const KNOWN = {
  kinds: [...laneKinds, bulletin],
  reactions: [...reactions, onWordSaid],
}
const LANE = 'bulletin/lobby'
const said = (word: string, over: Partial<WordSaid> = {}): WordSaid => ({
  type: 'word-said',
  id: `e-${word}`,
  at: 0,
  replayed: false,
  board: 'lobby',
  word,
  ...over,
})

let town: Town
afterEach(() => town.close())

/** Leaves the event's letter, and brings its lane as far as it goes. */
const tell = async (event: WordSaid) => {
  const { ports } = town.house
  const left = await leaveLook(ports, event, { reactions: KNOWN.reactions, unique: event.id, from: 'door' })
  await reconcile(ports, LANE, { ...KNOWN, me: event.id, handover: 30_000 })
  return left
}
const why = () => whyOf(town.house.ports, LANE, KNOWN)

it('a reaction and a kind of lane are a file each: no other file was told, and its lane lives as any other', async () => {
  town = await openTown()
  const { ports } = town.house
  expect(await tell(said('hello'))).toMatchObject({ kind: 'left', lane: LANE })

  expect(await town.lane(LANE)).toMatchObject({
    state: 'succeeded',
    generation: 1,
    attempt: 1,
    name: expect.stringMatching(/^bulletin-lobby-[0-9a-f]{8}$/),
    desired: { kind: 'tell', word: 'hello' },
    run: null,
    rest: { why: 'done' },
  })
  const run = await town.run(LANE)
  expect(run?.steps.map(({ name, state, fence }) => [name, state, fence > 0])).toEqual([['notify', 'done', true]])
  expect((await ports.ledger.moments(LANE, { limit: 50 })).map(({ kind }) => kind).reverse()).toEqual([
    'event',
    'facts',
    'decision',
    'plan',
    'hold',
    'step',
    'step',
    'outcome',
  ])
  expect(await ports.ledger.counts()).toMatchObject({ 'letter:word-said': 1, intended: 1, 'outcome:succeeded': 1 })
  expect(await town.held('budget/ml-monthly')).toEqual({ lanes: {}, sum: 0 })
  expect(await why()).toMatchObject({ why: 'done', text: expect.stringContaining('tell hello') })

  await tellAll(ports, { lane: LANE, side: 'chat' })
  expect((await town.house.cards()).map(({ card }) => card.title)).toContain('hello')
})

it('it obeys what every lane obeys: the same again adds nothing, another word is another generation', async () => {
  town = await openTown()
  await tell(said('hello'))
  await tell(said('hello', { id: 'again' }))
  expect(await town.lane(LANE)).toMatchObject({ generation: 1, attempt: 1 })
  await tell(said('bye', { id: 'replay', replayed: true }))
  expect((await town.lane(LANE)).generation).toBe(1)
  await tell(said('bye'))
  expect(await town.lane(LANE)).toMatchObject({ generation: 2, state: 'succeeded', desired: { word: 'bye' } })
  expect(await town.past(LANE)).toHaveLength(2)
})

it('a release that does not know it leaves its lane as it is', async () => {
  town = await openTown()
  await tell(said('hello'))
  const before = await town.lane(LANE)
  const older = { kinds: laneKinds, reactions, me: 'older', handover: 0 }
  expect(await reconcile(town.house.ports, LANE, older)).toBe('unknown-kind')
  expect(await town.lane(LANE)).toEqual(before)
})
