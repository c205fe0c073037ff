import type { StepKind } from '../plan.ts'
import {
  baselineView,
  editedText,
  heldGpus,
  isEditedByHand,
  isStanding,
  standingText,
  stuckTexts,
  titleOf,
} from '../planning/generations.ts'
import { isLedTo } from '../planning/traffic.ts'
import type { HeldBeside } from '../steps/stuck.ts'
import { said } from '../text.ts'
import type { GenerationView, Traffic, World } from '../world.ts'
import { type Change, SHORT } from './change.ts'
import { type Baseline, hasBegun, type LaneDocument, type Run } from './document.ts'
import type { Gpus, Hold } from './hold.ts'
import { lackIn, withLack } from './lacking.ts'
import { withOverdueTold } from './overdue.ts'
import { larger } from './room.ts'
import type { View } from './view.ts'

/** Step kind whose effect stays standing, and from which there is a way back. */
const MOVES = 'roll-out-model'
/** What a way is made of: while some of it is to come, all that stands may still be needed. */
const WAY: ReadonlySet<StepKind> = new Set<StepKind>([MOVES, 'switch-traffic'])

/** Whether something is still to be moved: what stands now is neither what was judged before nor what is wanted. */
export const isOnTheWay = ({ steps }: Pick<Run, 'steps'>): boolean =>
  steps.some(({ way, kind, state }) => way === 'forth' && WAY.has(kind) && (state === 'pending' || state === 'running'))

/**
 * The document with a hold that has fallen to what the remaining steps need (law 10). Steps come one after the other, so of a
 * pool it is the most that one of them takes. While there is still a move to be made the way back may need all of it. Dollars
 * stay: each of the remaining steps may cost all that is left of the bound.
 */
export const withFallenHold = (view: Pick<View, 'plan'>, doc: LaneDocument): LaneDocument => {
  const { run } = doc
  if (run === null || run.hold === null || run.phase !== 'steps' || run.ending !== null) return doc
  const needs = remaining(view, doc, run)
  return needs === null ? doc : withHold(doc, run, { ...run.hold, gpus: smaller(run.hold.gpus, needs) })
}

/** Its pods were seen gone, though something else keeps its object: nothing of a pool is held for it any more. */
export const withoutGpus = (doc: LaneDocument, run: Run): LaneDocument =>
  run.hold === null ? doc : withHold(doc, run, { ...run.hold, gpus: {} })

const withHold = (doc: LaneDocument, run: Run, hold: Hold): LaneDocument => ({ ...doc, run: { ...run, hold } })

/** What stands now, where the step has seen it; and what is held from then on beside what does not end. */
export const withStanding = (
  doc: LaneDocument,
  { stands, beside }: { stands?: Gpus; beside?: HeldBeside },
): LaneDocument => {
  const { run } = doc
  if (run === null || stands === undefined) return doc
  const next = { ...run, stands }
  if (beside === undefined || run.hold === null) return { ...doc, run: next }
  const rooms = Object.entries(beside.gpus).filter(([pool]) => Object.hasOwn(run.hold?.gpus ?? {}, pool))
  return withHold(doc, next, { ...run.hold, gpus: larger(run.hold.gpus, Object.fromEntries(rooms)) })
}

/** What is still needed of pools; null: all that is held. What was agreed to of what is scaled falls with the end of the run alone. */
const remaining = ({ plan }: Pick<View, 'plan'>, doc: LaneDocument, { steps, stands = {} }: Run): Gpus | null => {
  const ahead = steps.filter(({ state }) => state === 'pending' || state === 'running')
  if (plan === null || ahead.some(({ kind }) => WAY.has(kind))) return null
  const jobs = ahead.reduce<Gpus>((most, { name }) => {
    const step = plan.plan.steps.find((one) => one.name === name)
    return step?.kind === 'launch-job' && step.pool !== null ? larger(most, { [step.pool]: step.gpus }) : most
  }, {})
  return together(jobs, isScaled(doc.baseline) ? larger(stands, doc.stands ?? {}) : stands)
}

/** Whether people have agreed to how far it is scaled: so many are held, whatever scales it at the moment. */
const isScaled = (baseline: Baseline | null): boolean => baseline?.upTo !== undefined

const together = (a: Gpus, b: Gpus): Gpus => {
  const pools = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return Object.fromEntries(pools.map((pool) => [pool, (a[pool] ?? 0) + (b[pool] ?? 0)]))
}

