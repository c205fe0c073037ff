import { costOf } from '../money/cost.ts'
import { type Identity, runName } from '../names.ts'
import type { Outcome } from '../reasons.ts'
import type { Telling } from '../telling.ts'
import { said } from '../text.ts'
import { type Change, changed, DETAIL, moment } from './change.ts'
import { type Ended, type LaneDocument, type Run, runKeyOf, sameRun } from './document.ts'
import { standsAfter } from './falling.ts'
import type { View } from './view.ts'

/**
 * The end of a run, in one place: its outcome, its hold's return, its question's end, what is told of it, and what the lane
 * is after it. `against`: of a refusal, what refused it.
 */
export const close = (view: View, run: Run, outcome: Outcome, against: string | null = null): Change => {
  const { doc, plan, now } = view
  const told: Outcome = { ...outcome, detail: said(outcome.detail, DETAIL) }
  const cost = plan === null ? 0 : Math.round(costOf({ run, plan: plan.plan, now }) * 100) / 100
  const id = runName(identityOf(view), run)
  const { line: _, ...left } = run
  const ended = withClosedQuestion({ ...left, hold: null })
  const stages = run.steps.filter(({ way }) => way === 'forth').map(({ name }) => name)
  const at: Ended = { ...told, generation: run.generation, attempt: run.attempt, at: now, against, stages }
  const past = { id, lane: doc.lane, run: ended, plan: plan?.plan ?? null, outcome: told, endedAt: now, cost }
  return changed(afterwards(view, run, { at, cost }), {
    plan: null,
    past: [past],
    spent: cost,
    moments: [
      moment('outcome', `${told.kind}: ${told.detail}`, { run, data: { reason: told.reason, cost } }),
      ...(run.question?.state === 'open' ? [moment('answer', 'the question was closed', { run })] : []),
    ],
    counts: [`outcome:${told.kind}`],
    tellings: tellingsOf(run, { plan: plan !== null, id, outcome: told, cost, at: now }),
  })
}

/** Where names of this lane are made. */
export const identityOf = ({ policy, doc }: Pick<View, 'policy' | 'doc'>): Identity => ({
  installation: policy.installation,
  name: doc.name,
})

const withClosedQuestion = (run: Run): Run =>
  run.question?.state === 'open' ? { ...run, question: { ...run.question, state: 'closed' } } : run

/** The document after a run: what it came to counts only when it is what the lane wants. */
const afterwards = (view: View, run: Run, { at, cost }: { at: Ended; cost: number }): LaneDocument => {
  const { doc, kind, policy } = view
  const succeeded = at.kind === 'succeeded'
  const wins = succeeded && (doc.baseline?.generation ?? 0) <= run.generation
  const baseline = wins ? kind.baselineOf(run.desired as never, { run: runKeyOf(doc, run), policy }) : null
  const stands = standsAfter(view, run)
  const after = { ...doc, run: null, stands, baseline: baseline ?? doc.baseline, held: null }
  if (!sameRun(run, doc)) return after
  return {
    ...after,
    outcome: at,
    // A success refills what failures used up, and uses up what was approved.
    attemptsLeft: succeeded ? policy.retries : doc.attemptsLeft,
    approved: succeeded || doc.approved === null ? null : { ...doc.approved, spent: doc.approved.spent + cost },
  }
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
