import type { Baseline } from '../lane/document.ts'
import { countingOf } from '../money/nodes.ts'
import type { Bounds, Range } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import { countsOf } from '../pools/counts.ts'
import { servingGrace } from '../workloads/draining.ts'
import type { GenerationView } from '../world.ts'
import { answersOf, isEditedByHand, type Replica, replicaCount, standingGpus, titleOf } from './generations.ts'
import { type ByNode, byNode } from './node-slots.ts'
import { askedLast } from './order.ts'
import { type ChosenPath, choosePath } from './paths.ts'
import { drainAt } from './serve-drain.ts'
import type { ServeInput } from './serve-plan.ts'
import { hoursAt } from './serve-price.ts'
import { askedGpus, freeGpus, type Rule, roomSentence, slotGpus } from './serve-room.ts'
import type { Standing, Wanted } from './serve-standing.ts'
import { answeringAt, isAnswered, isLedTo, type Led, ledFirst, lostBy } from './traffic.ts'
import { patienceMinutes, waitingAt } from './waiting.ts'
import { gpusOf } from './walk.ts'

/** A way that was chosen, and what it was chosen from. */
export interface Chosen {
  rule: Rule
  wanted: Wanted
  standing: Standing
  leaving: readonly Replica[]
  led: Led
  chosen: Extract<ChosenPath, { kind: 'path' }>
}

/** The path from what stands to what is wanted, inside of these bounds. */
export const pathOf = (
  {
    rule,
    standing,
    leaving,
    led,
    generations,
    baseline,
  }: Omit<Chosen, 'wanted' | 'chosen'> & { generations: readonly GenerationView[]; baseline: Baseline | null },
  within?: Bounds,
): ChosenPath => {
  const { service } = rule
  const { target, base } = standing
  const first = ledFirst(led)
  const nodes = nodesOn({ rule, leaving, led })
  // By node nothing is lost beside a replica that another could have: there each has what it asks for, and no share.
  const gpusOfOne = (gpus: number): number => (nodes === undefined ? slotGpus(rule, gpus) : gpus)
  const shares =
    nodes === undefined ? 0 : askedGpus(rule, generations) - (standingGpus(generations)[rule.poolName] ?? 0)
  return choosePath({
    // What nobody asks is not available.
    old: leaving.map(({ view, gpus, ready }) => {
      const asked = isLedTo(first, view.generation)
      return { gpus: gpus === 0 ? 0 : gpusOfOne(view.gpusPerReplica), ready: ready && asked, asked }
    }),
    present: { asked: target?.replicas ?? 0, ready: Math.min(target?.ready ?? 0, target?.replicas ?? 0) },
    want: service.replicas,
    judged: standing.judged,
    gpusPerReplica: gpusOfOne(service.gpusPerReplica),
    freeGpus: freeGpus(rule, generations, within) + shares,
    maxUnavailable: service.maxUnavailable,
    baselineReplicas: base === undefined || base === target ? 0 : (baseline?.replicas ?? service.replicas),
    byNode: nodes,
    of: countsOf(rule.pool),
  })
}

/** How what rises fits onto the nodes of its pool, where a sum of GPUs does not say that. */
const nodesOn = ({ rule, leaving, led }: Pick<Chosen, 'rule' | 'leaving' | 'led'>): ByNode | undefined => {
  const { service, pool, view } = rule
  const rising = { gpus: service.gpusPerReplica, generation: led.rising }
  return byNode({ pool: view, gpusPerNode: pool.gpusPerNode, leaving, rising })
}

/** Where requests are led now, what rises, and what leaves, in which order. */
export const ledOf = (
  { world, unjudged }: Pick<ServeInput, 'world' | 'unjudged'>,
  { generation }: Wanted,
  { standing: { target, base, judged }, leaving }: { standing: Standing; leaving: readonly Replica[] },
): Led => {
  const led = {
    seen: world.traffic ?? null,
    rising: target?.generation ?? generation,
    judged,
    risen: target === undefined ? 0 : answersOf(target),
    leaving,
    // What somebody has changed is judged no more; it is led to as whatever else answers.
    base: base === undefined || isEditedByHand(base) ? undefined : base,
    ...(unjudged === undefined ? {} : { unjudged }),
  }
  return { ...led, leaving: askedLast(leaving, ledFirst(led)) }
}

