import { BatchGetItemCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb'
import type { RowKind } from '../../core/rows.ts'
import type { Key, Page, Stored } from '../../flows/ledger-port.ts'
import { Unavailable } from '../../flows/ports.ts'
import { storedIn } from './items.ts'
import { byBytes, type Item, idAt, keyOf, placeIn, placeOf } from './keys.ts'
import { type Access, pauseBefore, reading, TRIES } from './trying.ts'

/** Rows in the order of the keys, each read once. All that are there, or `Unavailable`: nobody decides on a part. */
export const readRows = async (access: Access, keys: readonly Key[]): Promise<(Stored<RowKind> | null)[]> => {
  const names = keys.map(({ kind, id }) => JSON.stringify(placeOf(kind, id)))
  const wanted = [...new Set(names)].map((name) => keyOf(JSON.parse(name)))
  const items = await readItems(access, wanted)
  const found = new Map(items.map((item) => [JSON.stringify(placeIn(item)), item]))
  return keys.map(({ kind, id }, n) => storedIn(kind, id, found.get(names[n] ?? '')))
}

/** An answer may leave keys out (16 MB, 1 MB a partition, no capacity): they are asked for until none is left. */
const readItems = async (access: Access, keys: Item[]): Promise<Item[]> => {
  const { client, table, pause, random } = access
  const items: Item[] = []
  let left = keys
  for (let idle = 0; left.length > 0; ) {
    const batch = new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } })
    const answer = await reading(access, 'reading the ledger', () => client.send(batch))
    items.push(...(answer.Responses?.[table] ?? []))
    const unread = answer.UnprocessedKeys?.[table]?.Keys ?? []
    idle = unread.length < left.length ? 0 : idle + 1
    if (idle === TRIES) throw new Unavailable(`reading the ledger: ${unread.length} rows were left out ${TRIES} times`)
    left = unread
    if (left.length > 0) await pause(pauseBefore(idle + 1, random))
  }
  return items
}

export type Range = Pick<QueryCommandInput, 'KeyConditionExpression' | 'ExpressionAttributeValues'> &
  Partial<Pick<QueryCommandInput, 'FilterExpression' | 'ScanIndexForward' | 'ExclusiveStartKey' | 'Limit'>>

/** A partition, or what of it lies below or above a sort key. */
export const rangeIn = (pk: string, part?: { is: '<' | '>'; sk: string }): Range => ({
  KeyConditionExpression: part === undefined ? 'pk = :pk' : `pk = :pk AND sk ${part.is} :sk`,
  ExpressionAttributeValues: { ':pk': { S: pk }, ...(part === undefined ? {} : { ':sk': { S: part.sk } }) },
})

/** What of a partition lies between two sort keys, both included. */
export const between = (pk: string, from: string, to: string): Range => ({
  KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
  ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
})

/** The items of one partition in a range, as many as are wanted. Consistent. */
export const query = async (access: Access, range: Range, limit = Number.POSITIVE_INFINITY): Promise<Item[]> => {
  const { client, table } = access
  if (limit <= 0) return []
  const most = Number.isFinite(limit) ? { Limit: limit } : {}
  const items: Item[] = []
  let from = range.ExclusiveStartKey
  do {
    const page = new QueryCommand({
      ...range,
      ...most,
      TableName: table,
      ConsistentRead: true,
      ExclusiveStartKey: from,
    })
    const answer = await reading(access, 'reading the ledger', () => client.send(page))
    items.push(...(answer.Items ?? []))
    from = answer.LastEvaluatedKey
  } while (from !== undefined && items.length < limit)
  return items.slice(0, limit)
}

/** Rows of a kind, in the order of ids. */
export const listRows = async (access: Access, kind: RowKind, page: Page): Promise<Stored<RowKind>[]> => {
  const { limit = 100, reverse = false } = page
  const range = rangeOf(kind, page)
  if (range === null) return []
  const living = { ...range, FilterExpression: 'attribute_exists(v)', ScanIndexForward: !reverse }
  const items = await query(access, living, limit)
  return items.flatMap((item) => storedIn(kind, idAt(kind, placeIn(item)), item) ?? [])
}

/** Null: no row can be there. */
const rangeOf = (kind: RowKind, { prefix = '', after, reverse = false }: Page): Range | null => {
  const { pk, sk } = placeOf(kind, prefix)
  const range: Range =
    sk === ''
      ? rangeIn(pk)
      : {
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :begin)',
          ExpressionAttributeValues: { ':pk': { S: pk }, ':begin': { S: sk } },
        }
  if (after === undefined) return range
  if (after.startsWith(prefix) && after !== '') return { ...range, ExclusiveStartKey: keyOf(placeOf(kind, after)) }
  // Outside of the range: on the side from which one comes, or beyond its end.
  const isBefore = byBytes(after, prefix) <= 0
  return isBefore === reverse ? null : range
}
