import { bottomsOf, type Edges, partsOf } from './components.ts'
import { isRoomSettled, type RoomModel, roomInitial, roomMoves, wrongRoom } from './room-moves.ts'
import type { RoomConfig, RoomState } from './room-state.ts'
import { ROOM_CORE, ROOM_GUARDS } from './room-world.ts'

export interface RoomExplored {
  states: number
  moves: number
  seconds: number
  /** The shortest way to each thing that must never be; and one after which somebody waits for ever. */
  found: Map<string, string[]>
}

interface Node extends Edges {
  to: number[]
  weights: number[]
  state: RoomState
  via: { from: number; label: string }
}

/** Every state that can be reached, the nearest first, and whether all of them come to rest though nothing more happens outside. */
export const exploreRoom = (
  config: RoomConfig,
  { core = ROOM_CORE, guards = ROOM_GUARDS, first = false }: Partial<RoomModel> & { first?: boolean } = {},
): RoomExplored => {
  const began = performance.now()
  const model: RoomModel = { config, core, guards }
  const nodes: Node[] = []
  const at = new Map<string, number>()
  const found = new Map<string, string[]>()
  const add = (state: RoomState, via: Node['via']): number => {
    const key = keyOf(state)
    const known = at.get(key)
    if (known !== undefined) return known
    at.set(key, nodes.length)
    const bad = state.bad ?? wrongRoom(model, state)
    nodes.push({ state: { ...state, bad }, via, to: [], weights: [] })
    if (bad !== null && !found.has(bad)) found.set(bad, wayTo(nodes, nodes.length - 1))
    return nodes.length - 1
  }
  add(roomInitial(model), { from: -1, label: '' })
  let moves = 0
  for (let index = 0; index < nodes.length && !(first && found.size > 0); index++) {
    const node = nodes[index] as Node
    if (node.state.bad !== null) continue
    for (const { label, state, nature } of roomMoves(model, node.state)) {
      moves++
      const to = add(state, { from: index, label })
      if (nature !== true) node.to.push(to)
    }
  }
  const stuck = stuckIn(model, nodes)
  if (stuck !== null && found.size === 0) found.set('somebody waits for ever', wayTo(nodes, stuck))
  return { states: nodes.length, moves, seconds: (performance.now() - began) / 1000, found }
}

const stuckIn = (model: RoomModel, nodes: readonly Node[]): number | null => {
  const parts = partsOf(nodes)
  const bottoms = bottomsOf(nodes, parts)
  const rests = new Set(nodes.flatMap(({ state }, n) => (isRoomSettled(model, state) ? [parts.part[n] as number] : [])))
  const stuck = nodes.findIndex(({ state }, n) => {
    const part = parts.part[n] as number
    return state.bad === null && bottoms.has(part) && !rests.has(part)
  })
  return stuck < 0 ? null : stuck
}

const wayTo = (nodes: readonly Node[], index: number): string[] => {
  const way: string[] = []
  for (let node = nodes[index]; node !== undefined && node.via.from >= 0; node = nodes[node.via.from])
    way.unshift(node.via.label)
  return way
}

const numbers = new Map<string, number>()
const known = new WeakMap<object, number>()
/** Equal things have one number: each is written out once. */
const numberOf = (value: object): number => {
  const told = known.get(value)
  if (told !== undefined) return told
  const text = JSON.stringify(value)
  const number = numbers.get(text) ?? numbers.size
  numbers.set(text, number)
  known.set(value, number)
  return number
}

const keyOf = ({ ledger, cluster, inside, left, stage, frozen, cancelled, bad }: RoomState): string =>
  [
    numberOf(ledger),
    numberOf(cluster),
    ...inside.map((one) =>
      one === null
        ? '-'
        : `${numberOf(one.read)}.${one.holds === null ? '' : numberOf(one.holds)}.${one.cluster === null ? '' : numberOf(one.cluster)}`,
    ),
    left.join(),
    stage.join(),
    frozen,
    cancelled,
    bad,
  ].join('|')

/** What is wrong, with the shortest way to it; empty when all is well. */
export const roomFaults = ({ found }: RoomExplored): string[] =>
  [...found].map(([bad, way]) => `${bad}:\n  ${way.join('\n  ')}`)

/** `two trainings: 8,864 states, 27,344 moves, 1.1 s`. */
export const roomLine = (name: string, { states, moves, seconds }: RoomExplored): string =>
  `${name}: ${states.toLocaleString('en')} states, ${moves.toLocaleString('en')} moves, ${seconds.toFixed(1)} s`
