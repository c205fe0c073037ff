import type { Identity, RunKey } from '../names.ts'
import type { Step, SwitchTrafficStep } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import { trafficService } from '../workloads/serving.ts'
import type { GenerationView, Traffic, World } from '../world.ts'
import { answersOf, type Replica, titleOf } from './generations.ts'

/**
 * Where requests are led on a way (design.md, "Rollout"): to what was judged before alone until what rises is judged, then to both
 * where one alone would be too few, then to what stays alone.
 */

/** Led to, it answers nobody: generation 0 is none that ever stands. */
const NOBODY = 0

/** What rises, what leaves for it, and what is known of them. */
export interface Led {
  seen: Traffic
  /** Generation that rises. */
  rising: number
  /** Whether it was judged before. */
  judged: boolean
  /** How many of it are ready already. */
  risen: number
  /** What leaves, in this order. */
  leaving: readonly Replica[]
  base: GenerationView | undefined
  /** What runs have brought up that were stopped before it was judged; left out: nothing. */
  unjudged?: readonly number[]
}

/** Whether requests are led to this generation. */
export const isLedTo = (traffic: Traffic, generation: number): boolean =>
  traffic === null || traffic === 'all' || traffic === generation

/** Whether anything answers that requests are led to. */
export const isAnswered = ({ traffic = null, generations }: Pick<World, 'traffic' | 'generations'>): boolean =>
  traffic !== null && generations.some((view) => isLedTo(traffic, view.generation) && answersOf(view) > 0)

/** What a card says of it that brings back what answers, where nobody does: who is asked knows what waiting costs. */
export const outTexts = (world: Pick<World, 'traffic' | 'generations'>): string[] =>
  isAnswered(world) ? [] : ['nobody answers now, and for as long as this waits and loads']

/** Where requests are led until what rises is judged: nobody asks it before. */
export const ledFirst = ({ seen, rising, judged, risen, leaving, base, unjudged = [] }: Led): Traffic => {
  if (judged) return seen
  const ready = readyIn(leaving)
  // Who has led requests to what was at its gate has judged nothing.
  const isBetter = base !== undefined && ready.has(base.generation)
  if (typeof seen === 'number' && seen !== rising && ready.has(seen) && !(isBetter && unjudged.includes(seen)))
    return seen
  // What was never judged, and does not answer now, is led to no more than what rises.
  const known = [...ready].filter(([one]) => one === base?.generation || (seen !== null && isLedTo(seen, one)))
  const isBase = (one: number): number => Number(one === base?.generation)
  const best = known.sort(([a, n], [b, m]) => isBase(b) - isBase(a) || m - n || b - a)
  if (best[0] !== undefined) return best[0][0]
  // What answers already, or may answer again, is asked on; what rises is not asked before it is judged.
  if (seen === null || (typeof seen === 'number' && seen !== rising) || risen > 0) return seen
  return leaving.at(-1)?.view.generation ?? NOBODY
}

/** Ready replicas of each generation that has some. */
const readyIn = (leaving: readonly Replica[]): Map<number, number> => {
  const ready = new Map<number, number>()
  for (const { view, ready: isReady } of leaving)
    if (isReady) ready.set(view.generation, (ready.get(view.generation) ?? 0) + 1)
  return ready
}

/** Of the replicas wanted so many fewer answer while requests are led to what was judged alone, though more stand. */
export const lostBy = (led: Led, want: number): number => {
  const first = ledFirst(led)
  const answering = (traffic: Traffic): number =>
    led.leaving.filter(({ view, ready }) => ready && isLedTo(traffic, view.generation)).length +
    (isLedTo(traffic, led.rising) ? led.risen : 0)
  return Math.max(0, Math.min(want, answering(led.seen)) - answering(first))
}

