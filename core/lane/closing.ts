import { reckonedOf } from '../money/cost.ts'
import { monthsOf } from '../money/months.ts'
import { cents } from '../money/prices.ts'
import { type Identity, runName } from '../names.ts'
import type { Plan } from '../plan.ts'
import type { Outcome } from '../reasons.ts'
import type { Telling } from '../telling.ts'
import { said } from '../text.ts'
import { afterRun, approvedOf, asAside, spentMore, withRepeat } from './before.ts'
import { broughtIn } from './brought.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { type Baseline, hasBegun, type LaneDocument, type Mark, type Run, runKeyOf, sameRun } from './document.ts'
import { doneBefore, doneWith, saidNoMore } from './done-with.ts'
import { aboutOf, type Ended, untriedOf } from './ended.ts'
import { standsAfter } from './falling.ts'
import { hadOutage, halfwayAfter } from './halfway.ts'
import { judgedIn } from './judged.ts'
import { agreedBy, ownReplicas, saidNoTo, standingFor } from './judged-as.ts'
import { isKept } from './kept.ts'
import { afterOccasion, asBeforeOccasion, endedWellAs } from './occasion.ts'
import type { Ran } from './question.ts'
import { costUntil, monthsUntil } from './so-far.ts'
import { stoodAt } from './stood.ts'
import type { View } from './view.ts'
import { isKeeping, isWanted, wantsBack } from './wanted.ts'

/**
 * The end of a run, in one place: its outcome, its hold's return, its question's end, what is told of it, and what the lane
 * is after it. `against`: of a refusal, what refused it.
 */
export const close = (view: View, run: Run, outcome: Outcome, against = run.against ?? null): Change => {
  if (returnsFirst(view, run, outcome)) return returning(view, run, { outcome, against })
  const { doc, now } = view
  // A run without a plan may stand where the one before it was at work: what that planned is not its own.
  const plan = view.plan?.plan.digest === run.digest ? view.plan : null
  const told: Outcome = { ...outcome, detail: said(outcome.detail, DETAIL) }
  const own = plan === null ? 0 : reckonedOf({ run, plan: plan.plan, now })
  const costing = { run, plan: plan?.plan ?? null, now }
  const cost = costUntil(doc, costing)
  const id = runName(identityOf(view), run)
  const { line: _, ...left } = run
  const ended = withClosedQuestion({ ...left, hold: null })
  const stages = plan?.plan.steps.filter(isKept).map(({ name }) => name) ?? []
  const { generation, attempt } = run
  const under = outcome.kind === 'refused' ? { under: view.policy.version } : {}
  const tried = hasBegun(run) || approvedOf(doc, run)?.begun === true
  const about = { ...untriedOf(told, tried), ...under, ...aboutOf(plan?.plan), ...stoodAt(view, plan?.plan) }
  const at: Ended = { ...told, generation, attempt, at: now, against, ...about, stages }
  const past = { id, lane: doc.lane, run: ended, plan: costing.plan, outcome: told, endedAt: now, cost }
  // What stood before it was paid for by what was approved of that.
  const after = afterwards(view, run, { at, cost: cents(own), plan: plan?.plan ?? null })
  return changed(after, {
    // The way back from where something newer stopped it is written beside it.
    ...(after.halfway === true ? {} : { plan: null }),
    past: [{ ...past, ...monthsOf(past, monthsUntil(doc, costing)) }],
    moments: [
      moment('outcome', `${told.kind}: ${told.detail}`, { run, data: { reason: told.reason, cost } }),
      ...(run.question?.state === 'open' ? [moment('answer', 'the question was closed', { run })] : []),
    ],
    counts: [`outcome:${told.kind}`],
    tellings: tellingsOf(run, { plan: plan !== null, id, outcome: told, cost, at: now }),
  })
}

/** Whether it began nothing, and what it was to take the place of stands in the middle of its way, judged by nobody. */
const returnsFirst = (view: View, run: Run, { kind }: Outcome): boolean => {
  const { halfway = false } = view.doc
  const goesOn = kind === 'succeeded' || (kind === 'superseded' && !wantsBack(view))
  return halfway && run.ending === null && !hasBegun(run) && !goesOn
}

