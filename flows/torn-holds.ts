import type { LaneDocument } from '../core/lane/document.ts'
import { newerIn } from '../core/lane/newer.ts'
import { holdingOf, holdRowOf } from '../core/lane/room.ts'
import type { HoldRow } from '../core/rows.ts'
import type { Stored, Write } from './ledger-port.ts'
import type { Ports } from './ports.ts'
import { everyRow } from './rows.ts'
import { wake } from './waking.ts'

type MendPorts = Pick<Ports, 'ledger' | 'queue' | 'clock'>

/** How a hold and the document of its lane stand to each other; `granted`: the pool's lane has granted it, and its own takes it up. */
type Standing = 'agree' | 'granted' | 'torn'

/**
 * The lanes whose hold of a room is not what their document says. Both are written in one commit, so only a restore tears them: then a
 * hold of nobody would keep its room for ever, and pods without one would let others in (law 10).
 */
export const tornHolds = async (
  { ledger }: Pick<Ports, 'ledger'>,
  room: string,
  docs: ReadonlyMap<string, LaneDocument>,
): Promise<string[]> => {
  const rows = new Map((await everyRow(ledger, 'hold', `${room}#`)).map(({ value }) => [value.lane, value]))
  const holders = [...docs.values()].filter((doc) => holdingOf(doc)[room] !== undefined).map(({ lane }) => lane)
  return [...new Set([...rows.keys(), ...holders])].filter(
    (lane) => standing(room, docs.get(lane) ?? null, rows.get(lane) ?? null) !== 'agree',
  )
}

const amountIn = (room: string, doc: LaneDocument | null): number | undefined =>
  doc === null ? undefined : holdingOf(doc)[room]

const standing = (room: string, doc: LaneDocument | null, hold: HoldRow | null): Standing => {
  if (hold?.place !== undefined) return doc?.run?.line?.place === hold.place ? 'granted' : 'torn'
  return amountIn(room, doc) === hold?.amount ? 'agree' : 'torn'
}

/** Makes a hold what the document of its lane says, while both are as they were read; who has not heard of a grant is woken. */
export const mendHold = async (ports: MendPorts, room: string, lane: string): Promise<void> => {
  const { ledger, clock } = ports
  const id = `${room}#${lane}`
  const [row, hold] = await ledger.read([
    { kind: 'lane', id: lane },
    { kind: 'hold', id },
  ])
  const doc = row?.value ?? null
  const stands = standing(room, doc, hold?.value ?? null)
  if (stands === 'granted') return wake(ports, lane, `granted.${clock.now()}`)
  if (stands === 'agree' || (doc !== null && newerIn(doc) !== null)) return
  // Whoever loses this has moved since, and writes both.
  await ledger.commit([
    { check: 'lane', id: lane, revision: row?.revision ?? 0 },
    ...holdWrites({ room, lane }, hold, doc === null ? undefined : holdRowOf(lane, doc, room)),
    { count: 'mended:hold', by: 1 },
  ])
}

const holdWrites = (
  { room, lane }: { room: string; lane: string },
  hold: Stored<'hold'> | null,
  value: HoldRow | undefined,
): Write[] => {
  const [id, revision] = [`${room}#${lane}`, hold?.revision ?? 0]
  const by = (value?.amount ?? 0) - (hold?.value.amount ?? 0)
  return [
    value === undefined ? { remove: 'hold', id, revision } : { put: 'hold', id, revision, value },
    { add: room, by, atMost: null, atLeast: by < 0 ? 0 : null },
  ]
}