/**
 * What a card promises to answer all the way: nothing, where nothing stands that could. Of what is scaled no more than its least, since any number
 * within its range is as wanted: an answer does not depend on how many its callers need just then.
 */
export const answeringOn = (chosen: Chosen): { answering?: number } => {
  const { led, rule } = chosen
  if (led.leaving.length === 0 && led.risen === 0) return {}
  const most = rule.range === undefined ? Number.POSITIVE_INFINITY : Math.max(1, rule.range.min)
  return { answering: Math.min(most, ...answeringIn(chosen).flatMap(({ during, after }) => [during, after])) }
}

const answeringIn = ({ led, rule: { service }, standing, chosen: { strategy, gateAfter } }: Chosen) =>
  answeringAt(led, {
    path: strategy.path,
    gateAfter: standing.judged ? null : gateAfter,
    want: service.replicas,
  })

/** At each point of the path, replicas that wait for what leaves there; null: none do. Only those of a class wait before others. */
export const waitingOn = ({ rule, wanted, leaving, led, chosen: { strategy } }: Chosen): (number | null)[] => {
  const { path } = strategy
  const nodes = nodesOn({ rule, leaving, led })
  const gpus = slotGpus(rule, rule.service.gpusPerReplica)
  const gpusAt = ({ old, new: up }: Point): number => gpusOf(leaving.slice(leaving.length - old)) + up * gpus
  return path.map((_, index) =>
    wanted.engine.ranked ? waitingAt({ path, gpusAt, gpus, pool: rule.view, nodes }, index) : null,
  )
}

/** How a rollout is undone; `baseline`: what was judged last; `had`: its replicas. */
export const undoOf = (
  { desired: { version } }: Wanted,
  { base, target }: Standing,
  { had, baseline }: { had: number; baseline: Baseline | null },
): string => {
  if (base === undefined)
    return `Take v${version} away, where a person cancels this or it is not judged: ${baseline === null ? 'nothing that was judged served before it' : 'what was judged and served before it is gone'}. Once judged, what answers stays, however else this ends.`
  return base === target
    ? `Go back to ${replicaCount(had)} of ${titleOf(base)}, and lead requests to it: it was judged last.`
    : `Walk back to ${titleOf(base)}: it keeps its Deployment and comes back before v${version} goes, where there is room.`
}

/** Why this way, in the order of weighing. */
export const reasonsOf = (path: Chosen, generations: readonly GenerationView[]): string[] => {
  const { rule, standing, led, wanted, chosen } = path
  const { judged } = standing
  const { strategy } = chosen
  return [
    `${strategy.name}: ${strategy.why}`,
    ...strategy.rejected.map(({ name, why }) => `not ${name}: ${why}`),
    `${roomSentence(rule, generations)}${rule.awaited === undefined ? '' : ': it waits for those'}`,
    judged
      ? 'this version was judged before and has not changed: no gate'
      : 'the first new replica is judged before others follow, and nobody asks it before',
    ...fewerSentence(led, { rule, version: wanted.desired.version }),
    ...(waitingOn(path).some((waits) => waits !== null)
      ? ['before a replica goes, the one that takes its place waits for its GPUs, and gets them before others’ pods']
      : []),
    ...outageSentence(path, generations),
  ]
}

/** Law 9: for how long nobody answers is said before anybody is asked, and where nobody does already. */
const outageSentence = (path: Chosen, generations: readonly GenerationView[]): string[] => {
  const out = outageIn(path)
  if (out === null) return []
  return [
    `nobody answers for ${out.p50} min (p95 ${out.p95} min), and for as long as a node takes to come${failedText(path, out)}`,
    ...(isOut(path, generations) ? ['nobody answers now, and that lasts for as long as this waits'] : []),
  ]
}

