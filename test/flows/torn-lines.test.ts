import { afterEach, beforeEach, expect, it } from 'vitest'
import type { LaneDocument } from '../../core/lane/document.ts'
import type { InLine } from '../../core/lane/hold.ts'
import { lineSum } from '../../core/lane/room.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { lineId } from '../../core/rows.ts'
import type { Stored, Write } from '../../flows/ledger-port.ts'
import { resync } from '../../flows/resync.ts'
import { everyRow, readRow } from '../../flows/rows.ts'
import { mendLine } from '../../flows/torn-lines.ts'
import { uploadDataset } from '../../local/scenario.ts'
import config from '../example.ts'
import { openTown, type Town } from '../journeys/town.ts'
import { piped } from '../variants.ts'

const [POOL, NOBODY] = ['pool/gpu-train', 'pipeline/nobody']
const LANES = ['pipeline/support-chats', 'pipeline/sales-chats']
const TWO = {
  ...config,
  pools: { ...config.pools, 'gpu-train': { ...config.pools['gpu-train'], maxGpus: 8 } },
  pipelines: { 'support-chats': piped(), 'sales-chats': piped({ prefix: 'sales-chats/' }) },
  approvals: { ...config.approvals, autoApproveBelow: 1e9 },
}

let town: Town
let lane: string
let line: InLine
const ledger = () => town.house.ports.ledger
const commit = (...writes: Write[]) => ledger().commit(writes)
const mends = () => resync(town.house.ports, reactions)
const docs = () => Promise.all(LANES.map((name) => town.lane(name)))
const waiting = async () => (await docs()).find(({ run }) => run?.phase === 'waiting-for-room')
const stands = async () => ({
  rows: (await everyRow(ledger(), 'line', `${POOL}#`)).map(({ id, revision, value }) => [id, revision, value]),
  sum: (await readRow(ledger(), 'sum', lineSum(POOL)))?.value.n ?? 0,
})
const rowId = () => lineId(POOL, line.place)
const tear = (by: number) =>
  commit({ remove: 'line', id: rowId(), revision: 1 }, { add: lineSum(POOL), by, atMost: null, atLeast: null })
/** All that it waits for, held for it under its place. */
const holds = (): Write[] =>
  Object.entries(line.needs).flatMap(([room, amount]): Write[] => [
    { put: 'hold', id: `${room}#${lane}`, revision: 0, value: { lane, amount, place: line.place } },
    { add: room, by: amount, atMost: null, atLeast: null },
  ])

beforeEach(async () => {
  town = await openTown({ config: TWO })
  for (const folder of ['support-chats/a/', 'sales-chats/a/'])
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder, rows: ['{}'] })
  await town.house.scanUploads()
  await town.until('one waits', async () => (await waiting()) !== undefined)
  await town.advance(0)
  const doc = (await waiting()) as LaneDocument
  lane = doc.lane
  line = doc.run?.line as InLine
})
afterEach(() => town.close())

it.each([
  ['is gone with its sum', -1],
  ['is gone, and its sum stayed', 0],
])('who waits stands in line again, in the same place, and goes on when its turn comes: its row %s', async (_, by) => {
  const before = await stands()
  await tear(by)
  await mends()
  expect(await stands()).toEqual(before)
  for (const { state } of await Promise.all(LANES.map((name) => town.settled(name, 48))))
    expect(state).toBe('succeeded')
  expect(await stands()).toEqual({ rows: [], sum: 0 })
  expect(await ledger().counts()).not.toHaveProperty('contended')
})

it.each([
  ['a lane’s that never was', () => NOBODY],
  ['another lane’s, which runs', () => LANES.find((name) => name !== lane) as string],
  ['its lane’s, in another place', () => lane],
])('a place of nobody goes, and its sum with it: %s', async (_, of) => {
  const before = await stands()
  const value = { ...line, lane: of(), place: `0.${line.place}` }
  await commit(
    { put: 'line', id: lineId(POOL, value.place), revision: 0, value },
    { add: lineSum(POOL), by: 1, atMost: null, atLeast: null },
  )
  await mends()
  expect(await stands()).toEqual(before)
})

it('a place that was granted already is not waited in any more', async () => {
  await commit(...holds())
  await mendLine({ ledger: ledger() }, { lane, found: [rowId()] })
  expect(await stands()).toEqual({ rows: [], sum: 0 })
  expect((await town.held(POOL)).lanes[lane]).toBe(8)
})

it.each([
  ['is gone with its sum', -1],
  ['is gone, and its sum stayed', 0],
])('a cancel goes through at once, before anybody has mended it: its row %s', async (_, by) => {
  await tear(by)
  await town.house.command({ kind: 'cancel', lane, by: 'ana' })
  await town.advance(1000)
  expect(await town.lane(lane)).toMatchObject({ run: null, outcome: { kind: 'cancelled' } })
  expect(await ledger().counts()).not.toHaveProperty('contended')
  await mends()
  expect(await stands()).toEqual({ rows: [], sum: 0 })
})

it('who is granted while it is mended is not put back in line', async () => {
  await tear(-1)
  const granting: Pick<typeof town.house.ports, 'ledger'> = {
    ledger: {
      ...ledger(),
      commit: async (writes) => {
        await commit(...holds())
        return ledger().commit(writes)
      },
    },
  }
  await mendLine(granting, { lane, found: [] })
  expect(await stands()).toEqual({ rows: [], sum: 0 })
})

it('where they agree nothing is written, and a newer release’s stands where it stood', async () => {
  const counts = await ledger().counts()
  await mends()
  expect(await ledger().counts()).toEqual(counts)
  const before = await stands()
  const row = (await readRow(ledger(), 'lane', lane)) as Stored<'lane'>
  const value = { ...row.value, schema: 99, run: null } as unknown as LaneDocument
  await commit({ put: 'lane', id: lane, revision: row.revision, value })
  await mends()
  expect(await stands()).toEqual(before)
})