/** It ends so once the lane is back at its baseline. */
const returning = (
  { doc }: View,
  run: Run,
  { outcome, against }: { outcome: Outcome; against: string | null },
): Change => {
  const { line: _, ...left } = run
  return changed(
    {
      ...doc,
      run: { ...withClosedQuestion(left), ending: { ...outcome, detail: said(outcome.detail, DETAIL) }, against },
    },
    {
      moments: [
        moment('step', `ends: ${outcome.detail}; what it was to replace goes back first`, {
          run,
          data: { ending: outcome.kind },
        }),
      ],
      tellings: run.question === null ? [] : [{ kind: 'card', generation: run.generation, attempt: run.attempt }],
    },
  )
}

/** Where names of this lane are made. */
export const identityOf = ({ policy, doc, identity }: Pick<View, 'policy' | 'doc' | 'identity'>): Identity => ({
  installation: policy.installation,
  ledger: identity.ledger,
  name: doc.name,
})

/** The run once nobody is asked about it any more. */
export const withClosedQuestion = (run: Run): Run =>
  run.question?.state === 'open' ? { ...run, question: { ...run.question, state: 'closed' } } : run

/** The document after a run: what it came to counts only when it is what the lane wants. */
const afterwards = (
  view: View,
  run: Run,
  { at, cost, plan }: { at: Ended; cost: number; plan: Plan | null },
): LaneDocument => {
  const { doc, kind, policy } = view
  const succeeded = at.kind === 'succeeded'
  const wins = succeeded && (doc.baseline?.generation ?? 0) <= run.generation
  const before = returnedTo(view, run)
  const standing = standingFor(view, run)
  const baseline = wins
    ? kind.baselineOf(run.desired as never, {
        run: runKeyOf(doc, run),
        before,
        standing: { ...standing, ...agreedBy(plan) },
      })
    : saidNoTo(doc.baseline, at, { plan, own: ownReplicas(view, run) })
  const { halfway: _, brought: __, halfwayCosts: ___, beside: ____, before: _____, ...others } = doc
  const { lasts: ______, inLineFrom: _______, judged: ________, lacks, keepsTold, gaveWay, ...rest } = others
  const isHalfway = staysHalfway(view, run, at)
  const ran = at.reason !== null && NO_NODE.has(at.reason) ? null : ranLast(run, plan)
  const after: LaneDocument = {
    ...rest,
    ...toldBefore(run, { lacks, keepsTold }),
    run: null,
    stands: standsAfter(view, run, { isHalfway, baseline }),
    baseline,
    held: null,
    ...(succeeded ? endedWellAs(kind, run) : {}),
    ...(isHalfway ? halfwayIn(view, { run, plan }) : {}),
    ...rankAfter(doc, run, at),
  }
  // What is wanted again while it was being carried out is done with it.
  const isDone = succeeded && doc.outcome === null && isWanted(view, run)
  if (!sameRun(run, doc) && !isDone)
    return withRepeat(
      { ...afterRun(kind, after, { ...run, outcome: at }), ...doneBefore({ doc: after, kind, policy }, doc, at) },
      doc,
      { at, cost, ran },
    )
  const done: LaneDocument = {
    ...after,
    outcome: at,
    // A success refills what failures used up, and uses up what was approved; so does an outage that was agreed to.
    attemptsLeft: succeeded ? policy.retries : doc.attemptsLeft,
    approved: succeeded || hadOutage(run, plan) ? null : spentMore(doc.approved, { cost, ran }),
    ...(succeeded ? madeAs(doc) : {}),
  }
  return asSaid(view, run, gaveWay === undefined ? done : { ...done, gaveWay })
}

/** What was seen and told of what serves counts on where nothing has begun; and who was told that it lacks something is told once it does no more. */
const toldBefore = (run: Run, { lacks, keepsTold }: Pick<LaneDocument, 'lacks' | 'keepsTold'>) => ({
  ...(lacks !== undefined && (lacks.told || !hasBegun(run)) ? { lacks } : {}),
  ...(keepsTold === undefined || hasBegun(run) ? {} : { keepsTold }),
})

/** Of what people chose the name is kept, though what they approved is used up. */
const madeAs = ({ generation, approved }: LaneDocument): Pick<LaneDocument, 'madeAs'> => {
  const name = approved?.question.chosen?.name
  return name === undefined ? {} : { madeAs: { generation, name } }
}

/** Who waited in line and is refused, for want of room or of a way, stands there by the time since when it waits once it is planned again. */
const rankAfter = ({ inLineFrom }: LaneDocument, { line }: Run, { kind }: Ended): Partial<LaneDocument> => {
  const since = line?.since ?? inLineFrom
  return kind === 'refused' && since !== undefined ? { inLineFrom: since } : {}
}

