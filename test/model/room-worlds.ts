import type { RoomConfig, Script } from './room-state.ts'

const once = (lane: string, peak: number): Script => ({ lane: `pipeline/${lane}`, before: 0, peak, after: 0 })
const standing = (lane: string, before: number, peak: number, after = before): Script => ({
  lane: `service/${lane}`,
  before,
  peak,
  after,
})

/** Small worlds, each explored whole. */
export const roomConfigs: readonly RoomConfig[] = [
  {
    name: 'two trainings for the same room, a ceiling and others that move',
    scripts: [once('a', 2), once('b', 2)],
    ceiling: 3,
    foreign: 0,
    doings: ['ceiling rises', 'others come'],
  },
  {
    name: 'a rollout whose pods stay, and a training beside it',
    scripts: [standing('a', 2, 3), once('b', 2)],
    ceiling: 4,
    foreign: 0,
    doings: ['others come'],
  },
  {
    name: 'a large one and a small one, while others go',
    scripts: [once('large', 3), once('small', 1)],
    ceiling: 3,
    foreign: 1,
    doings: ['others go'],
  },
  {
    name: 'the first in line is frozen, cancelled, or both',
    scripts: [once('a', 2), once('b', 2)],
    ceiling: 2,
    foreign: 0,
    doings: ['freeze', 'cancel'],
  },
]

/** Larger ones, for the slow lane. */
export const largeRooms: readonly RoomConfig[] = [
  {
    name: 'both wait, and the first is cancelled',
    scripts: [once('a', 2), once('b', 2)],
    ceiling: 2,
    foreign: 1,
    doings: ['others go', 'cancel'],
  },
  {
    name: 'a rollout and a training that both wait, whatever moves',
    scripts: [standing('a', 2, 3), once('b', 2)],
    ceiling: 4,
    foreign: 1,
    doings: ['others go', 'ceiling falls', 'ceiling rises'],
  },
]
