import { emptyDocument, type LaneDocument } from '../../core/lane/document.ts'
import type { Stored } from '../../flows/ledger-port.ts'
import {
  heldOf,
  holdsIn,
  type Inside,
  linesIn,
  type RoomConfig,
  type RoomCore,
  type RoomDoing,
  type RoomGuards,
  type RoomMove,
  type RoomState,
  readFor,
} from './room-state.ts'
import { BUDGET, closed, counted, docIn, grantTried, policy, ROOM, type Tried, tried } from './room-world.ts'

export interface RoomModel {
  config: RoomConfig
  core: RoomCore
  guards: RoomGuards
}

/** The pool's lane is the third. */
const GRANTS = 2

export const roomInitial = ({ config: { scripts, ceiling, foreign, doings } }: RoomModel): RoomState => {
  const standing = scripts.filter(({ before }) => before > 0)
  const rows: Record<string, Stored<never>> = {}
  for (const { lane, before } of standing) {
    const doc: LaneDocument = { ...emptyDocument(policy, lane), stands: { p: before } }
    rows[`lane ${lane}`] = { id: lane, revision: 1, value: doc as never }
    const id = `${ROOM}#${lane}`
    rows[`hold ${id}`] = { id, revision: 1, value: { lane, amount: before } as never }
  }
  return {
    ledger: { rows, sums: { [ROOM]: standing.reduce((sum, { before }) => sum + before, 0) }, due: {} },
    cluster: { ceiling, foreign, pods: scripts.map(({ before }) => before) },
    stage: ['none', 'none'],
    frozen: false,
    cancelled: false,
    left: doings,
    inside: [null, null, null],
    bad: null,
  }
}

/** Everything that may happen next. */
export const roomMoves = (model: RoomModel, state: RoomState): RoomMove[] => [
  ...[0, 1].flatMap((index) => laneMoves(model, state, index)),
  ...poolMoves(model, state),
  ...state.left.flatMap((doing) => natureMoves(state, doing)),
]

const lanesOf = ({ config: { scripts } }: RoomModel): string[] => scripts.map(({ lane }) => lane)
const withInside = (state: RoomState, index: number, inside: Inside | null): RoomState => ({
  ...state,
  inside: state.inside.with(index, inside),
})

const laneMoves = (model: RoomModel, state: RoomState, index: number): RoomMove[] => {
  const { lane } = model.config.scripts[index as 0 | 1]
  const doc = docIn(state.ledger, lane)
  if (doc.generation > 0) return []
  if (doc.run?.phase === 'steps') return working(model, state, index)
  const inside = state.inside[index]
  if (inside == null) {
    const read: Inside = { read: readFor(state.ledger, lane), holds: null, cluster: null }
    return [{ label: `${lane} reads`, state: withInside(state, index, read) }]
  }
  return looking(state, index, lane) ?? commits(model, state, index)
}

/** Rows and cluster are looked at side by side: either may come first. */
const looking = (state: RoomState, index: number, lane: string): RoomMove[] | null => {
  const inside = state.inside[index] as Inside
  const rows = {
    label: `${lane} reads holds`,
    state: withInside(state, index, { ...inside, holds: holdsIn(state.ledger) }),
  }
  const look = { label: `${lane} looks`, state: withInside(state, index, { ...inside, cluster: state.cluster }) }
  const moves = [...(inside.holds === null ? [rows] : []), ...(inside.cluster === null ? [look] : [])]
  return moves.length === 0 ? null : moves
}

const commits = (model: RoomModel, state: RoomState, index: number): RoomMove[] => {
  const { lane, peak } = model.config.scripts[index as 0 | 1]
  const done = tried({ ...model, lanes: lanesOf(model) }, state, { index, peak })
  const left = withInside(state, index, null)
  if (done === null || done.ledger === null)
    return [{ label: `${lane} ${done === null ? 'rests' : 'loses its commit'}`, state: left }]
  const bad = wrongGrowth(state, done, { lane, inside: state.inside[index] as Inside })
  return [{ label: `${lane} commits`, state: { ...left, ledger: done.ledger, bad } }]
}

/** Pods come after their hold; they end, are gone a while later, and then the run closes. */
const working = ({ config, guards }: RoomModel, state: RoomState, index: number): RoomMove[] => {
  const { lane, peak, after } = config.scripts[index as 0 | 1]
  const to = (stage: RoomState['stage'][number], pods: number): RoomState => ({
    ...state,
    stage: state.stage.with(index, stage),
    cluster: { ...state.cluster, pods: state.cluster.pods.with(index, pods) },
  })
  const stage = state.stage[index]
  const pods = state.cluster.pods[index] ?? 0
  if (stage === 'none') return [{ label: `${lane} begins`, state: to('up', peak) }]
  if (stage === 'up') return [{ label: `pods of ${lane} end`, state: to('ending', pods) }]
  const gone = stage === 'ending' ? [{ label: `pods of ${lane} are gone`, state: to('down', after) }] : []
  if (stage === 'ending' && guards.seesGone) return gone
  const ledger = closed(guards, state, { lane, after })
  return ledger === null ? gone : [...gone, { label: `${lane} closes`, state: { ...state, ledger } }]
}

