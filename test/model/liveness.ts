import { hasBegun, type LaneDocument } from '../../core/lane/document.ts'
import { bottomsOf, type Edges, heaviestOf, partsOf } from './components.ts'
import { lettersOf, reading } from './consumer.ts'
import { looked } from './far-sides.ts'
import { leaveLook } from './people.ts'
import type { Wanted } from './policies.ts'
import { docOf, type Model, type Move, type State } from './state.ts'

/** Where nothing can go wrong any more, and nobody says anything. */
export const isQuiet = ({ left }: State): boolean => left.faults === 0 && left.doings === 0

export const fallsQuiet = (state: State): Move => ({
  label: '— from here on nothing goes wrong, and nobody says anything —',
  state: { ...state, left: { faults: 0, doings: 0 } },
})

/** Whether anything is due: then the minute's tick wakes the lane, however many wakes were lost. */
export const isDue = ({ ledger, now }: State): boolean => Object.values(ledger.due).some((at) => at <= now)

/** Resync finds that the world no longer agrees with a lane that stands, or what a lane has not heard of. */
export const resynced = (model: Model, state: State): Move[] => {
  if (state.inside.length > 0 || lettersOf(state.ledger).length > 0) return []
  const doc = docOf(state)
  if (!model.kind.stands) return doc === null ? [] : found(model, state, doc)
  const differs = doc?.outcome?.kind === 'succeeded' && doc.held === null && !standsAs(state, doc)
  return differs ? [{ label: 'resync tells it to look', state: leaveLook(state, 'a', 'resync') }] : []
}

/** Places that say what came after what moved the lane, and where that was read which waits to begin; those of which it would learn something. */
const found = (model: Model, state: State, doc: LaneDocument): Move[] => {
  const { source } = state.world
  const later = Object.keys(source).filter((at) => doc.order === null || String(source[at]?.order) > doc.order)
  const { place } = (doc.run === null || hasBegun(doc.run) ? {} : doc.run.desired) as Partial<Wanted>
  const places = new Set([...later, ...(place === undefined ? [] : [place])])
  return [...places].flatMap((at) => {
    const told = leaveLook(state, at, 'resync')
    const { view } = reading(model, told, { me: 'resync', from: state.now })
    const { result, seen } = looked(told, view)
    const change = model.core.settle({ ...view, ...seen }, { kind: 'look' }, result)
    const isNews = change.later.length > 0 || JSON.stringify(change.doc) !== JSON.stringify(doc)
    return isNews ? [{ label: `resync tells it to look at ${at}`, state: told }] : []
  })
}

const standsAs = ({ world }: State, { desired }: LaneDocument): boolean => {
  const up = Object.values(world.deployments).filter(({ replicas }) => replicas > 0)
  return (
    up.length === 1 && up[0]?.digest === `v${(desired as { version?: number } | null)?.version}` && up[0].ready === 1
  )
}

/** Whether a lane that nobody is at is where it should be: what it wants is true, or it says why not and waits for a person. */
export const isSettled = ({ kind }: Model, state: State): boolean => {
  const doc = docOf(state)
  if (state.inside.length > 0) return false
  if (lettersOf(state.ledger).length > 0) return waitsForItsRule(state, doc)
  // Of a lane that the policy did not name, and that never wanted anything, nothing is written: resync asks its source.
  if (doc === null) return true
  if (doc.run !== null) return false
  if (doc.rest === null || (doc.rest.why !== 'done' && doc.rest.why !== 'parked')) return false
  if (doc.rest.why === 'parked') return !isLeftBehind(state, doc)
  const { version } = (doc.desired ?? { version: 0 }) as unknown as { version: number }
  const said = Object.values(state.world.source).map((one) => (one.complete ? one.version : 0))
  const acts = state.policy !== 'shadow' && state.policy !== 'gone' && doc.outcome !== null
  return !acts || ((!kind.stands || standsAs(state, doc)) && version >= Math.max(...said))
}

/** Whether all that was told of it waits while its rule is in shadow: for an edit of the policy, and for nobody here. */
const waitsForItsRule = ({ ledger, policy }: State, doc: LaneDocument | null): boolean =>
  policy === 'shadow' &&
  doc?.run === null &&
  doc.rest?.why === 'run-not-over' &&
  lettersOf(ledger).every((letter) => letter.kind === 'look' && letter.waits !== null)

/** Whether it rests superseded though something is there that came after what is done with, and is not that. */
const isLeftBehind = ({ world, policy }: State, { outcome, doneWith, order }: LaneDocument): boolean =>
  outcome?.kind === 'superseded' &&
  order !== null &&
  policy === 'plain' &&
  Object.values(world.source).some(
    ({ complete, order: at, version }) =>
      complete && String(at) > (doneWith?.order ?? '') && `v${version}` !== doneWith?.key,
  )

/** Whether a move commits more than why the lane rests. */
export const changes = (from: State, to: State): number => {
  const [before, after] = [docOf(from), docOf(to)]
  if (before === after || after === null) return 0
  return JSON.stringify({ ...before, rest: null, due: null }) === JSON.stringify({ ...after, rest: null, due: null })
    ? 0
    : 1
}

/** A quiet state: where it leads, which of that only a wake does, and whether the lane may stay there. */
export interface QuietNode extends Edges {
  to: number[]
  weights: number[]
  wakes: boolean[]
  settled: boolean
}

/** What the quiet part of an exploration came to. */
export interface Calm {
  /** Most commits from any state until it is at rest for good; null: there is no bound. */
  commits: number | null
  /** Of the first state from which it never comes to rest; null: it always does. */
  stuck: number | null
}

/** Where everything ends: with wakes, or when every wake is lost and only what is due is looked at. */
export const calmOf = (nodes: readonly QuietNode[], { wakes }: { wakes: boolean }): Calm => {
  const graph = wakes ? nodes : nodes.map(withoutWakes)
  const parts = partsOf(graph)
  const bottoms = bottomsOf(graph, parts)
  const rests = new Set(nodes.flatMap(({ settled }, node) => (settled ? [parts.part[node] as number] : [])))
  const stuck = nodes.findIndex(
    (_, node) => bottoms.has(parts.part[node] as number) && !rests.has(parts.part[node] as number),
  )
  const most = heaviestOf(graph, parts).reduce((max, weight) => Math.max(max, weight), 0)
  return { commits: Number.isFinite(most) ? most : null, stuck: stuck < 0 ? null : stuck }
}

const withoutWakes = ({ to, weights, wakes }: QuietNode): Edges => ({
  to: to.filter((_, edge) => wakes[edge] !== true),
  weights: weights.filter((_, edge) => wakes[edge] !== true),
})
