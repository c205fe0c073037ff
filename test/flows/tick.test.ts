import { afterEach, beforeEach, expect, it } from 'vitest'
import { emptyDocument, SCHEMA } from '../../core/lane/document.ts'
import type { LookLetter } from '../../core/lane/letters.ts'
import type { OutRow, SideRow } from '../../core/rows.ts'
import type { Write } from '../../flows/ledger-port.ts'
import { roomBeside, tick } from '../../flows/tick.ts'
import { AT_ONCE, SERVED } from '../../flows/waking.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { openTown, type Town } from '../journeys/town.ts'

const HOUR = 3_600_000
let town: Town
beforeEach(async () => {
  town = await openTown()
})
afterEach(() => town.close())

const now = () => town.house.clock.now()
const commit = (writes: Write[]) => town.house.ports.ledger.commit(writes)
const due = (group: string, before: number, by = 'lane', side: string | null = null): Write => ({
  due: { group, by },
  at: now() - before,
  was: null,
  side,
})
const doc = (lane: string, schema = SCHEMA): Write => ({
  put: 'lane',
  id: lane,
  revision: 0,
  value: { ...emptyDocument(town.policy, lane), schema },
})
const letter = (lane: string, type: string): Write => ({
  put: 'look',
  id: `${lane}#l`,
  revision: 0,
  value: { kind: 'look', id: 'l', lane, at: 0, due: 0, event: { type }, from: 'door' } as unknown as LookLetter,
})
const vote = (lane: string): Write => ({
  put: 'look',
  id: `${lane}#v`,
  revision: 0,
  value: { kind: 'vote', id: 'v', lane, at: 0, due: 0 } as unknown as LookLetter,
})
const telling = (lane: string): Write => ({
  put: 'out',
  id: `${lane}#t`,
  revision: 0,
  value: { lane, at: 0, telling: { kind: 'page' }, tries: 0, refused: null, again: null } as unknown as OutRow,
})

/** Whom a tick wakes, and what it says. */
const ticked = async () => {
  const woken: string[] = []
  const said = await tick({ ...town.house.ports, queue: { wake: async (group) => void woken.push(group) } }, CATALOGUES)
  return { ...said, groups: woken }
}

/** What a newer release may have left of the nth lane. */
const left = (n: number): Write[] => {
  const lane = `pipeline/n-${n}`
  const all: Write[][] = [
    [doc(lane, SCHEMA + 1), due(lane, HOUR + n)],
    [doc(lane), letter(lane, 'quota-reached'), due(lane, HOUR + n, 'l')],
    [doc(lane, SCHEMA + 1), letter(lane, 'dataset-uploaded'), due(lane, HOUR + n, 'l')],
    [due(`quota/n-${n}`, HOUR + n)],
    [telling(lane), due(`out/page/${lane}`, HOUR + n, 't')],
    // And a vote where only word of events may be: it counts for nobody.
    [vote(lane), due(lane, HOUR + n, 'v')],
  ]
  return all[n % all.length] ?? []
}

it('1,000 rows that a newer release has left take nobody behind them the minute, and stay as they are', async () => {
  for (let n = 0; n < 1000; n++) await commit(left(n))
  await commit([doc('pipeline/ours'), due('pipeline/ours', 1000)])
  await commit([doc('pipeline/told'), letter('pipeline/told', 'dataset-uploaded'), due('pipeline/told', 500, 'l')])
  const before = await town.house.ports.ledger.due(now(), { limit: 2000 })
  expect(await ticked()).toEqual({
    groups: ['pipeline/ours', 'pipeline/told'],
    woken: 2,
    left: false,
    late: 1000,
    newer: 1000,
  })
  expect(await town.house.ports.ledger.due(now(), { limit: 2000 })).toEqual(before)
})

it('what a due row is of may be gone: it is woken, and so is a lane beside a letter that it does not know', async () => {
  await commit([
    due('pipeline/nobody', 3000),
    due('pipeline/gone', 2000, 'l'),
    due('out/chat/pipeline/gone', 1500, 't'),
  ])
  await commit([letter('pipeline/both', 'quota-reached'), due('pipeline/both', 1000, 'l'), due('pipeline/both', 500)])
  const { groups } = await ticked()
  expect(groups).toEqual(['pipeline/nobody', 'pipeline/gone', 'out/chat/pipeline/gone', 'pipeline/both'])
})

it('of those that wait for a far side one asks, and it is none that a newer release has written', async () => {
  const side: SideRow = {
    side: 'cluster',
    since: 0,
    said: '503',
    refuses: false,
    probe: 'pipeline/x',
    until: now() - 1,
  }
  await commit([{ put: 'side', id: 'cluster', revision: 0, value: side }])
  await commit([doc('pipeline/newer', SCHEMA + 1), due('pipeline/newer', 3000, 'lane', 'cluster')])
  for (const n of [1, 2]) await commit([doc(`pipeline/${n}`), due(`pipeline/${n}`, 2000 - n, 'lane', 'cluster')])
  expect((await ticked()).groups).toEqual(['pipeline/1'])
})

it('no more are woken than a minute serves, oldest first', async () => {
  for (let n = 0; n < SERVED + 5; n++) await commit([due(`pipeline/o-${String(n).padStart(3, '0')}`, HOUR - n)])
  const { groups, left: more } = await ticked()
  expect([groups.length, groups[0], more]).toEqual([SERVED, 'pipeline/o-000', true])
})

it('the watch has the room that is left of a minute, and a little in any case', async () => {
  const room = () => roomBeside(town.house.ports, CATALOGUES)
  for (let n = 0; n < SERVED - 50; n++) await commit([due(`pipeline/o-${n}`, HOUR)])
  expect(await room()).toBe(50)
  for (let n = 0; n < 50; n++) await commit([due(`pipeline/p-${n}`, HOUR)])
  expect(await room()).toBe(AT_ONCE)
})
