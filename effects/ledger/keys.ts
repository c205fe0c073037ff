import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { sha256Hex } from '../../core/digest.ts'
import type { RowKind } from '../../core/rows.ts'
import type { Due, DueKey } from '../../flows/ledger-port.ts'

export type Item = Record<string, AttributeValue>

/** Where an item lies. */
export interface Place {
  pk: string
  sk: string
}

export const keyOf = ({ pk, sk }: Place): Item => ({ pk: { S: pk }, sk: { S: sk } })
export const placeIn = (item: Item): Place => ({ pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? '' })

/**
 * The partitions of what belongs to somebody: `<name>#<lane>`, `room#<room>` or `booked#<day>`. Letters lie apart from what only reconcile
 * writes, and those of events apart from those of people: a door's right (`dynamodb:LeadingKeys`) sees partition keys alone.
 */
const PARTITIONS: Partial<Record<RowKind, string>> = {
  lane: 'lane',
  plan: 'lane',
  past: 'lane',
  result: 'lane',
  shadow: 'lane',
  out: 'lane',
  look: 'looks',
  order: 'orders',
  hold: 'room',
  line: 'room',
  contribution: 'room',
  rung: 'room',
  booked: 'booked',
}
/** One of each a lane: their ids are the lane, and have no second part. */
const SINGLE: ReadonlySet<RowKind> = new Set(['lane', 'plan'])

/** Where a row lies, or where rows begin whose ids begin so. Two rows never lie at one place. */
export const placeOf = (kind: RowKind, id: string): Place => {
  if (kind === 'sum') return { pk: `sum#${id}`, sk: 'sum' }
  const partition = PARTITIONS[kind]
  if (partition === undefined) return { pk: kind, sk: id }
  const mark = SINGLE.has(kind) ? -1 : id.indexOf('#')
  const end = mark === -1 ? id.length : mark
  return { pk: `${partition}#${id.slice(0, end)}`, sk: `${kind}${id.slice(end)}` }
}

/** The id of the row of this kind that lies there. */
export const idAt = (kind: RowKind, { pk, sk }: Place): string => {
  const partition = PARTITIONS[kind]
  return partition === undefined ? sk : `${pk.slice(partition.length + 1)}${sk.slice(kind.length)}`
}

/** The timeline of a lane, or of all of them. */
export const timelineOf = (lane: string | null): string => (lane === null ? 'moments' : `moments#${lane}`)
export const COUNTS = 'counts'

const shardOf = (name: string, shards: number): number => Number.parseInt(sha256Hex(name).slice(0, 8), 16) % shards
const partitionsOf = (name: string, shards: number): string[] =>
  Array.from({ length: shards }, (_, n) => `${name}#${n}`)

const LANE_SHARDS = 4
/** The list of lanes: an item each, made and removed with its document. */
export const LANES = partitionsOf('lanes', LANE_SHARDS)
export const listedAt = (lane: string): Place => ({ pk: `lanes#${shardOf(lane, LANE_SHARDS)}`, sk: lane })

const DUE_SHARDS = 16
/** Due rows, by when: the tick asks all of these. */
export const DUES = partitionsOf('due', DUE_SHARDS)

/** Where a due row lies. Within a partition they are in the order of time, then group, then whose, by their bytes. */
export const dueAt = ({ group, by }: DueKey, at: number): Place => ({
  pk: `due#${shardOf(group, DUE_SHARDS)}`,
  sk: `${timeOf(at)}#${escaped(group)}#${escaped(by)}`,
})

/** The due row that an item is. */
export const dueIn = (item: Item): Due => {
  const [at = '', group = '', by = ''] = placeIn(item).sk.split('#')
  return { group: unescaped(group), by: unescaped(by), at: Number(at), side: item['side']?.S ?? null }
}

/** A time as text that sorts as it does: 16 digits hold every whole number there is. Parts of a millisecond are cut off. */
export const timeOf = (at: number): string => {
  const whole = Math.floor(at)
  // One above the greatest is asked for by who asks for everything.
  if (!(whole >= 0 && whole <= Number.MAX_SAFE_INTEGER + 1)) throw new RangeError(`no time to be due at: ${at}`)
  return String(whole).padStart(16, '0')
}

/** What would sort before the mark `#`, or be taken for it, as what sorts just after: so the order of bytes stays. */
const escaped = (name: string): string =>
  name.replace(/[\0-$]/g, (sign) => `$${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
const unescaped = (text: string): string =>
  text.replace(/\$(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** The order of UTF-8 bytes, which is DynamoDB's. */
export const byBytes = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))

/** The oldest first, then as they lie. */
export const inTime = (a: Due, b: Due): number => a.at - b.at || byBytes(a.group, b.group) || byBytes(a.by, b.by)
