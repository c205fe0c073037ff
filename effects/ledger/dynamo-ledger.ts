import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CancellationReason,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { type Clock, type Committed, type Ledger, type Page, Unavailable, type Write } from '../../flows/ports.ts'
import { asking, isNamed } from '../aws/errors.ts'
import { COUNTS, countsOf, type Item, itemsOf, type Making, momentOf, storedOf, timelineOf } from './items.ts'

/** Most writes of one commit, as every ledger has it: with moments doubled still below the 100 items of a transaction. */
const MOST_WRITES = 25
/** Tries of a transaction that met another one. */
const TRIES = 8
/** Above every character of an id. */
const LAST = '\u{10FFFF}'

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
 * The ledger in one DynamoDB table (decision 0012). A commit is one `TransactWriteItems` under a token of its own, so the
 * SDK may repeat it safely; reads are consistent; nothing scans.
 */
export const openDynamoLedger = (options: DynamoLedgerOptions): Ledger => {
  const { client, table } = options
  const nextId = ids(options.clock)
  return {
    read: async (kind, id) => {
      const Key = { pk: { S: kind }, sk: { S: id } }
      const read = new GetItemCommand({ TableName: table, Key, ConsistentRead: true })
      return storedOf((await asking(`reading ${kind} ${id}`, () => client.send(read))).Item) as never
    },
    list: async (kind, page = {}) => {
      const { limit = 100, after } = page
      const range = { ...rangeOf(kind, page), FilterExpression: 'attribute_exists(v)', ScanIndexForward: !page.reverse }
      const rows: unknown[] = []
      for await (const item of query(options, range, `listing ${kind}`)) {
        const stored = storedOf(item)
        if (stored !== null && stored.id !== after) rows.push(stored)
        if (rows.length === limit) break
      }
      return rows as never
    },
    commit: async (writes) => commit(options, writes, nextId),
    moments: async (lane, { limit = 100, before } = {}) => {
      const values = { ':pk': { S: timelineOf(lane) }, ...(before === undefined ? {} : { ':before': { S: before } }) }
      const range = {
        KeyConditionExpression: before === undefined ? 'pk = :pk' : 'pk = :pk AND sk < :before',
        ExpressionAttributeValues: values,
        ScanIndexForward: false,
        Limit: limit,
      }
      const found = []
      for await (const item of query(options, range, 'reading the timeline')) {
        found.push(momentOf(item))
        if (found.length === limit) break
      }
      return found
    },
    counts: async () => {
      const items: Item[] = []
      const range = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: COUNTS } } }
      for await (const item of query(options, range, 'reading the counters')) items.push(item)
      return countsOf(items)
    },
  }
}

/** One sort key condition is all that a query takes, so both ends of a page become one range. */
const rangeOf = (
  kind: string,
  { prefix = '', after, reverse = false }: Page,
): Pick<QueryCommandInput, 'KeyConditionExpression' | 'ExpressionAttributeValues'> => {
  const pk = { ':pk': { S: kind } }
  if (prefix === '' && after === undefined) return { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: pk }
  const low = !reverse && after !== undefined && after > prefix ? after : prefix
  const high = reverse && after !== undefined ? after : `${prefix}${LAST}`
  if (low === '')
    return {
      KeyConditionExpression: 'pk = :pk AND sk <= :high',
      ExpressionAttributeValues: { ...pk, ':high': { S: high } },
    }
  const values = { ...pk, ':low': { S: low }, ':high': { S: high } }
  return { KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high', ExpressionAttributeValues: values }
}

async function* query(
  { client, table }: DynamoLedgerOptions,
  range: Partial<QueryCommandInput>,
  what: string,
): AsyncGenerator<Item> {
  let from: Item | undefined
  do {
    const page = new QueryCommand({ ...range, TableName: table, ConsistentRead: true, ExclusiveStartKey: from })
    const { Items = [], LastEvaluatedKey } = await asking(what, () => client.send(page))
    yield* Items
    from = LastEvaluatedKey
  } while (from !== undefined)
}

const commit = async (options: DynamoLedgerOptions, writes: Write[], nextId: () => string): Promise<Committed> => {
  const { client, table, clock, random = Math.random, pause = sleep } = options
  if (writes.length > MOST_WRITES)
    throw new RangeError(`a commit has at most ${MOST_WRITES} writes, not ${writes.length}`)
  const making: Making = { table, now: clock.now(), nextId, random }
  const items = itemsOf(writes, making)
  const rows = items.flatMap(({ row }) => (row === null ? [] : [`${row.kind} ${row.id}`]))
  if (new Set(rows).size !== rows.length) throw new RangeError('a commit names each row once')
  if (items.length === 0) return { ok: true }
  const transaction = new TransactWriteItemsCommand({
    TransactItems: items.map(({ item }) => item),
    // The same again within ten minutes is the same commit, done once.
    ClientRequestToken: randomUUID(),
  })
  for (let attempt = 0; ; attempt++) {
    const reasons = await tryOnce(client, transaction)
    if (reasons === 'done') return { ok: true }
    const lost = items[reasons.findIndex(({ Code }) => Code === 'ConditionalCheckFailed')]?.row
    if (lost !== undefined && lost !== null) return { ok: false, conflict: lost }
    const codes = reasons.map(({ Code }) => Code).filter((code) => code !== 'None')
    if (codes.some((code) => !PASSING.has(code ?? '')))
      throw new RangeError(
        `DynamoDB refuses the commit: ${JSON.stringify(reasons.filter(({ Code }) => Code !== 'None'))}`,
      )
    if (attempt === TRIES - 1) throw new Unavailable(`the ledger is busy: ${codes.join(', ')} ${TRIES} times in a row`)
    await pause(20 * 2 ** attempt * (0.5 + random()))
  }
}

/** Another transaction was on the same item, or the table had no capacity: nothing was written. */
const PASSING: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
])

const tryOnce = async (
  client: DynamoDBClient,
  transaction: TransactWriteItemsCommand,
): Promise<'done' | CancellationReason[]> => {
  try {
    await client.send(transaction)
    return 'done'
  } catch (error) {
    if (isNamed(error, 'TransactionCanceledException'))
      return (error as { CancellationReasons?: CancellationReason[] }).CancellationReasons ?? []
    if (isNamed(error, 'TransactionInProgressException')) return [{ Code: 'TransactionConflict' }]
    return asking('writing to the ledger', () => Promise.reject(error))
  }
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
