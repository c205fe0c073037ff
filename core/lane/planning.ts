import type { Desired } from '../desired.ts'
import { digestOf } from '../digest.ts'
import { laneName } from '../lane-kinds/kind.ts'
import type { Plan, Planned } from '../plan.ts'
import { baselineView } from '../planning/generations.ts'
import { returnsTo } from '../planning/returns-to.ts'
import type { Learned } from '../planning/took.ts'
import type { ResultRow } from '../rows.ts'
import { keptSteps, stepKeys } from '../steps/keys.ts'
import { said } from '../text.ts'
import type { GenerationView, World } from '../world.ts'
import { boundsLeft } from './approval.ts'
import { isOutdatedByRung } from './asking.ts'
import { newRun, nextGeneration } from './attempts.ts'
import { type Change, changed, moment, SHORT } from './change.ts'
import { planChosen, withChoice } from './choosing.ts'
import { close, identityOf } from './closing.ts'
import { type LaneDocument, type Mark, type Run, runKeyOf, sameRun } from './document.ts'
import { withSeenStanding } from './falling.ts'
import { isKept } from './kept.ts'
import type { Approved } from './question.ts'
import { asksAlways } from './rungs.ts'
import { unasked, withoutEdited, withoutQuestion } from './unasked.ts'
import type { View } from './view.ts'

/** What planning and holding have seen besides the view's world: kept results whose artifacts are still there. */
export interface Seen {
  kept: Readonly<Record<string, ResultRow>>
  /** How long stages took in past runs; left out: nobody has looked. */
  learned?: Learned | undefined
}

/**
 * The plan as it would be now, inside what was approved where that binds it. Nothing is written. No template is edited: where the run's
 * generation stands with another one, the plan is of the next generation, and says so.
 */
export const planOnPaper = (view: View, run: Wanted, seen: Seen): Planned => {
  const planned = planAs(view, run, seen)
  if (planned.kind !== 'plan' || planned.edits !== true) return planned
  const anew = planAs(view, { ...run, generation: nextGeneration(view), attempt: 1 }, seen)
  return planned.hand === undefined ? anew : { ...anew, hand: planned.hand }
}

type Wanted = Pick<Run, 'generation' | 'attempt' | 'desired'>

const planAs = (view: View, run: Wanted, seen: Seen): Planned => {
  const { doc, policy, world, now } = view
  if (world === null) throw new Error(`${doc.lane} is planned without a look at the world`)
  const approved = doc.approved === null || isOfOtherRung(view, doc.approved) ? null : doc.approved
  const base = baselineView(world.generations, doc.baseline)
  const input = {
    identity: identityOf(view),
    desired: run.desired as never,
    run: runKeyOf(doc, run),
    baseline: returnsTo(world, doc.baseline, doc.judged),
    policy,
    world: withHalfway(world, doc),
    now,
    rungs: view.rungs,
    asks: asksAlways(view),
    within: approved === null ? undefined : boundsLeft(approved),
    agreed: approved?.question.digest,
    brought: broughtBeside(doc, base),
    unjudged: unjudgedIn(doc, base),
    kept: seen.kept,
    learned: learnedFor(view, run, seen),
  }
  return planChosen(view, input)
}

/** What the plan of the run under way was made with: of what has ended meanwhile nothing is learned for it. */
const learnedFor = (view: View, run: Wanted, seen: Seen): Learned | undefined =>
  keepsLearned(view) && sameRun(run, view.doc.run as Run) ? view.plan?.plan.learned : seen.learned

/** Whether the run under way is planned, with what was learned then. */
export const keepsLearned = ({ doc: { run }, plan }: Pick<View, 'doc' | 'plan'>): boolean =>
  run !== null && plan !== null && plan.plan.digest === run.digest && sameRun(plan.plan, run)

/** What runs have brought up that were stopped in the middle of their way; undefined: none was. */
const broughtBeside = ({ brought }: Pick<LaneDocument, 'brought'>, base: GenerationView | undefined) =>
  brought?.filter((one) => one !== base?.generation)

/** What of that has passed no gate. */
export const unjudgedIn = (
  doc: Pick<LaneDocument, 'brought' | 'judged'>,
  base: GenerationView | undefined,
): number[] | undefined =>
  broughtBeside(doc, base)?.filter(
    (one) => doc.judged?.some(({ generation, stands = generation }) => stands === one) !== true,
  )

/** What was agreed to with a floor binds nothing that has not begun once that is over, and the other way round: people are asked anew in any case. */
const isOfOtherRung = ({ policy }: Pick<View, 'policy'>, { begun, question }: Approved): boolean =>
  !begun && isOutdatedByRung({ policy }, { question })

/** What is left for what stands halfway is held beside whatever is planned. */
const withHalfway = (world: World, { halfwayCosts }: Pick<LaneDocument, 'halfwayCosts'>): World => {
  if (halfwayCosts === undefined) return world
  const { spent, held } = world.dollars
  return { ...world, dollars: { spent, held: held + halfwayCosts.left } }
}

