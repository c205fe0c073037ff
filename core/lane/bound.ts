import { besideOf, costOf, perHourOf, rateOf, reckonedOf, standingRate } from '../money/cost.ts'
import { EMPTY_MINUTES } from '../money/nodes.ts'
import { usd } from '../money/prices.ts'
import type { Bounds, LaunchJobStep, Plan } from '../plan.ts'
import type { NodesOf } from '../plan-nodes.ts'
import { nodesOf } from '../planning/pipeline-price.ts'
import type { Outcome } from '../reasons.ts'
import { graceOfPods } from '../steps/job-times.ts'
import { graceOfServing } from '../workloads/draining.ts'
import { boundsLeft, isOfKind } from './approval.ts'
import { approvedOf } from './before.ts'
import type { LaneDocument, Mark, Run } from './document.ts'
import { isInReach, unreachedOf } from './patience.ts'
import type { View } from './view.ts'

/** Milliseconds that what runs may still take, and cost, once it is told to end. */
export const graceOf = (run: Run, { steps }: Plan): number =>
  Math.max(
    0,
    ...steps.flatMap((step) => {
      const runs = run.steps.some(({ name, state, ranFrom }) => name === step.name && state === 'running' && ranFrom)
      if (step.kind === 'roll-out-model') return step.objects.map(graceOfServing)
      return step.kind === 'launch-job' && runs ? [graceOfPods(step)] : []
    }),
  )

/**
 * Until when a step's work is reckoned to have run that nobody saw end: until now, but no longer than it can have, nor than its run may
 * cost, at which it was to be told to end.
 */
export const reckonedUntil = (
  { doc, plan, now }: Pick<View, 'doc' | 'plan' | 'now'>,
  mark: Mark,
  can = Number.POSITIVE_INFINITY,
): number => {
  const most = Math.min(now, can)
  const step = plan?.plan.steps.find(({ name }) => name === mark.name)
  if (mark.ranFrom === null || plan === null || step?.kind !== 'launch-job' || step.perHour <= 0) return most
  const run = doc.run as Run
  const stepsWith = (own: Mark): Mark[] =>
    run.steps.map((one) => (one.name === mark.name && one.way === mark.way ? own : one))
  const closed = { run: { steps: stepsWith({ ...mark, ranFrom: null }) }, plan: plan.plan, now }
  const costs = costOf(closed) + besideOf({ run: { steps: stepsWith(mark) }, plan: plan.plan })
  const left = boundsIn(doc, plan.plan).dollars - costs
  return Math.min(most, mark.ranFrom + Math.max(0, Math.round((left / step.perHour) * 3_600_000)))
}

/**
 * When the run must be told to end so that it never costs more than it may, at what runs and stands now, and how it then ends: what a
 * card calls "at most" is enforced (law 9), whatever it waits for. Null while nothing runs that costs anything.
 */
export const boundAt = (view: Pick<View, 'doc' | 'plan' | 'now'>, run: Run): Bound | null => {
  const { plan, now } = view
  if (plan === null) return null
  const costing = { run, plan: plan.plan }
  const dollars = reckonedOf({ ...costing, now }) - unreachedOf(view, run)
  return boundOf({ ...view, plan: plan.plan }, run, { dollars, rate: rateOf(costing) })
}

/** The same where a far side does not answer, and what stands of a rollout could be taken away all the same; null: it could not, or nothing does. */
export const boundElsewhere = (view: Pick<View, 'doc' | 'plan' | 'now'>, run: Run): Bound | null => {
  const { plan } = view
  const stands = plan !== null && standingRate({ run, plan: plan.plan }) > 0
  return stands && isInReach(view.doc.rest) ? boundAt(view, run) : null
}

interface Bound {
  at: number
  ending: Outcome
}

