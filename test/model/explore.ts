import { keyOf } from './key.ts'
import {
  type Calm,
  calmOf,
  changes,
  fallsQuiet,
  isDue,
  isQuiet,
  isSettled,
  type QuietNode,
  resynced,
} from './liveness.ts'
import { movesInside } from './moves.ts'
import { movesOfNature } from './nature.ts'
import { movesOfPeople } from './people.ts'
import { wrongState } from './resting.ts'
import { hashOf, Seen } from './seen.ts'
import { type Model, type Move, type State, spoilt } from './state.ts'

/** Everything that may happen next, each with what must never be of it. */
const movesOf = (model: Model, state: State): Move[] => {
  const moves = [...movesInside(model, state), ...movesOfNature(model, state), ...movesOfPeople(model, state)]
  const more = isQuiet(state) ? resynced(model, state) : [fallsQuiet(state)]
  return [...moves, ...more].map((move) => {
    const bad = move.state.bad ?? wrongState(move.state)
    return bad === null ? move : { ...move, state: spoilt(move.state, bad) }
  })
}

/** What an exploration came to. */
export interface Explored {
  states: number
  moves: number
  seconds: number
  /** The shortest way to each thing that must never be. */
  found: Map<string, string[]>
  /** Whether it was cut off before every state was seen. */
  cut: boolean
  /** When all is quiet: with wakes at any time, and with every wake lost. */
  calm: { wakes: Calm; due: Calm }
  /** A way from which it never comes to rest. */
  stuck: string[] | null
}

export interface Limits {
  states?: number
  /** Ends with the first thing found. */
  first?: boolean
}

/** Every state that can be reached, the nearest first; and from all of them, what follows once it is quiet. */
export const explore = (model: Model, initial: State, { states = 5_000_000, first = false }: Limits = {}): Explored => {
  const began = performance.now()
  const search = new Search(model, initial)
  while (search.front.length > 0 && search.seen.size < states && !(first && search.found.size > 0)) search.deepen(first)
  const { seen, found, front, moves } = search
  const cut = front.length > 0 && !(first && found.size > 0)
  const calm = search.calm()
  const stuck = calm.due.stuck ?? calm.wakes.stuck
  const way = stuck === null || cut ? null : search.wayTo(search.indexOfQuiet(stuck))
  return { states: seen.size, moves, seconds: (performance.now() - began) / 1000, found, cut, calm, stuck: way }
}

interface Found {
  state: State
  index: number
}

class Search {
  readonly seen = new Seen()
  readonly found = new Map<string, string[]>()
  front: Found[] = []
  moves = 0
  readonly #model: Model
  readonly #initial: State
  readonly #quiet = new Map<number, number>()
  readonly #indices: number[] = []
  readonly #nodes: QuietNode[] = []

  constructor(model: Model, initial: State) {
    this.#model = model
    this.#initial = initial
    this.#add(initial, { from: -1, by: 0 }, this.front)
  }

  /** One move further. */
  deepen(first: boolean): void {
    const later: Found[] = []
    for (const { state, index } of this.front) {
      const node = this.#nodes[this.#quiet.get(index) ?? -1]
      for (const [by, move] of movesOf(this.#model, state).entries()) {
        this.moves++
        const at = this.#add(move.state, { from: index, by }, later)
        if (node !== undefined && at !== index && move.state.bad === null) this.#lead(node, { state, move, at })
      }
      if (first && this.found.size > 0) return
    }
    this.front = later
  }

  calm(): Explored['calm'] {
    return { wakes: calmOf(this.#nodes, { wakes: true }), due: calmOf(this.#nodes, { wakes: false }) }
  }

  indexOfQuiet(node: number): number {
    return this.#indices[node] as number
  }

  /** The labels of the shortest way, walked again. */
  wayTo(index: number): string[] {
    let state = this.#initial
    return this.seen.wayTo(index).map((by) => {
      const move = movesOf(this.#model, state)[by] as Move
      state = move.state
      return move.label
    })
  }

  #add(state: State, via: { from: number; by: number }, later: Found[]): number {
    const { at, fresh } = this.seen.add(hashOf(keyOf(state)), via)
    if (!fresh) return at
    if (state.bad === null) later.push({ state, index: at })
    else if (!this.found.has(state.bad)) this.found.set(state.bad, this.wayTo(at))
    if (isQuiet(state) && state.bad === null) {
      this.#quiet.set(at, this.#nodes.length)
      this.#indices.push(at)
      this.#nodes.push({ to: [], weights: [], wakes: [], settled: isSettled(this.#model, state) })
    }
    return at
  }

  #lead(node: QuietNode, { state, move, at }: { state: State; move: Move; at: number }): void {
    node.to.push(this.#quiet.get(at) as number)
    node.weights.push(changes(state, move.state))
    node.wakes.push(move.comes === true && !isDue(state))
  }
}
