import { mutated } from './mutated.ts'
import { exploreRoom } from './room-explore.ts'
import type { RoomConfig, RoomCore, RoomGuards } from './room-state.ts'
import { ROOM_CORE, ROOM_GUARDS } from './room-world.ts'
import { largeRooms, roomConfigs } from './room-worlds.ts'

/** A guard that is taken away: the exploration must find what it guards against. */
export interface RoomMutant {
  name: string
  /** In the sources of core/lane: what stands there, once, and what in its place. */
  text?: readonly [from: string, to: string]
  guards?: Partial<RoomGuards>
  config: RoomConfig
  /** For the slow lane. */
  slow?: true
}

const [alike, rollout, large, stopped] = roomConfigs as [RoomConfig, RoomConfig, RoomConfig, RoomConfig]
const [both] = largeRooms as [RoomConfig]

export const roomMutants: readonly RoomMutant[] = [
  { name: 'a hold goes back only when its pods are seen gone', guards: { seesGone: false }, config: alike },
  { name: 'what stands stays held', guards: { keepsStanding: false }, config: rollout },
  { name: 'a sum does not grow above its bound', guards: { bounds: false }, config: alike },
  { name: 'a row is written only as it was read', guards: { compares: false }, config: both, slow: true },
  {
    name: 'what others use is not promised',
    text: ['seen.ceiling - seen.beyondHolds', 'seen.ceiling'],
    config: alike,
  },
  {
    name: 'nobody takes room beside a line',
    text: ['isGranted(view, line) ? [] : growing(view, plan)', 'isGranted(view, line) ? [] : []'],
    config: large,
  },
  {
    name: 'who does not fit yet keeps those behind waiting',
    text: ['if (so.waits !== null || so.full) return so', 'if (so.full) return so'],
    config: large,
  },
  {
    name: 'who is frozen is passed over',
    text: ['if ((head.frozenUntil ?? 0) > view.now)', 'if ((head.frozenUntil ?? 0) < view.now - 9e9)'],
    config: stopped,
  },
]

/** What the exploration says of a mutant; null: it does not notice. */
export const whatRoomShows = async ({ name, text, guards, config }: RoomMutant): Promise<string | null> => {
  const core = text === undefined ? ROOM_CORE : await mutated({ name, text }, coreFrom)
  const { found } = exploreRoom(config, { first: true, core, guards: { ...ROOM_GUARDS, ...guards } })
  return found.keys().next().value ?? null
}

const coreFrom = async (load: <M>(file: string) => Promise<M>): Promise<RoomCore> => {
  const { whyWaits, besideLine, inLineFor } = await load<RoomCore>('line.mjs')
  const { holdOf } = await load<RoomCore>('room.mjs')
  const { settleGrant } = await load<RoomCore>('granting.mjs')
  return { whyWaits, besideLine, inLineFor, holdOf, settleGrant }
}