/** What is newly wanted of a lane, with the revisions that it is made with today (law 15). */
export const pinned = ({ doc, kind, policy }: Pick<View, 'doc' | 'kind' | 'policy'>, desired: Desired): Desired =>
  kind.pinned(desired as never, policy, laneName(doc.lane))

/** Digest over what a refusal was made from: while it is the same, only a release can have changed the answer (law 15). */
export const againstOf = ({ policy, world }: Pick<View, 'policy' | 'world'>): string =>
  digestOf({
    policy: policy.version,
    pools: mapPools(world?.pools ?? {}),
    dollars: world?.dollars ?? null,
    generations: (world?.generations ?? []).map(({ generation, replicas, digest, ownedBy, scaledBy, edited }) => ({
      generation,
      replicas,
      digest,
      ownedBy,
      scaledBy,
      ...(edited === undefined ? {} : { edited }),
    })),
    ...(world?.strays === undefined ? {} : { strays: world.strays.map(({ ref }) => ref.name) }),
  }).slice(0, 16)

/**
 * Without which nodes there are, and what is held for a while: the one is no reason to refuse a lane of one size, the other is part of what
 * others hold, and earlier releases looked at neither.
 */
const mapPools = (pools: World['pools']) =>
  Object.fromEntries(
    Object.entries(pools).map(
      ([
        name,
        {
          besides: _,
          alone: __,
          passing: ___,
          behind: ____,
          leases: _____,
          unset: ______,
          rises: _______,
          capped: ________,
          nodes: _________,
          ...pool
        },
      ]) => [name, pool],
    ),
  )

/** A run of what the lane wants now, or the one under way planned anew. */
export const settlePlan = (view: View, seen: Seen): Change => {
  const { doc, now } = view
  const run: Run = doc.run ?? newRun(doc, now)
  const planned = planOnPaper(view, run, seen)
  if (planned.kind === 'nothing') {
    // The world was looked at just now: what stands of it is what was seen.
    const ended = close(view, run, { kind: 'succeeded', reason: null, detail: planned.reason })
    return withSeenStanding({ ...view, doc: { ...doc, run: null } }, ended)
  }
  if (planned.kind === 'refuse')
    return close(view, run, { kind: 'refused', reason: planned.reason, detail: planned.detail }, againstOf(view))
  const { plan } = planned
  if (plan.generation === run.generation) {
    const next = withoutEdited(view, withoutQuestion(run), plan)
    return withChoice(planned.lost, run, unasked(view, run, withPlan(view, next, plan, seen)))
  }
  if (doc.run !== null) return close(view, run, { kind: 'superseded', reason: null, detail: ANEW })
  const next = { ...doc, generation: plan.generation, attempt: plan.attempt, attemptsLeft: view.policy.retries }
  return withPlan({ ...view, doc: next }, newRun(next, now), plan, seen)
}

const ANEW = 'what its pods are wanted to be has changed since: that is a generation of its own'

/** The run with this plan, not begun. */
export const withPlan = (view: View, run: Run, plan: Plan, seen: Seen): Change => {
  // A line is left with the plan that waited in it.
  const { line: _, ...left } = run
  const next: Run = { ...left, phase: 'planned', digest: plan.digest, steps: marksOf(plan, seen) }
  return changed(
    { ...view.doc, run: next, held: null },
    {
      plan: { plan, back: [] },
      moments: [
        moment('plan', plan.title, {
          run,
          data: {
            digest: plan.digest,
            strategy: plan.strategy?.name ?? null,
            policy: plan.policy,
            dollars: plan.bounds.dollars,
          },
        }),
      ],
    },
  )
}

/**
 * Marks of a plan's steps; those that an earlier attempt finished are done (law 7), unless what they were made from is made
 * anew.
 */
export const marksOf = (plan: Plan, { kept }: Seen): Mark[] => {
  const [keys, done] = [stepKeys(plan), keptSteps(plan, kept)]
  const carried = new Set<string>()
  return plan.steps.map((step) => {
    const key = keys[step.name] ?? ''
    const stays = isKept(step) && step.reads.every((name) => carried.has(name))
    const row = stays ? done[step.name] : undefined
    if (row !== undefined) carried.add(step.name)
    const mark = pending(step, key, 'forth')
    return row === undefined
      ? mark
      : {
          ...mark,
          state: 'done',
          touched: true,
          made: row.made,
          result: row.row,
          note: `kept from ${row.generation === plan.generation ? '' : `generation ${row.generation}, `}attempt ${row.attempt}`,
        }
  })
}

/** A step that has not begun. */
export const pending = (
  { name, kind, title }: Pick<Mark, 'name' | 'kind' | 'title'>,
  key: string,
  way: Mark['way'],
): Mark => ({
  name,
  kind,
  title: said(title, SHORT),
  key,
  way,
  state: 'pending',
  by: null,
  markedAt: null,
  fence: 0,
  touched: false,
  made: null,
  result: null,
  startedAt: null,
  ran: 0,
  ranTo: null,
  ranFrom: null,
  endedAt: null,
  note: '',
})