const smaller = (held: Gpus, needs: Gpus): Gpus =>
  Object.fromEntries(
    Object.entries(held).flatMap(([pool, gpus]): [string, number][] => {
      const left = Math.min(gpus, needs[pool] ?? 0)
      return left === 0 ? [] : [[pool, left]]
    }),
  )

/**
 * What stays held once a run is over: what stands, as it was seen when the last move was done. After a move that was not seen
 * done, and halfway, since the way back may still need it, all that was held: the next run takes that over, or a look finds
 * what stands. `baseline`: what the lane returns to by then; how far that may be scaled is held of it, though its way has left nothing that scales it.
 */
export const standsAfter = (
  { doc, kind, world }: Pick<View, 'doc' | 'kind' | 'world'>,
  { hold, steps, stands }: Run,
  { isHalfway, baseline }: { isHalfway: boolean; baseline: Baseline | null },
): Gpus | undefined => {
  if (!kind.stands) return undefined
  const last = steps.findLast(({ kind: step, by }) => step === MOVES && by !== null)
  if (last === undefined) return doc.stands
  // Also of a way back that held nothing itself: what the run before it held goes with what it took away.
  if (last.state === 'done' && stands !== undefined && !isHalfway)
    return isScaled(baseline) ? larger(stands, agreedIn({ doc, world }, baseline)) : stands
  return hold === null ? doc.stands : hold.gpus
}

/** What was agreed to of what is scaled, as it is seen to be made; where nobody has looked, what was held for it before. */
const agreedIn = ({ doc, world }: Pick<View, 'doc' | 'world'>, baseline: Baseline | null): Gpus => {
  const base = baselineView(world?.generations ?? [], baseline)
  if (base !== undefined) return heldGpus([base], baseline)
  return isScaled(doc.baseline) && standsOf(doc.baseline) === standsOf(baseline) ? (doc.stands ?? {}) : {}
}

/** Generation of the Deployment that stands for it. */
const standsOf = (baseline: Baseline | null): number | undefined => baseline?.stands ?? baseline?.generation

/**
 * Whether what stands of a lane is to be compared: with what is held for it where it is at rest, however its last run ended; and whatever its run does or
 * waits for with what was judged, since people are told where that does not answer.
 */
export const seesStanding = ({ doc, kind }: Pick<View, 'doc' | 'kind'>): boolean => {
  const { run, outcome, halfway, baseline } = doc
  if (!kind.stands) return false
  return run === null ? outcome !== null && halfway !== true : baseline !== null
}

type Standing = Pick<View, 'doc' | 'kind' | 'world' | 'now'> & { plan?: View['plan'] }

/**
 * A lane that is at rest holds what is seen to stand of it: what its Deployments ask for, or its pods where those have more. What
 * somebody has scaled or taken away by hand is held, or given back, from then on; but for how far people have agreed that it is scaled.
 */
export const withSeenStanding = (view: Standing, change: Change): Change => {
  const { doc } = change
  if (!view.kind.stands || view.world === null) return change
  if (view.doc.run !== null || doc.run !== null) return withSeenLack(view, view.world, change)
  const baseline = scaledSince(doc.baseline, view.world)
  const used = Object.values(view.world.pools).map(({ pool, usedByLane }): [string, number] => [pool, usedByLane])
  const seen = Object.entries(larger(heldGpus(view.world.generations, baseline), Object.fromEntries(used)))
  const stands = Object.fromEntries(seen.filter(([, gpus]) => gpus > 0))
  const texts = [besideIn(view.kind, view.world, doc) ?? [], ...stuckTexts(view.world)].flat()
  const beside = texts.length === 0 ? undefined : said(texts.join('; '), SHORT)
  const { beside: _, ...rest } = doc
  const isKnown = isSame(stands, doc.stands ?? {}) && beside === doc.beside && baseline === doc.baseline
  const after = isKnown
    ? change
    : { ...change, doc: { ...rest, stands, baseline, ...(beside === undefined ? {} : { beside }) } }
  return withOverdueTold(view, view.world, withLack(view, view.world, after))
}

/** What was judged last with as many replicas as its autoscaler has given it: a way back leads to these. */
const scaledSince = (baseline: Baseline | null, { generations }: World): Baseline | null => {
  const base = baselineView(generations, baseline)
  const isOther =
    baseline !== null && base?.upTo !== undefined && base.replicas > 0 && base.replicas !== baseline.replicas
  return isOther ? { ...baseline, replicas: base.replicas } : baseline
}

