import type { AttributeValue, TransactWriteItem, Update } from '@aws-sdk/client-dynamodb'
import type { Moment, RowKind } from '../../core/rows.ts'
import type { Key, Stored, Write } from '../../flows/ledger-port.ts'
import { leavesTombstone } from '../../flows/ledger-rules.ts'
import { COUNTS, dueAt, type Item, keyOf, listedAt, type Place, placeIn, placeOf, timelineOf } from './keys.ts'

/** A row that was removed stays so long as a tombstone, so that its revisions only grow. Seconds. */
const TOMBSTONE = 90 * 86_400
/** The timeline is kept so long. Seconds. */
const TIMELINE = 400 * 86_400
/** A counter is spread over so many items: commits of different events then rarely meet on one (decision 0012). */
const SHARDS = 16
/** DynamoDB takes items of 400 KB, names and all. Bytes. */
const LARGEST = 390_000

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

/** One action of a transaction, and the row or sum whose condition it carries. */
export interface Action {
  item: TransactWriteItem
  guards: Key | null
}

type Put = Extract<Write, { put: unknown }>
type Remove = Extract<Write, { remove: unknown }>
type Add = Extract<Write, { add: unknown }>
type DueWrite = Extract<Write, { due: unknown }>

/** The actions of a commit, in the order of its writes, so that the first that did not hold is named. Counts come last. */
export const actionsOf = (writes: readonly Write[], making: Making): Action[] => {
  const counted = new Map<string, number>()
  for (const write of writes) if ('count' in write) counted.set(write.count, (counted.get(write.count) ?? 0) + write.by)
  return [
    ...writes.flatMap((write) => actionsOfOne(write, making)),
    ...[...counted].map(([name, by]) => free(countUpdate(name, by, making))),
  ]
}

const actionsOfOne = (write: Write, making: Making): Action[] => {
  if ('put' in write) return putActions(write, making)
  if ('check' in write) return [checkAction(write.check, write, making)]
  if ('remove' in write) return removeActions(write, making)
  if ('add' in write) return [{ item: { Update: addUpdate(write, making) }, guards: { kind: 'sum', id: write.add } }]
  if ('due' in write) return dueActions(write, making)
  if ('moment' in write) return momentActions(write.moment, making)
  return []
}

const number = (n: number): AttributeValue => ({ N: String(n) })
const free = (item: TransactWriteItem): Action => ({ item, guards: null })
const putItem = ({ table }: Making, place: Place, more: Item = {}): TransactWriteItem => ({
  Put: { TableName: table, Item: { ...keyOf(place), ...more } },
})
const deleteItem = ({ table }: Making, place: Place): TransactWriteItem => ({
  Delete: { TableName: table, Key: keyOf(place) },
})

/** A value as it is kept. Throws `RangeError` when no item holds it. */
const textOf = (value: unknown, what: string): AttributeValue => {
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) <= LARGEST) return { S: text }
  throw new RangeError(`${what} has ${Buffer.byteLength(text)} bytes, and a row holds ${LARGEST}`)
}

/** Where a row is and what must hold of it: it is there when it has a value. */
const held = (kind: RowKind, { id, revision }: { id: string; revision: number }, { table }: Making) => ({
  TableName: table,
  Key: keyOf(placeOf(kind, id)),
  ConditionExpression: revision === 0 ? 'attribute_not_exists(v)' : 'rev = :rev AND attribute_exists(v)',
  ...(revision === 0 ? {} : { ExpressionAttributeValues: { ':rev': number(revision) } }),
})

const update = (base: ReturnType<typeof held>, UpdateExpression: string, values: Item): Update => ({
  ...base,
  UpdateExpression,
  ExpressionAttributeValues: { ...base.ExpressionAttributeValues, ...values },
})

const checkAction = (kind: RowKind, of: { id: string; revision: number }, making: Making): Action => ({
  item: { ConditionCheck: held(kind, of, making) },
  guards: { kind, id: of.id },
})

/** Where a tombstone may lie the revision goes on from there. */
const putActions = (write: Put, making: Making): Action[] => {
  const { put: kind, id, revision } = write
  const set = 'SET v = :v, rev = if_not_exists(rev, :zero) + :one REMOVE expires'
  const values = { ':v': textOf(write.value, `${kind} ${id}`), ':zero': number(0), ':one': number(1) }
  const row = { item: { Update: update(held(kind, write, making), set, values) }, guards: { kind, id } }
  return kind === 'lane' && revision === 0 ? [row, free(putItem(making, listedAt(id)))] : [row]
}