const boundOf = (
  { doc, plan, now }: { doc: LaneDocument; plan: Plan; now: number },
  run: Run,
  { dollars, rate }: { dollars: number; rate: number },
): Bound | null => {
  // What ends already goes back in its own time, and stays ended as it was.
  if (rate === 0 || run.ending !== null) return null
  const most = boundsIn(doc, plan).dollars
  const left = most - dollars
  // Rounded, so that every look finds the same time: a rest that has not changed is not written again.
  const at = Math.max(now, Math.round(now + (left / rate) * 3_600_000) - graceOf(run, plan))
  return {
    at,
    ending: {
      kind: 'failed',
      reason: 'bound-reached',
      detail: `it has cost ${costText(dollars, most)}${besideText(besideOf({ run, plan }))}, and was ended${atOf(run)}: ${neverReady({ run, plan, at }) ?? toDo(doc, run)}`,
    },
  }
}

/** Who looks late finds that it has cost more. */
const costText = (dollars: number, most: number): string =>
  dollars > most + 0.005
    ? `${usd(dollars)} of the ${usd(most)} that it may at most`
    : `the ${usd(most)} that it may at most`

/** Dollars that are left of what a run may cost once `starts` of them have paid for a node that is started for its next work; negative: it is not paid for. */
export const leftAfter = (
  { doc, plan, now }: { doc: LaneDocument; plan: Plan; now: number },
  run: Run,
  starts: number,
) => boundsIn(doc, plan).dollars - reckonedOf({ run, plan, now }) - starts

/** How a run ends whose next Job would be told to end as soon as it ran: nothing is left that pays for it. Null: it may begin. `starts`: dollars of the node that is started for it. */
export const endBefore = (
  { doc, plan, now }: Pick<View, 'doc' | 'plan' | 'now'>,
  run: Run,
  step: LaunchJobStep,
  starts = step.beside ?? 0,
): Outcome | null => {
  if (plan === null || step.perHour === 0) return null
  const left = leftAfter({ doc, plan: plan.plan, now }, run, starts)
  if (left * 3_600_000 > step.perHour * graceOfPods(step)) return null
  const [dollars, most] = [reckonedOf({ run, plan: plan.plan, now }), boundsIn(doc, plan.plan).dollars]
  const cost = dollars > most ? costText(dollars, most) : `${usd(dollars)} of the ${usd(most)} that it may at most`
  const detail = `it has cost ${cost}, and nothing is left for “${step.title}”: ${toDo(doc, run)}`
  return { kind: 'failed', reason: 'bound-reached', detail }
}

/** What is counted and not booked is said. */
const besideText = (dollars: number): string =>
  dollars === 0 ? '' : ` (${usd(dollars)} of it for its nodes before and after its pods)`

/** Another attempt is one at what is wanted of the lane. */
const toDo = ({ generation }: Pick<LaneDocument, 'generation'>, { generation: own, hold, question }: Run): string => {
  if (generation !== own) return 'what was wanted since begins'
  const isRefused = question?.more?.dollars === 0 && question.more.ends !== true
  const lacks = hold?.atMost !== undefined ? ' when it began' : isRefused ? '' : null
  const also = lacks === null ? '' : `the budget, which had no room for more${lacks}, or `
  return `raise ${also}its hours (of a service loadMinutes and gate.minutes) in the policy, then say retry`
}

/** What to do where a rollout's first replica was waited for until then, and never got ready: more hours alone would cost as much again. Null: it is another. */
const neverReady = ({ run, plan, at }: { run: Run; plan: Plan; at: number }): string | null => {
  const first = plan.steps.find((step) => step.kind === 'roll-out-model' && step.brings !== null)
  const mark = run.steps.find(({ name, way, state }) => name === first?.name && way === 'forth' && state === 'running')
  if (mark === undefined || mark.startedAt === null) return null
  const minutes = Math.round((at - mark.startedAt) / 60_000)
  return `none of it got ready in ${minutes} minutes: see what its pods say (kubectl logs), or raise loadMinutes in the policy where they load for longer, then say retry`
}

/** What its step was at. */
const atOf = ({ steps }: Run): string => {
  const at = steps.find(({ way, state, note }) => way === 'forth' && state === 'running' && note !== '')
  return at === undefined ? '' : ` at “${at.title}: ${at.note}”`
}

/** What of a document tells which approval binds its run. */
type Binding = Pick<LaneDocument, 'run' | 'generation' | 'approved' | 'before'>