/** What its autoscaler has taken to none before a run began is asked by nobody while that lasts, as long as it may. */
const ASLEEP = Number.POSITIVE_INFINITY

/** Beside a run it is said what lacks of what was judged, which is told too, and who has changed what of it; and what somebody has scaled up while nothing has begun. */
const withSeenLack = (view: Standing, world: World, change: Change): Change => {
  const { beside: last, ...doc } = change.doc
  if (view.doc.run === null || doc.run === null || !seesStanding({ doc: change.doc, kind: view.kind })) return change
  const { generations, traffic = null, strays = [] } = world
  const lacking = lackIn({ generations, traffic, strays }, doc.baseline)
  const lack = said([...lacking, ...changedBeside(generations, doc), ...stuckTexts(world)].join('; '), SHORT)
  const after = lack === '' ? doc : { ...doc, beside: lack }
  const { answering, unanswered = 0 } = view.plan?.plan.bounds ?? {}
  const isAsleep = answering === undefined && doc.baseline?.upTo !== undefined
  const named =
    hasBegun(doc.run) && (answering === 0 || isAsleep) ? (isAsleep ? ASLEEP : unanswered * 60_000) : undefined
  const known = lack === (last ?? '') ? change : { ...change, doc: after }
  return withOverdueTold(view, world, withLack(view, world, known, named))
}

/** What somebody has changed of what was judged last, and what stands beside it though no run has brought it up. */
const changedBeside = (
  generations: World['generations'],
  { baseline, run, halfway }: Pick<LaneDocument, 'baseline' | 'run' | 'halfway'>,
): string[] => {
  const base = baselineView(generations, baseline)
  if (base === undefined || base.replicas === 0) return []
  const edited = isEditedByHand(base) ? [`${editedText(base)}, which is not what was judged`] : []
  if (run === null || hasBegun(run) || halfway === true) return edited
  const others = generations.filter((view) => view !== base && view.replicas > 0)
  return others.length === 0 ? edited : [...edited, `${standingText(others)} stands beside ${titleOf(base)}`]
}

/** What stands of a lane at rest beside what it returned to, or in its place, be that nothing: nobody else would ever say so. */
const besideIn = (
  kind: View['kind'],
  { generations, traffic = null, strays = [] }: World,
  { baseline, outcome }: Pick<LaneDocument, 'baseline' | 'outcome'>,
): string | undefined => {
  if (strays.length > 0) return said(lackIn({ generations, traffic, strays }, baseline).join('; '), SHORT)
  const standing = generations.filter(isStanding)
  const [first] = standing
  if (standing.length === 1 && first === baselineView(generations, baseline)) {
    if (first === undefined) return undefined
    if (!isAsked(traffic, first)) return said(unaskedText(standing, outcome), SHORT)
    // Of what is wanted its own planning says so.
    const isTold = outcome?.kind === 'succeeded' || !isEditedByHand(first)
    const edited = isTold ? [] : [`${editedText(first)}, which is not what was judged`]
    const all = [...lackIn({ generations, traffic }, baseline), ...edited]
    return all.length === 0 ? undefined : said(all.join('; '), SHORT)
  }
  const how = standing.length > 1 ? 'stand side by side' : 'stands, which is not what was judged last'
  const what = first === undefined ? goneText(kind, baseline) : `${standingText(standing)} ${how}`
  return what === null ? undefined : said(`${what}: promote the version that shall serve, or say retry`, SHORT)
}

/** Where what is wanted has ended otherwise, a retry is of that, and may be refused as before. */
const unaskedText = (standing: readonly GenerationView[], outcome: LaneDocument['outcome']): string =>
  `nobody asks ${standingText(standing)}: its Service leads elsewhere or is gone${outcome?.kind === 'succeeded' ? ', and retry leads it there' : ''}`

const isAsked = (traffic: Traffic, { generation }: GenerationView): boolean =>
  traffic !== null && isLedTo(traffic, generation)

/** Null: nothing was ever judged that could stand. */
const goneText = (kind: View['kind'], baseline: Baseline | null): string | null =>
  baseline === null
    ? null
    : `of what was judged last (${kind.titleOf(baseline.desired as never)}) nothing stands any more`

const isSame = (a: Gpus, b: Gpus): boolean =>
  Object.keys({ ...a, ...b }).every((pool) => (a[pool] ?? 0) === (b[pool] ?? 0))
