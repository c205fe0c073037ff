import { afterEach, beforeEach, expect, it } from 'vitest'
import type { LaneDocument } from '../../core/lane/document.ts'
import type { InLine } from '../../core/lane/hold.ts'
import { lineSum } from '../../core/lane/room.ts'
import { reactions } from '../../core/reactions/catalogue.ts'
import { lineId } from '../../core/rows.ts'
import type { Write } from '../../flows/ledger-port.ts'
import { resync } from '../../flows/resync.ts'
import { readRow } from '../../flows/rows.ts'
import { uploadDataset } from '../../local/scenario.ts'
import config from '../example.ts'
import { openTown, type Town } from '../journeys/town.ts'
import { piped } from '../variants.ts'

const [LANE, POOL] = ['pipeline/support-chats', 'pool/gpu-train']
const ID = `${POOL}#${LANE}`
let town: Town
beforeEach(async () => {
  town = await openTown()
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })
  await town.house.scanUploads()
})
afterEach(() => town.close())

const commit = (...writes: Write[]) => town.house.ports.ledger.commit(writes)
const mends = () => resync(town.house.ports, reactions)
const holds = async () => {
  await town.answered(LANE)
  await town.until('it holds', async () => (await town.held(POOL)).sum > 0)
  return town.held(POOL)
}

it.each([
  ['its lane’s, whose run is over', LANE],
  ['a lane’s that never was', 'pipeline/nobody'],
])('a hold of nobody goes, and its sum with it: %s', async (_, lane) => {
  await town.answered(LANE, 'deny')
  await town.settled(LANE)
  await commit(
    { put: 'hold', id: `${POOL}#${lane}`, revision: 0, value: { lane, amount: 8 } },
    { add: POOL, by: 8, atMost: null, atLeast: null },
  )
  await mends()
  expect(await town.held(POOL)).toEqual({ lanes: {}, sum: 0 })
})

it.each([
  ['is gone, and its sum stayed', (amount: number) => amount],
  ['is gone with its sum', () => 0],
])('what runs is held again: a hold %s', async (_, stays) => {
  const before = await holds()
  const row = await readRow(town.house.ports.ledger, 'hold', ID)
  const by = stays(before.sum) - before.sum
  await commit({ remove: 'hold', id: ID, revision: row?.revision ?? 0 }, { add: POOL, by, atMost: null, atLeast: null })
  await mends()
  expect(await town.held(POOL)).toEqual(before)
  await town.settled(LANE, 48)
  expect(await town.held(POOL)).toEqual({ lanes: {}, sum: 0 })
})

it('a hold of another amount becomes what its document says', async () => {
  const before = await holds()
  const row = await readRow(town.house.ports.ledger, 'hold', ID)
  await commit({ put: 'hold', id: ID, revision: row?.revision ?? 0, value: { lane: LANE, amount: 1 } })
  await mends()
  expect(await town.held(POOL)).toEqual(before)
  // And of it what that says: all is given back once its Jobs have ended.
  expect((await readRow(town.house.ports.ledger, 'hold', ID))?.value).toEqual({ ...row?.value, lasts: 0 })
})

it('a grant whose letter is gone is taken up', async () => {
  await town.close()
  town = await openTown({ config: TWO })
  for (const folder of ['support-chats/a/', 'sales-chats/a/'])
    await uploadDataset(town.house, { bucket: 'acme-datasets', folder, rows: ['{}'] })
  await town.house.scanUploads()
  await town.until('one waits', async () => (await waiting()) !== undefined)
  await town.advance(0)
  const doc = (await waiting()) as LaneDocument
  const line = doc.run?.line as InLine
  const { place, needs, rooms } = line
  await commit(
    ...rooms.flatMap((room): Write[] => [
      { remove: 'line', id: lineId(room, place), revision: 1 },
      { add: lineSum(room), by: -1, atMost: null, atLeast: null },
    ]),
    ...Object.entries(needs).flatMap(([room, amount]): Write[] => [
      { put: 'hold', id: `${room}#${doc.lane}`, revision: 0, value: { lane: doc.lane, amount, place } },
      { add: room, by: amount, atMost: null, atLeast: null },
    ]),
  )
  await mends()
  await town.until('it goes on', async () => (await town.run(doc.lane))?.phase === 'steps', 1)
})

const TWO = {
  ...config,
  pools: { ...config.pools, 'gpu-train': { ...config.pools['gpu-train'], maxGpus: 8 } },
  pipelines: { 'support-chats': piped(), 'sales-chats': piped({ prefix: 'sales-chats/' }) },
  approvals: { ...config.approvals, autoApproveBelow: 1e9 },
}
const waiting = async () => {
  const docs = await Promise.all(['pipeline/support-chats', 'pipeline/sales-chats'].map((lane) => town.lane(lane)))
  return docs.find(({ run }) => run?.phase === 'waiting-for-room')
}

it('where they agree nothing is written', async () => {
  await holds()
  const before = await town.house.ports.ledger.counts()
  await mends()
  expect(await town.house.ports.ledger.counts()).toEqual(before)
})
