import type { settleGrant } from '../../core/lane/granting.ts'
import type { besideLine, inLineFor, whyWaits } from '../../core/lane/line.ts'
import type { holdOf } from '../../core/lane/room.ts'
import type { HoldRow, LineRow } from '../../core/rows.ts'
import type { Stored } from '../../flows/ledger-port.ts'
import type { Ledger } from './state.ts'

/** The product's own functions that are explored; a mutant hands others in. */
export interface RoomCore {
  whyWaits: typeof whyWaits
  besideLine: typeof besideLine
  inLineFor: typeof inLineFor
  holdOf: typeof holdOf
  settleGrant: typeof settleGrant
}

/** What lanes and the ledger guard besides: a mutant turns one off. */
export interface RoomGuards {
  /** A sum may not grow above its bound. */
  bounds: boolean
  /** A row is written only at the revision that was read. */
  compares: boolean
  /** A hold goes back only when its pods are seen gone. */
  seesGone: boolean
  /** What stands stays held. */
  keepsStanding: boolean
}

/** A lane that is explored: how many GPUs it takes at most, and how many stand before and after. */
export interface Script {
  lane: string
  before: number
  peak: number
  after: number
}

export interface RoomConfig {
  name: string
  scripts: readonly [Script, Script]
  ceiling: number
  /** GPUs that others use at first. */
  foreign: number
  /** What may happen besides, each at most once. */
  doings: readonly RoomDoing[]
}
export type RoomDoing = 'ceiling falls' | 'ceiling rises' | 'others come' | 'others go' | 'freeze' | 'thaw' | 'cancel'

/** The cluster as it is, or as it was looked at. */
export interface Cluster {
  ceiling: number
  foreign: number
  /** GPUs that each lane's pods have. */
  pods: readonly number[]
}

/** What a lane's invocation has read: rows and cluster are read apart, in whichever order. */
export interface Inside {
  /** The ledger when the document, its own holds and the counts of lines were read. */
  read: Ledger
  /** The rows of all holds when they were read, and the cluster when it was looked at. */
  holds: Stored<'hold'>[] | null
  cluster: Cluster | null
}

export interface RoomState {
  ledger: Ledger
  cluster: Cluster
  /** How far the pods of each lane are. */
  stage: readonly ('none' | 'up' | 'ending' | 'down')[]
  frozen: boolean
  cancelled: boolean
  left: readonly RoomDoing[]
  /** Invocations of the two lanes, and of the pool's. */
  inside: readonly (Inside | null)[]
  bad: string | null
}

/** One step of somebody. Of nature: nobody may rely on its happening. */
export interface RoomMove {
  label: string
  state: RoomState
  nature?: true
}

const holds = new WeakMap<Ledger, Stored<'hold'>[]>()
export const holdsIn = (ledger: Ledger): Stored<'hold'>[] => {
  const known = holds.get(ledger)
  if (known !== undefined) return known
  const found = Object.entries(ledger.rows).flatMap(([key, row]) =>
    key.startsWith('hold ') ? [row as unknown as Stored<'hold'>] : [],
  )
  holds.set(ledger, found)
  return found
}

/** Whether a row is a lane's hold, or its place in a line. */
export const isOwn = (key: string, lane: string): boolean =>
  key.endsWith(`#${lane}`) || (key.startsWith('line ') && key.endsWith(`.${lane}`))

/** What of the ledger is read for a lane: its own rows and how many wait; or, for the pool's, who stands in its line. */
export const readFor = ({ rows, sums }: Ledger, lane: string | null): Ledger => ({
  rows: Object.fromEntries(
    Object.entries(rows).filter(([key]) =>
      lane === null ? key.startsWith('line ') : key === `lane ${lane}` || isOwn(key, lane),
    ),
  ),
  sums: Object.fromEntries(Object.entries(sums).filter(([name]) => name.startsWith('line/'))),
  due: {},
})

export const linesIn = ({ rows }: Ledger): LineRow[] =>
  Object.entries(rows)
    .flatMap(([key, { value }]) => (key.startsWith('line ') ? [value as LineRow] : []))
    .sort((a, b) => (a.place < b.place ? -1 : 1))

export const heldOf = ({ rows }: Ledger, room: string, lane: string): HoldRow | undefined =>
  rows[`hold ${room}#${lane}`]?.value as HoldRow | undefined