/** Minutes for which nobody answers on a way. */
interface Outage extends Range {
  /** Of these, in a bad case, while what leaves ends: what rises waits for its GPUs. */
  drains: number
}

/** The same of this way; null: somebody does all the way, or nothing stands that could. */
const outageIn = (path: Chosen): Outage | null => {
  if (path.led.leaving.length === 0) return null
  const { rule, standing, chosen } = path
  const gateAfter = standing.judged ? null : chosen.gateAfter
  const walked = { path: chosen.strategy.path, gateAfter, service: rule.service }
  const draining = { desired: path.wanted.desired, path: chosen.strategy.path, leaving: path.leaving }
  const at = answeringIn(path).flatMap(({ during }, index) => (during === 0 ? [index] : []))
  // What leaves while nobody answers makes the room that is waited for: it has it until it has ended.
  const drains = at.map((index) => drainAt(draining, index))
  const out = [...at.map((index) => hoursAt(walked, index)), ...drains]
  const minutes = (all: readonly Range[], part: 'p50' | 'p95'): number =>
    Math.round(all.reduce((sum, hours) => sum + hours[part], 0) * 60)
  return at.length === 0 ? null : { p50: minutes(out, 'p50'), p95: minutes(out, 'p95'), drains: minutes(drains, 'p95') }
}

/** What was judged last and served is gone: who is asked for another in its place is told that nobody answers meanwhile. */
export const goneSentence = (
  { world, baseline }: Pick<ServeInput, 'world' | 'baseline'>,
  { standing: { base, judged }, leaving }: Pick<Chosen, 'standing' | 'leaving'>,
): string[] => {
  if (baseline === null || isAnswered(world) || (base !== undefined && (base.replicas > 0 || leaving.length > 0)))
    return []
  const { generation, stands = generation } = baseline
  const what =
    base === undefined
      ? `generation ${stands}, which was judged and served, is gone`
      : `${titleOf(base)}, which was judged and served, has no replicas`
  return [`${what}: nobody answers now, and for as long as this waits and ${judged ? 'loads' : 'is not judged'}`]
}

/** Whether nobody answers already: no way makes that an outage, and none back would end it. */
const isOut = ({ led: { seen, base } }: Chosen, generations: readonly GenerationView[]): boolean =>
  base !== undefined && !isAnswered({ traffic: seen, generations: [...generations] })

/** For how long nobody is to answer that somebody asks now, in a bad case. */
export const unansweredOn = (path: Chosen, generations: readonly GenerationView[]): { unanswered?: number } => {
  const out = outageIn(path)
  return out === null || isOut(path, generations) ? {} : { unanswered: out.p95 }
}

/** The same where it fails, in a bad case: what has come ends too, and what stood before has to load again. */
const failedText = (
  { rule: { service }, standing: { base, target, judged }, wanted: { desired, engine } }: Chosen,
  { p95, drains }: Outage,
): string => {
  if (base === undefined || base === target) return ''
  const loads = service.loadMinutes.p95
  const again = loads + (countingOf(desired).drains ? Math.round(servingGrace(engine.drain) / 60) : 0)
  const late = `; ${drains + patienceMinutes(loads) + again} min where v${desired.version} is not ready in its time`
  return `${late}${judged ? '' : `, ${p95 + again} min where its gate fails`}: ${titleOf(base)} loads again then`
}

/** Law 9: what is away for a time is said before anybody is asked. */
const fewerSentence = (led: Led, { rule, version }: { rule: Rule; version: string }): string[] => {
  const lost = lostBy(led, rule.service.replicas)
  return lost === 0
    ? []
    : [
        `${replicaCount(lost)} fewer answer until v${version} is judged: a Service leads to one generation, or to all that stand`,
      ]
}
