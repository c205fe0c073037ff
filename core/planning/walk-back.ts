import type { Baseline } from '../lane/document.ts'
import type { Identity, RunKey } from '../names.ts'
import type { RollOutModelStep, SwitchTrafficStep, WayStep } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import type { GenerationView, Traffic } from '../world.ts'
import { asIsOf } from './as-it-stands.ts'
import {
  answersOf,
  baselineView,
  leavingAt,
  type Replica,
  refOf,
  replicaCount,
  replicasOf,
  titleOf,
} from './generations.ts'
import type { ByNode, Packing } from './node-slots.ts'
import { askedLast } from './order.ts'
import { isLedTo, ledBackAt, named, switchStep } from './traffic.ts'
import { isRanked, risingTo, standingOf, waitingAt } from './waiting.ts'
import { gpusOf, walk } from './walk.ts'
import { nodesBack, slotIn, withoutShare } from './walk-back-room.ts'

export interface WalkBackInput {
  identity: Identity
  run: RunKey
  /** Of what serves. */
  namespace: string
  /** Where requests are led now. */
  traffic: Traffic
  baseline: Baseline | null
  generations: readonly GenerationView[]
  /** Replicas at which the baseline shall stand. */
  wantReplicas: number
  /** GPUs of the baseline's pool that may be taken beyond what the lane has now; null = no limit. */
  freeGpus: number | null
  /** The baseline's pool, as it is; left out: nothing is known of it. */
  pool?: Packing['pool'] | undefined
  /** GPUs of a node of it; left out: that is not known. */
  gpusPerNode?: number | undefined
  /** Minutes until a replica is ready, in a bad case. */
  loadMinutes: number
  /** Without a baseline: `run` takes only the run's generation away and what it brought up, `all` every one. */
  without?: 'run' | 'all'
  brought?: readonly number[]
  /** Generations that stay as they are: one of them stands in the baseline's place, which does not rise beside it. */
  stay?: readonly number[]
  /** What its moves are called: `back-1`, and otherwise where it is what a plan wants, since that may have a way back of its own. */
  called?: string
}

/** The way back: replicas that leave, and points with `old` = those still there, `new` = the baseline's. */
export interface WayBack {
  base: GenerationView | undefined
  /** What stays beside it as it is. */
  stays: GenerationView[]
  leaving: Replica[]
  path: Point[]
  /** GPUs that one of the baseline takes of its pool. */
  gpus: number
  /** How the baseline fits onto nodes; left out: the sum of GPUs says all there is. */
  nodes: ByNode | undefined
}

/**
 * Where the way back leads: to the baseline alone. The baseline's replicas come first while there is room, so that no
 * fewer are ready than now; in a full pool one other leaves for each that comes. It is never stuck.
 */
export const wayBack = (input: WalkBackInput): WayBack => {
  const { generations, wantReplicas, freeGpus, stay = [] } = input
  const base = baselineView(generations, input.baseline)
  const standing = generations.filter((view) => view !== base && view.replicas > 0)
  const stays = standing.filter(({ generation }) => stay.includes(generation))
  const others = standing.filter((view) => !stays.includes(view))
  const first = goneFirst(input, { base, others })
  const { traffic } = input
  const slot = slotIn(input)
  const each = replicasOf(first, (view) => (view.pool === base?.pool ? slot(view.gpusPerReplica) : 0))
  const shares = askedLast(each, traffic).map((one) => ({ ...one, asked: isLedTo(traffic, one.view.generation) }))
  const target = stays.length > 0 ? (base?.replicas ?? 0) : base === undefined ? 0 : wantReplicas
  const share = slot(base?.gpusPerReplica ?? 0)
  const nodes = nodesBack(input, { base, leaving: shares })
  const gpus = nodes === undefined ? share : (base?.gpusPerReplica ?? 0)
  const leaving = nodes === undefined ? shares : shares.map(withoutShare)
  // More than the baseline had somebody has set there: those go with what leaves, and nobody waits for them.
  const asked = base?.replicas ?? 0
  const rising = Math.min(asked, target)
  const room = gpusOf(shares) + rising * share + (freeGpus ?? Number.POSITIVE_INFINITY)
  const walked = walk({
    leaving,
    rising,
    target,
    gpus,
    room: Math.max(room, target * gpus),
    floor: 0,
    gated: false,
    lacking: (base?.ready ?? 0) < rising,
    // Once all else is gone it waits for whatever has its room.
    slots: nodes && ((old) => (old === 0 ? Number.POSITIVE_INFINITY : nodes.slots(old))),
  })
  const path =
    asked > rising
      ? [{ old: leaving.length, new: asked }, ...walked.path.slice(leaving.length > 0 ? 1 : 0)]
      : walked.path
  return { base, stays, leaving, path, gpus, nodes }
}

/** What goes, in which order: what the run has brought up first. */
const goneFirst = (
  { run, without, brought = [] }: WalkBackInput,
  { base, others }: { base: GenerationView | undefined; others: readonly GenerationView[] },
): GenerationView[] => {
  const gone =
    base === undefined && without !== 'all'
      ? others.filter(({ generation }) => generation === run.generation || brought.includes(generation))
      : others
  return gone.toSorted(
    (a, b) =>
      Number(b.generation === run.generation) - Number(a.generation === run.generation) || a.generation - b.generation,
  )
}

/**
 * The steps from where the world stands back to the baseline alone, requests led to it before others leave; without a baseline, to
 * none of the run's generation.
 */