const poolMoves = (model: RoomModel, state: RoomState): RoomMove[] => {
  const inside = state.inside[GRANTS]
  if (inside == null) {
    const read: Inside = { read: readFor(state.ledger, null), holds: null, cluster: null }
    return linesIn(state.ledger).length === 0
      ? []
      : [{ label: 'the pool reads', state: withInside(state, GRANTS, read) }]
  }
  const looks = looking(state, GRANTS, 'the pool')
  if (looks !== null) return looks
  const done = grantTried({ ...model, lanes: lanesOf(model) }, state, { ...inside, frozen: state.frozen })
  const left = withInside(state, GRANTS, null)
  if (done === null || done.ledger === null)
    return [{ label: done === null ? 'the pool rests' : 'the pool loses its commit', state: left }]
  const bad =
    wrongOrder(state, done, { inside, lanes: lanesOf(model) }) ?? wrongGrowth(state, done, { lane: null, inside })
  return [{ label: 'the pool grants', state: { ...left, ledger: done.ledger, bad } }]
}

const natureMoves = (state: RoomState, doing: RoomDoing): RoomMove[] => {
  const { cluster } = state
  const after: Record<RoomDoing, Partial<RoomState> | null> = {
    'ceiling falls': { cluster: { ...cluster, ceiling: cluster.ceiling - 1 } },
    'ceiling rises': { cluster: { ...cluster, ceiling: cluster.ceiling + 1 } },
    'others come': { cluster: { ...cluster, foreign: cluster.foreign + 1 } },
    'others go': cluster.foreign === 0 ? null : { cluster: { ...cluster, foreign: cluster.foreign - 1 } },
    freeze: { frozen: true },
    thaw: state.frozen ? { frozen: false } : null,
    cancel: { cancelled: true },
  }
  const given = after[doing]
  const left = state.left.filter((other) => other !== doing)
  return given === null ? [] : [{ label: doing, nature: true, state: { ...state, ...given, left } }]
}

/** Exact among ours, as old as the look against others; and nobody takes what those in the line wait for. */
const wrongGrowth = (
  { ledger: before }: RoomState,
  { change, ledger }: Tried,
  { lane, inside: { cluster } }: { lane: string | null; inside: Inside },
): string | null => {
  const [was, is] = [before.sums[ROOM] ?? 0, ledger?.sums[ROOM] ?? 0]
  if (is <= was || cluster === null) return null
  if (is > cluster.ceiling - cluster.foreign) return 'more is promised than was seen to be left'
  const others = linesIn(before).filter((row) => row.lane !== lane)
  return lane !== null && change.grants.length === 0 && others.length > 0
    ? 'somebody overtakes those in the line'
    : null
}

/** Whoever is granted was first, but for those who could not take it. */
const wrongOrder = (
  { frozen }: RoomState,
  { change }: Tried,
  { inside: { read, cluster }, lanes }: { inside: Inside; lanes: readonly string[] },
): string | null => {
  const granted = new Set(change.grants.map(({ head }) => head.place))
  const line = linesIn(read)
  const last = line.findLastIndex(({ place }) => granted.has(place))
  const passed = line.slice(0, last).filter(({ place }) => !granted.has(place))
  if (frozen && change.grants.some(({ head }) => head.lane === lanes[0])) return 'room is granted to who is frozen'
  const could = passed.find((row) => !frozen && (row.needs[ROOM] ?? 0) <= (cluster?.ceiling ?? 0))
  return could === undefined ? null : 'somebody is granted before who came first'
}

/** What must never be, in any state. */
export const wrongRoom = ({ config: { scripts } }: RoomModel, { ledger, cluster }: RoomState): string | null => {
  const held = (room: string): number =>
    holdsIn(ledger).reduce((sum, { id, value }) => sum + (id.startsWith(`${room}#`) ? value.amount : 0), 0)
  for (const room of [ROOM, BUDGET])
    if (held(room) !== (ledger.sums[room] ?? 0)) return 'a sum is not the sum of its holds'
  if (linesIn(ledger).length !== (ledger.sums[`line/${ROOM}`] ?? 0)) return 'a line is not counted as it stands'
  const lanes = scripts.map(({ lane }) => lane)
  for (const [index, lane] of lanes.entries()) {
    const doc = docIn(ledger, lane)
    const [gpus, dollars] = [heldOf(ledger, ROOM, lane), heldOf(ledger, BUDGET, lane)]
    if ((cluster.pods[index] ?? 0) > (gpus?.amount ?? 0)) return 'pods of ours stand without a hold'
    const place = doc.run?.line?.place
    const stands = linesIn(ledger).some((row) => row.lane === lane)
    const granted = place !== undefined && gpus?.place === place
    if (stands !== (place !== undefined && !granted)) return 'a line is not what the documents say'
    if (doc.run?.hold == null && !granted && dollars !== undefined)
      return 'one room is held while another is waited for'
  }
  const use = lanes.reduce(
    (sum, lane, n) => sum + Math.max(cluster.pods[n] ?? 0, heldOf(ledger, ROOM, lane)?.amount ?? 0),
    0,
  )
  const seen = counted(cluster, holdsIn(ledger), { lane: 'pipeline/third', lanes })
  return seen.heldByOthers === use + cluster.foreign ? null : 'a GPU is counted twice, or not at all'
}

/** Whether a lane may stay where it is for ever: it is over, or it cannot go on. */
export const isRoomSettled = ({ config: { scripts } }: RoomModel, state: RoomState): boolean => {
  const { ledger, cluster, frozen } = state
  const waiting = scripts.filter(({ lane }) => docIn(ledger, lane).generation === 0)
  const first = linesIn(ledger)[0]?.lane
  return waiting.every(({ lane, peak }) => {
    if (frozen && lane === scripts[0].lane) return !linesIn(ledger).some((row) => row.lane === lane)
    if (docIn(ledger, lane).run?.phase === 'steps') return false
    const mine = heldOf(ledger, ROOM, lane)?.amount ?? 0
    const free = cluster.ceiling - cluster.foreign - (ledger.sums[ROOM] ?? 0)
    return peak - mine > free || (first !== undefined && first !== lane)
  })
}
