import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { Moment, RowKind } from '../../core/rows.ts'
import type { Stored, Write } from '../../flows/ports.ts'

export type Item = Record<string, AttributeValue>

/** A row that was removed stays so long as a tombstone, so that its revisions only grow. Seconds. */
const TOMBSTONE = 90 * 86_400
/** The timeline is kept so long. Seconds. */
const TIMELINE = 400 * 86_400
/** A counter is spread over so many items: commits of different events then rarely meet on one (decision 0012). */
export const SHARDS = 16
/** DynamoDB takes items of 400 KB, names and all. Bytes. */
const LARGEST = 390_000

/** Partition of the timeline of a lane, or of all lanes. */
export const timelineOf = (lane: string | null): string => `moment ${lane ?? '*'}`
export const COUNTS = 'count'

/** What the writes of one commit need besides themselves. */
export interface Making {
  table: string
  /** Milliseconds since the epoch. */
  now: number
  /** Ids of its moments, in order: greater than all before. */
  nextId(): string
  /** Between 0 and 1. */
  random(): number
}

const key = (pk: string, sk: string): Item => ({ pk: { S: pk }, sk: { S: sk } })
const seconds = (ms: number): AttributeValue => ({ N: String(Math.floor(ms / 1000)) })

/** Names and conditions: a row is there when it has a value. */
const THERE = 'rev = :rev AND attribute_exists(v)'
const NOT_THERE = 'attribute_not_exists(v)'

const condition = (revision: number): { ConditionExpression: string; values: Item } =>
  revision === 0
    ? { ConditionExpression: NOT_THERE, values: {} }
    : { ConditionExpression: THERE, values: { ':rev': { N: String(revision) } } }

/** The items of a commit, each with the row whose condition it carries, or null. */
export const itemsOf = (
  writes: Write[],
  making: Making,
): { item: TransactWriteItem; row: { kind: RowKind; id: string } | null }[] => {
  const counted = new Map<string, number>()
  for (const write of writes) if ('count' in write) counted.set(write.count, (counted.get(write.count) ?? 0) + write.by)
  return [
    ...writes.flatMap((write) => rowItem(write, making)),
    ...writes.flatMap((write) => ('moment' in write ? momentItems(write.moment, making) : [])),
    ...[...counted].map(([name, by]) => ({ item: countItem(name, by, making), row: null })),
  ]
}

const rowItem = (write: Write, { table, now }: Making): ReturnType<typeof itemsOf> => {
  if ('check' in write) {
    const { ConditionExpression, values } = condition(write.revision)
    const row = { kind: write.check, id: write.id }
    const check = { TableName: table, Key: key(write.check, write.id), ConditionExpression }
    return [{ row, item: { ConditionCheck: { ...check, ...valuesOf(values) } } }]
  }
  if ('put' in write) {
    const text = JSON.stringify(write.value)
    if (Buffer.byteLength(text) > LARGEST)
      throw new RangeError(`${write.put} ${write.id} has ${Buffer.byteLength(text)} bytes, and a row holds ${LARGEST}`)
    return [
      update(write.put, write, table, 'SET v = :v, rev = if_not_exists(rev, :zero) + :one REMOVE expires', {
        ':v': { S: text },
      }),
    ]
  }
  if ('remove' in write)
    return [
      update(write.remove, write, table, 'SET rev = if_not_exists(rev, :zero) + :one, expires = :expires REMOVE v', {
        ':expires': seconds(now + TOMBSTONE * 1000),
      }),
    ]
  return []
}

const update = (
  kind: RowKind,
  { id, revision }: { id: string; revision: number },
  table: string,
  UpdateExpression: string,
  more: Item,
): ReturnType<typeof itemsOf>[number] => {
  const { ConditionExpression, values } = condition(revision)
  const all = { ...values, ...more, ':zero': { N: '0' }, ':one': { N: '1' } }
  return {
    row: { kind, id },
    item: {
      Update: {
        TableName: table,
        Key: key(kind, id),
        UpdateExpression,
        ConditionExpression,
        ExpressionAttributeValues: all,
      },
    },
  }
}

const valuesOf = (values: Item) => (Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values })

/** Twice, once for its lane and once for all: an index would lag behind, and its partition would be as hot. */
const momentItems = (moment: Omit<Moment, 'id'>, { table, now, nextId }: Making): ReturnType<typeof itemsOf> => {
  const id = nextId()
  return [moment.lane, null].map((lane) => ({
    row: null,
    item: {
      Put: {
        TableName: table,
        Item: {
          ...key(timelineOf(lane), id),
          v: { S: JSON.stringify(moment) },
          expires: seconds(now + TIMELINE * 1000),
        },
      },
    },
  }))
}

const countItem = (name: string, by: number, { table, random }: Making): TransactWriteItem => ({
  Update: {
    TableName: table,
    Key: key(COUNTS, `${name}#${Math.floor(random() * SHARDS)}`),
    UpdateExpression: 'ADD n :by',
    ExpressionAttributeValues: { ':by': { N: String(by) } },
  },
})

/** A row as an item holds it; null for none and for a tombstone. */
export const storedOf = (item: Item | undefined): Stored<RowKind> | null =>
  item?.['v']?.S === undefined
    ? null
    : ({ id: item['sk']?.S ?? '', revision: Number(item['rev']?.N), value: JSON.parse(item['v'].S) } as Stored<RowKind>)

export const momentOf = (item: Item): Moment => ({
  id: item['sk']?.S ?? '',
  ...(JSON.parse(item['v']?.S ?? '{}') as Omit<Moment, 'id'>),
})

/** Counters with their shards added up. */
export const countsOf = (items: Item[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const item of items) {
    const name = (item['sk']?.S ?? '').replace(/#\d+$/, '')
    counts[name] = (counts[name] ?? 0) + Number(item['n']?.N ?? 0)
  }
  return counts
}