export const walkBack = (input: WalkBackInput): WayStep[] => {
  const way = wayBack(input)
  const { called = 'back', traffic } = input
  const steps: WayStep[] = []
  let now = traffic
  for (const [index, point] of way.path.entries()) {
    const before = way.path[index - 1]
    if (before !== undefined) steps.push(stepBack(input, way, { name: `${called}-${index}`, index, point, before }))
    // What is not ready may wait for the room of what nobody asks.
    const next = index === 0 && isLacking(way) ? now : ledBackTo(way, { point, now })
    steps.push(...leadBack(input, way, { from: now, to: next, point }))
    now = next
  }
  // What stands alone is led to already where requests are led to all.
  return way.path.length === 1 && traffic === 'all' ? [] : named(steps, `${called}-`)
}

type Target = RollOutModelStep['replicas'][number]

const ledBackTo = (
  { base, stays, leaving, path }: WayBack,
  { point, now }: { point: Point; now: Traffic },
): Traffic => {
  if (stays.length > 0) return ledToStaying({ stays, leaving }, now)
  return base === undefined ? now : ledBackAt({ base, leaving }, { point, want: path.at(-1)?.new ?? 0, now })
}

/** What stays in the baseline's place answers, where requests are led to what leaves. */
const ledToStaying = ({ stays, leaving }: Pick<WayBack, 'stays' | 'leaving'>, now: Traffic): Traffic => {
  const [best] = stays.toSorted((a, b) => answersOf(b) - answersOf(a))
  return best !== undefined && leaving.some(({ view }) => view.generation === now) ? best.generation : now
}

const isLacking = ({ base, leaving, path }: WayBack): boolean =>
  base !== undefined &&
  base.ready < Math.min(base.replicas, path.at(-1)?.new ?? 0) &&
  leaving.some(({ asked }) => asked === false)

const leadBack = (
  { identity, run, namespace, loadMinutes }: WalkBackInput,
  { base, stays, leaving, path }: WayBack,
  { from, to, point }: { from: Traffic; to: Traffic; point: Point },
): SwitchTrafficStep[] => {
  if (to === from || to === null) return []
  const there = [base, ...stays].find((view) => view?.generation === to)
  const remaining = leaving
    .slice(leaving.length - point.old)
    .filter(({ view, ready }) => ready && isLedTo(to, view.generation))
  const called = there === undefined ? 'all that stands' : titleOf(there)
  const why = there === undefined ? 'one alone would be too few' : 'it is the last version that was judged and stood'
  const ready =
    remaining.length +
    (base !== undefined && isLedTo(to, base.generation) ? Math.min(point.new, path.at(-1)?.new ?? 0) : 0)
  return [switchStep({ identity, run, namespace, loadMinutes }, { to, called, why, ready })]
}

const stepBack = (
  input: WalkBackInput,
  way: WayBack,
  { name, index, point, before }: { name: string; index: number; point: Point; before: Point },
): RollOutModelStep => {
  const {
    run: { generation },
    loadMinutes,
  } = input
  const { base, stays, leaving } = way
  const waits = waitingBack(input, way, index)
  const others = leavingAt(leaving, { left: point.old, wait: false })
  const risen =
    base === undefined ? [] : [risingTo({ ref: refOf(base), generation: base.generation }, { ready: point.new, waits })]
  const kept = stays.map((view) => ({
    ref: refOf(view),
    generation: view.generation,
    replicas: view.replicas,
    replicasReady: 0,
  }))
  const all = [...others, ...kept, ...risen]
  const sum = (some: readonly Target[]): number => some.reduce((count, one) => count + standingOf(one), 0)
  const mine = sum(all.filter((one) => one.generation === generation))
  const rises = point.new > before.new
  return {
    kind: 'roll-out-model',
    name,
    title: titleOfMove({ base, leaving }, point, before),
    why: stays.length > 0 ? 'what has served since stays' : whyOfMove({ rises, waits: waits !== null }, base),
    objects: [],
    replicas: all,
    point: { old: sum(all) - mine, new: mine },
    brings: rises ? (base?.generation ?? null) : null,
    ...(rises && base !== undefined ? asIsOf(base) : {}),
    loadMinutes,
  }
}

/** Replicas of the baseline that wait for what leaves; one that was made without a class waits behind who came before it. */
const waitingBack = (
  { pool }: WalkBackInput,
  { base, leaving, path, gpus, nodes }: WayBack,
  index: number,
): number | null => {
  if (base === undefined || !isRanked(base.object)) return null
  const gpusAt = ({ old, new: up }: Point): number => gpusOf(leaving.slice(leaving.length - old)) + up * gpus
  return waitingAt({ path, gpusAt, gpus, pool, nodes }, index)
}

const whyOfMove = ({ rises, waits }: { rises: boolean; waits: boolean }, base: GenerationView | undefined): string => {
  if (waits) return 'the baseline waits for the room already, before others’ pods'
  if (rises) return 'the baseline is the last version that was judged and stood'
  return base === undefined ? 'no baseline stands that could take its place' : 'nothing but the baseline remains'
}

const titleOfMove = ({ base, leaving }: Pick<WayBack, 'base' | 'leaving'>, point: Point, before: Point): string => {
  if (base !== undefined && point.new !== before.new) return `Bring ${titleOf(base)} back to ${replicaCount(point.new)}`
  const names = [...new Set(leaving.map(({ view }) => titleOf(view)))].join(', ')
  return point.old === 0 ? `Take ${names} away` : `Leave ${replicaCount(point.old)} of ${names}`
}