/** What is not there is only checked: no tombstone is made for it. */
const removeActions = (write: Remove, making: Making): Action[] => {
  const { remove: kind, id, revision } = write
  if (revision === 0) return [checkAction(kind, write, making)]
  const at = held(kind, write, making)
  const expires = number(Math.floor(making.now / 1000) + TOMBSTONE)
  const bury = () =>
    update(at, 'SET rev = rev + :one, expires = :expires REMOVE v', { ':one': number(1), ':expires': expires })
  const item = leavesTombstone(kind) ? { Update: bury() } : { Delete: at }
  const row = { item, guards: { kind, id } }
  return kind === 'lane' ? [row, free(deleteItem(making, listedAt(id)))] : [row]
}

/**
 * DynamoDB reckons in no condition, so the bounds are of what the sum is before. A sum that is not there is 0 to `ADD`, but no
 * comparison holds of it.
 */
const addUpdate = ({ add, by, atMost, atLeast }: Add, { table }: Making): Update => {
  const bounds = [
    ...(atMost === null ? [] : [{ name: ':most', text: 'n <= :most', value: atMost - by, holdsOfNone: by <= atMost }]),
    ...(atLeast === null
      ? []
      : [{ name: ':least', text: 'n >= :least', value: atLeast - by, holdsOfNone: by >= atLeast }]),
  ]
  const within = bounds.map(({ text }) => text).join(' AND ')
  const orNone = bounds.every(({ holdsOfNone }) => holdsOfNone) ? `attribute_not_exists(n) OR (${within})` : within
  return {
    TableName: table,
    Key: keyOf(placeOf('sum', add)),
    UpdateExpression: 'ADD n :by, rev :one',
    ...(bounds.length === 0 ? {} : { ConditionExpression: orNone }),
    ExpressionAttributeValues: {
      ':by': number(by),
      ':one': number(1),
      ...Object.fromEntries(bounds.map(({ name, value }) => [name, number(value)])),
    },
  }
}

/** When it is due is part of its key, so to move it is to take it away and put it elsewhere. */
const dueActions = ({ due, at, was, side }: DueWrite, making: Making): Action[] => {
  const [from, to] = [was, at].map((time) => (time === null ? null : dueAt(due, time)))
  const leaves = from != null && from.sk !== to?.sk ? [free(deleteItem(making, from))] : []
  return to == null ? leaves : [...leaves, free(putItem(making, to, side === null ? {} : { side: { S: side } }))]
}

/** Twice, once for its lane and once for all: an index would lag behind, and its partition would be as hot. */
const momentActions = (moment: Omit<Moment, 'id'>, making: Making): Action[] => {
  const sk = making.nextId()
  const v = textOf(moment, `a moment of ${moment.lane}`)
  const expires = number(Math.floor(making.now / 1000) + TIMELINE)
  return [moment.lane, null].map((lane) => free(putItem(making, { pk: timelineOf(lane), sk }, { v, expires })))
}

const countUpdate = (name: string, by: number, { table, random }: Making): TransactWriteItem => ({
  Update: {
    TableName: table,
    Key: keyOf({ pk: COUNTS, sk: `${name}#${Math.floor(random() * SHARDS)}` }),
    UpdateExpression: 'ADD n :by',
    ExpressionAttributeValues: { ':by': number(by) },
  },
})

/** A row or sum as an item holds it; null for none and for a tombstone. */
export const storedIn = (kind: RowKind, id: string, item: Item | undefined): Stored<RowKind> | null => {
  const { v, n, rev } = item ?? {}
  const value = kind === 'sum' ? n?.N && { n: Number(n.N) } : v?.S && JSON.parse(v.S)
  return value === undefined ? null : { id, revision: Number(rev?.N), value }
}

export const momentIn = (item: Item): Moment => ({
  id: placeIn(item).sk,
  ...(JSON.parse(item['v']?.S ?? '{}') as Omit<Moment, 'id'>),
})

/** Counters with their shards added up. */
export const countsIn = (items: readonly Item[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const item of items) {
    const name = placeIn(item).sk.replace(/#\d+$/, '')
    counts[name] = (counts[name] ?? 0) + Number(item['n']?.N ?? 0)
  }
  return counts
}
