import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Ledger } from '../../flows/ledger-port.ts'
import { checkCommit, checkKeys, checkListing } from '../../flows/ledger-rules.ts'
import type { Clock } from '../../flows/ports.ts'
import { transact } from './committing.ts'
import { actionsOf, countsIn, momentIn } from './items.ts'
import { byBytes, COUNTS, DUES, dueIn, inTime, LANES, placeIn, timelineOf, timeOf } from './keys.ts'
import { between, listRows, query, type Range, rangeIn, readRows } from './reading.ts'
import type { Access } from './trying.ts'

export interface DynamoLedgerOptions {
  client: DynamoDBClient
  /** Its key is `pk`, `sk` (both strings); `expires` is its time to live. */
  table: string
  clock: Clock
  /** Between 0 and 1: shards of counters, and pauses. */
  random?: () => number
  /** Waits before another try. Milliseconds. */
  pause?: (milliseconds: number) => Promise<unknown>
}

/**
 * The ledger in one DynamoDB table (decision 0012). A commit is one `TransactWriteItems` under a token of its own, so it may
 * be sent again safely; reads are consistent; nothing scans, and there is no index.
 */
export const openDynamoLedger = (options: DynamoLedgerOptions): Ledger => {
  const { client, table, clock, random = Math.random, pause = sleep } = options
  const access: Access = { client, table, random, pause }
  const nextId = ids(clock)
  return {
    read: async (keys) => {
      checkKeys(keys)
      return (await readRows(access, keys)) as never
    },
    list: async (kind, page = {}) => {
      checkListing(kind, page)
      return (await listRows(access, kind, page)) as never
    },
    commit: async (writes) => {
      checkCommit(writes)
      return transact(access, actionsOf(writes, { table, now: clock.now(), nextId, random }))
    },
    lanes: (page = {}) => lanes(access, page),
    due: (until, page = {}) => due(access, until, page),
    moments: (lane, page = {}) => moments(access, lane, page),
    counts: async () => countsIn(await query(access, rangeIn(COUNTS))),
  }
}

const lanes = async (
  access: Access,
  { after = '', limit = 1000 }: NonNullable<Parameters<Ledger['lanes']>[0]>,
): ReturnType<Ledger['lanes']> => {
  const asked = LANES.map((pk) =>
    query(access, after === '' ? rangeIn(pk) : rangeIn(pk, { is: '>', sk: after }), limit),
  )
  const names = (await Promise.all(asked)).flat().map((item) => placeIn(item).sk)
  return names.sort(byBytes).slice(0, limit)
}

const due = async (
  access: Access,
  until: number,
  { limit = 100, side, after }: NonNullable<Parameters<Ledger['due']>[1]>,
): ReturnType<Ledger['due']> => {
  // No range ends before it begins.
  if (after !== undefined && after >= until) return []
  const end = timeOf(until + 1)
  const asked = DUES.map((pk) => {
    const range =
      after === undefined ? rangeIn(pk, { is: '<', sk: end }) : between(pk, timeOf(Math.max(0, after + 1)), end)
    return query(access, side === undefined ? range : onlyOf(side, range), limit)
  })
  return (await Promise.all(asked)).flat().map(dueIn).sort(inTime).slice(0, limit)
}

const onlyOf = (side: string, range: Range): Range => ({
  ...range,
  FilterExpression: 'side = :side',
  ExpressionAttributeValues: { ...range.ExpressionAttributeValues, ':side': { S: side } },
})

const moments = async (
  access: Access,
  lane: string | null,
  { limit = 100, before }: NonNullable<Parameters<Ledger['moments']>[1]>,
): ReturnType<Ledger['moments']> => {
  const pk = timelineOf(lane)
  const range = before === undefined ? rangeIn(pk) : rangeIn(pk, { is: '<', sk: before })
  return (await query(access, { ...range, ScanIndexForward: false }, limit)).map(momentIn)
}

/** Ids that grow: time, a count within the millisecond, and what tells processes apart. */
const ids = (clock: Clock): (() => string) => {
  const mark = randomBytes(3).toString('hex')
  let last = { at: 0, count: 0 }
  return () => {
    const at = Math.max(clock.now(), last.at)
    last = { at, count: at === last.at ? last.count + 1 : 0 }
    return `${String(at).padStart(14, '0')}-${String(last.count).padStart(6, '0')}-${mark}`
  }
}