/**
 * What binds a run: what nobody had to approve is bound by its own plan, not by what is left of an approval of before. It never costs more
 * than is held for it.
 */
export const boundsIn = (doc: Binding, { approval, bounds }: Plan): Bounds => {
  const approved = doc.run === null ? doc.approved : approvedOf(doc, doc.run)
  const most = approved !== null && approval.required ? boundsLeft(approved) : bounds
  const { atMost = most.dollars } = doc.run?.hold ?? {}
  return atMost < most.dollars ? { ...most, dollars: atMost } : most
}

/**
 * Dollars that a run of a plan may cost: all that its bound lets its work cost (laws 9, 10). Where none of that costs anything, or all that
 * does was finished before, it is the plan's own.
 */
export const mayCost = (doc: Binding, plan: Plan): number => {
  const isBound = plan.bounds.dollars > 0 && plan.steps.some((step) => perHourOf(step) > 0)
  return isBound ? boundsIn(doc, plan).dollars : plan.bounds.dollars
}

/**
 * How a run ends whose next step would be at work on other machines than its card says, on such as are bought in another way, or in a pool that
 * the policy has no more: it was changed under it (law 9). Null: it would not. `when` it is ended, as people are told.
 */
export const onOtherMachines = (
  { doc, plan, policy, now }: Pick<View, 'doc' | 'plan' | 'policy' | 'now'>,
  { name, title }: Pick<Mark, 'name' | 'title'>,
  when = 'before',
): Outcome | null => {
  if (plan === null) return null
  const approved = boundsIn(doc, plan.plan).nodes ?? {}
  const needs = gpusFrom(name, plan.plan)
  const nodes = nodesOf(needs, policy.pools)
  const stands = (pool: string): boolean => nodes[pool] === undefined && nodeStands({ doc, plan: plan.plan, now }, pool)
  const [other] = Object.keys(needs).flatMap((pool) =>
    needs[pool] === 0 || stands(pool) ? [] : (otherIn(pool, nodes[pool], approved[pool]) ?? []),
  )
  if (other === undefined) return null
  const detail =
    `${other}: it was ended ${when} “${title}”. ` +
    'Another attempt keeps what was finished, and asks about what was not approved'
  return { kind: 'failed', reason: 'other-machines', detail }
}

/** What is otherwise of a pool than was approved, for a person; null: nothing is. In one that the policy has no more nobody bounds what is bought. */
const otherIn = (pool: string, has: NodesOf | undefined, approved: NodesOf | undefined): string | null => {
  if (has === undefined) return `the policy has no pool ${pool} any more`
  return isOfKind(has, approved)
    ? null
    : `${pool} has ${machines(has)} now, and it may run on ${machines(approved ?? has)}`
}

/** Whether the node of the stage before is there yet for the next: for that one nothing is bought, and what was finished would be made anew in another pool. */
const nodeStands = ({ doc, plan, now }: { doc: LaneDocument; plan: Plan; now: number }, pool: string): boolean =>
  (doc.run?.steps ?? []).some(({ name, state, endedAt }) => {
    const step = plan.steps.find((one) => one.name === name)
    const isThere = step?.kind === 'launch-job' && step.pool === pool && state === 'done'
    return isThere && endedAt !== null && now - endedAt < EMPTY_MINUTES * 60_000
  })

/** GPUs of pools on whose nodes a step starts pods. Of a rollout each move that is left: none takes anything away for one that may not follow. */
const gpusFrom = (name: string, { steps, bounds }: Plan): Record<string, number> => {
  const step = steps.find((one) => one.name === name)
  if (step?.kind === 'launch-job') return step.pool === null ? {} : { [step.pool]: step.gpus }
  if (step?.kind !== 'roll-out-model') return {}
  const left = steps.slice(steps.indexOf(step))
  return left.some((one) => one.kind === 'roll-out-model' && one.brings !== null) ? bounds.gpus : {}
}

const machines = ({ instanceType, capacityTypes }: NodesOf): string =>
  `${[instanceType].flat().join(' or ')} (${capacityTypes.join(' or ')})`