/** Where requests are led once what rises is judged and `point` is reached. */
export const ledAt = (
  { rising, leaving, base }: Led,
  { point, want, now }: { point: Point; want: number; now: Traffic },
): Traffic => {
  if (point.new === 0) return now
  if (point.new >= want || point.old === 0) return rising
  const remain = leaving.slice(leaving.length - point.old)
  if (!remain.some(({ view, ready }) => ready && isLedTo(now, view.generation))) return rising
  // To all only where each is judged: what stands otherwise leaves first.
  return remain.every(({ view }) => view === base || view.generation === now || now === 'all') ? 'all' : now
}

/** Where requests are led at each point of a path, once its gate has passed there; and before the first move. */
export const ledOn = (
  led: Led,
  { path, gateAfter, want }: { path: readonly Point[]; gateAfter: number | null; want: number },
): { first: Traffic; at: Traffic[] } => {
  const first = ledFirst(led)
  let now = first
  const at = path.map((point, index) => {
    if (gateAfter === null || index >= gateAfter) now = ledAt(led, { point, want, now })
    return now
  })
  return { first, at }
}

/**
 * Replicas that answer at each point of a path, all that is asked for being ready: while it is moved to and judged, since requests are
 * led elsewhere after that, never before; and then.
 */
export const answeringAt = (
  led: Led,
  way: { path: readonly Point[]; gateAfter: number | null; want: number },
): { during: number; after: number }[] => {
  const { first, at } = ledOn(led, way)
  // How it is now is nothing that the way does, unless it begins by leading requests elsewhere.
  const begins = first === led.seen ? (at[0] ?? first) : first
  const answering = (point: Point, traffic: Traffic, risen = point.new): number =>
    led.leaving.slice(led.leaving.length - point.old).filter(({ view }) => isLedTo(traffic, view.generation)).length +
    (isLedTo(traffic, led.rising) ? risen : 0)
  return way.path.map((point, index) => ({
    // What a move brings does not answer before it is over.
    during: answering(point, at[index - 1] ?? begins, Math.min(point.new, way.path[index - 1]?.new ?? point.new)),
    after: answering(point, at[index] ?? first),
  }))
}

/** Where requests are led on the way back once `point` is reached, whose `new` are replicas of the baseline. */
export const ledBackAt = (
  { base, leaving }: { base: GenerationView; leaving: readonly Replica[] },
  { point, want, now }: { point: Point; want: number; now: Traffic },
): Traffic => {
  if (point.new === 0 || now === base.generation) return now
  if (point.new >= want || point.old === 0) return base.generation
  const remain = leaving.slice(leaving.length - point.old)
  return remain.every(({ view }) => view.generation === now || now === 'all') ? 'all' : now
}

/** What a step that leads requests elsewhere is made from. */
export interface Switched {
  identity: Identity
  run: RunKey
  namespace: string
  loadMinutes: number
}

/** The step that leads requests there. */
export const switchStep = (
  { identity, run, namespace, loadMinutes }: Switched,
  { to, called, why, ready }: { to: number | 'all'; called: string; why: string; ready: number },
): SwitchTrafficStep => ({
  kind: 'switch-traffic',
  name: 'traffic',
  title: `Lead requests to ${called}`,
  why,
  service: trafficService({ identity, run, namespace }, to),
  to,
  ready,
  loadMinutes,
})

/** Steps of one way with those that lead requests counted: `traffic-1`, `back-traffic-1`. */
export const named = <S extends Step>(steps: readonly S[], prefix = ''): S[] => {
  let count = 0
  return steps.map((step) => (step.kind === 'switch-traffic' ? { ...step, name: `${prefix}traffic-${++count}` } : step))
}

/** How what requests are led to is called: by its version where it stands. */
export const calledOf = ({ leaving }: Pick<Led, 'leaving'>, generation: number): string => {
  if (generation === NOBODY) return 'nobody'
  const found = leaving.find(({ view }) => view.generation === generation)
  return found === undefined ? `generation ${generation}` : titleOf(found.view)
}