/** Ends with which no node is there, or which took the node with them. */
const NO_NODE: ReadonlySet<NonNullable<Outcome['reason']>> = new Set([
  ...(['no-node', 'not-admitted', 'node-lost', 'preempted', 'pod-gone', 'other-machines'] as const),
])

/**
 * Where the last Job of a run had its pod, and until when: its node is there for a while longer. What waited there without running, for an
 * image, did so until somebody saw that. Null: none had one, or nobody knows.
 */
const ranLast = ({ steps }: Run, plan: Plan | null): Ran | null => {
  const jobs = new Map(plan?.steps.flatMap((step) => (step.kind === 'launch-job' ? [[step.name, step.pool]] : [])))
  const ends = steps.flatMap(({ name, startedAt, ranTo, endedAt }) => {
    const [pool, at] = [jobs.get(name), startedAt === null ? null : (ranTo ?? endedAt)]
    return pool == null || at === null ? [] : [{ pool, at }]
  })
  return ends.toSorted((a, b) => a.at - b.at).at(-1) ?? null
}

/** What a document says of what stands halfway: what brought it up, what it costs, and what stood before. */
const halfwayIn = (view: View, given: { run: Run; plan: Plan | null }): Partial<LaneDocument> => {
  const { halfway, lasts, stands = {} } = view.doc
  const costs = halfwayAfter(view, given)
  const judged = judgedIn(view, given.run)
  return {
    halfway: true,
    brought: broughtIn(view, given.run),
    ...(judged.length === 0 ? {} : { judged }),
    lasts: halfway === true && lasts !== undefined ? lasts : stands,
    ...(costs === undefined ? {} : { halfwayCosts: costs }),
  }
}

/** Where nothing comes of the occasion that it was wanted for, what that took the place of is as it was; what was refused may begin yet. Else its source says what was cancelled behind it, where nothing else has superseded it; or it says it no more, or it is done with. */
const asSaid = ({ kind }: View, run: Run, { gaveWay, ...own }: LaneDocument): LaneDocument => {
  const ended = own.outcome?.kind
  if (gaveWay !== undefined && !hasBegun(run) && (ended === 'superseded' || ended === 'refused'))
    return ended === 'superseded' ? asBeforeOccasion({ kind }, { ...own, gaveWay }) : { ...own, gaveWay }
  const untried = !hasBegun(run) && (ended === 'expired' || ended === 'cancelled')
  const done = gaveWay === undefined ? own : afterOccasion(kind, { ...run, untried }, { ...own, gaveWay })
  if (done.generation !== own.generation) return done
  if (ended !== 'succeeded' && ended !== 'superseded') return done
  if (done.aside !== undefined && isKeeping({ doc: done, kind })) return asAside(done)
  if (done.aside !== undefined)
    return afterRun(kind, asAside({ ...done, ...doneWith({ doc: done, kind }, done) }), done)
  return ended === 'superseded' ? saidNoMore(done) : done
}

/** What a run that has succeeded may have returned to: the baseline, or of what was judged since what stands alone then. */
const returnedTo = (view: View, run: Run): Baseline | null => {
  const { baseline, judged = [] } = view.doc
  const { stands } = standingFor(view, run)
  const isThere = (one: Baseline): boolean => (one.stands ?? one.generation) === stands
  return baseline !== null && isThere(baseline) ? baseline : (judged.findLast(isThere) ?? baseline)
}

/** Whether what it did, or a run before it, was neither carried to its end nor taken back. */
const staysHalfway = ({ doc: { halfway = false }, kind }: View, run: Run, { kind: ended }: Outcome): boolean => {
  const isOver = ({ way, state }: Mark): boolean => way === 'forth' || (state !== 'pending' && state !== 'running')
  const isBack = run.phase === 'back' && run.steps.every(isOver)
  return kind.stands && ended !== 'succeeded' && !isBack && (halfway || hasBegun(run))
}

const tellingsOf = (
  { generation, attempt, steps }: Run,
  { plan, id, outcome, cost, at }: { plan: boolean; id: string; outcome: Outcome; cost: number; at: number },
): Telling[] => [
  { kind: 'finished', generation, attempt, plan: id, outcome, cost, at },
  ...(plan ? [{ kind: 'card' as const, generation, attempt }] : []),
  ...steps.flatMap(({ made, by }): Telling[] =>
    made === null || by === null ? [] : [{ kind: 'expire', ref: made.ref, uid: made.uid }],
  ),
]
