import { afterEach, beforeEach, expect, it } from 'vitest'
import type { LaneDocument } from '../../core/lane/document.ts'
import type { LookLetter } from '../../core/lane/letters.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { mendDues } from '../../flows/dues.ts'
import { everyDue } from '../../flows/lanes.ts'
import type { Stored, Write } from '../../flows/ledger-port.ts'
import { resync } from '../../flows/resync.ts'
import { readRow } from '../../flows/rows.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { openTown, type Town } from '../journeys/town.ts'

const LANE = 'pipeline/support-chats'
const HOUR = 3_600_000
let town: Town
beforeEach(async () => {
  town = await openTown()
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
})
afterEach(() => town.close())

const commit = (...writes: Write[]) => town.house.ports.ledger.commit(writes)
const mends = () => resync(town.house.ports, reactions)
const dues = async () => (await everyDue(town.house.ports.ledger)).map(({ group, by, at }) => [group, by, at])
const asks = async () => {
  await town.house.scanUploads()
  await town.until('it asks', async () => (await town.question(LANE)) !== null)
  await town.advance(0)
  return town.lane(LANE)
}

it('a question whose due row a restore has torn off expires all the same', async () => {
  const { due, run } = await asks()
  await commit({ due: { group: LANE, by: 'lane' }, at: null, was: due, side: null })
  await mends()
  expect(await dues()).toEqual([[LANE, 'lane', due]])
  expect(await readRow(town.house.ports.ledger, 'lane', LANE)).toMatchObject({ value: { run: { phase: 'asked' } } })
  await town.until('it has expired', async () => (await town.run(LANE))?.outcome != null, 24)
  expect(await town.run(LANE)).toMatchObject({ generation: run?.generation, outcome: { kind: 'expired' } })
})

it('due rows of what is no more wake nobody any more: another time of a document, a letter, a telling, a lane that never was', async () => {
  const { due } = await asks()
  const was = town.house.clock.now() - HOUR
  for (const [group, by] of [
    [LANE, 'lane'],
    [LANE, 'gone'],
    [`out/chat/${LANE}`, 'gone'],
    ['pipeline/nobody', 'lane'],
  ] as const)
    await commit({ due: { group, by }, at: was, was: null, side: null })
  await mends()
  expect(await dues()).toEqual([[LANE, 'lane', due]])
})

it('where they agree nothing is written', async () => {
  await asks()
  const before = await town.house.ports.ledger.counts()
  await mends()
  expect(await town.house.ports.ledger.counts()).toEqual(before)
})

it('what falls due late and is still there is left to the tick', async () => {
  await asks()
  const at = town.house.clock.now() - HOUR
  const letter = { ...letterAt(at), due: at }
  await commit(
    { put: 'look', id: `${LANE}#${letter.id}`, revision: 0, value: letter },
    { due: { group: LANE, by: letter.id }, at, was: null, side: null },
  )
  const wrote = await dues()
  await mends()
  expect(await dues()).toEqual(wrote)
})

const letterAt = (at: number): LookLetter => ({
  kind: 'look',
  id: `${String(at).padStart(14, '0')}.torn`,
  lane: LANE,
  at,
  due: at,
  event: {
    type: 'dataset-uploaded',
    id: 'x',
    at,
    bucket: 'acme-datasets',
    key: 'support-chats/a/manifest.json',
    versionId: null,
    replayed: false,
  } as LookLetter['event'],
  from: 'door',
  waits: null,
  tries: 0,
})

it('a letter that nobody was woken for is read: it keeps resync from leaving another', async () => {
  const letter = letterAt(town.house.clock.now())
  await commit({ put: 'look', id: `${LANE}#${letter.id}`, revision: 0, value: letter })
  expect(await mends()).toMatchObject({ letters: 0 })
  await town.until('it asks', async () => (await town.question(LANE)) !== null, 1)
})

it.each([
  ['waits for one that its document does not know', 'chat', null],
  ['knows of none though its document waits for one', null, 'chat'],
])('a due row that %s says what the document says', async (_, wrote, waits) => {
  const { due } = await asks()
  const { ledger } = town.house.ports
  const row = (await readRow(ledger, 'lane', LANE)) as Stored<'lane'>
  const rest = { ...row.value.rest, side: waits } as LaneDocument['rest']
  await commit(
    { put: 'lane', id: LANE, revision: row.revision, value: { ...row.value, rest } },
    { due: { group: LANE, by: 'lane' }, at: due, was: due, side: wrote },
  )
  await mends()
  const found = (await everyDue(ledger)).filter(({ by }) => by === 'lane')
  expect(found).toEqual([{ group: LANE, by: 'lane', at: due, side: waits }])
  expect(await ledger.counts()).toMatchObject({ 'mended:due': 1 })
})

it('a lane that moves while due rows are read is not taken for torn', async () => {
  const { due } = await asks()
  const { ledger } = town.house.ports
  const docs = [await town.lane(LANE)]
  const later = (due ?? 0) + HOUR
  const moving: typeof ledger = {
    ...ledger,
    // What was read is of before, and what comes then is of after.
    due: async (...given) => {
      const found = await ledger.due(...given)
      const row = (await readRow(ledger, 'lane', LANE)) as Stored<'lane'>
      const value = { ...row.value, writtenAt: row.value.writtenAt + 1, due: later }
      await commit(
        { put: 'lane', id: LANE, revision: row.revision, value },
        { due: { group: LANE, by: 'lane' }, at: later, was: due, side: null },
      )
      return found.map((one) => ({ ...one, at: one.at - 1 }))
    },
  }
  const each = async <T>(values: T[], work: (value: T) => Promise<void>) => {
    for (const value of values) await work(value)
  }
  await mendDues({ ledger: moving, clock: town.house.clock }, docs, each)
  expect(await ledger.counts()).not.toHaveProperty('mended:due')
  expect(await dues()).toEqual([[LANE, 'lane', later]])
})
