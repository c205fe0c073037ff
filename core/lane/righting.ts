import { ruleFor } from '../lane-kinds/catalogue.ts'
import type { Plan, Planned, StepKind } from '../plan.ts'
import { answersOf, baselineView } from '../planning/generations.ts'
import { isAnswered, isLedTo } from '../planning/traffic.ts'
import { said } from '../text.ts'
import type { World } from '../world.ts'
import { type Act, frozen } from './act.ts'
import { type Change, changed, SHORT } from './change.ts'
import { hasBegun, type LaneDocument, type Mark, type Run } from './document.ts'
import { told } from './lacking.ts'
import { marksOf, planOnPaper, unjudgedIn } from './planning.ts'
import { isRetiring } from './retiring.ts'
import type { View } from './view.ts'

/**
 * What serves is set right also while a run waits that has begun nothing: for people, for room, or for a time. That may be for hours, and what
 * costs nothing and asks nobody does not wait for it, nor does it touch the run: its question stays open.
 */

/** What setting right came to: `right`: there is nothing to be done, or not yet. */
export type Righted = { kind: 'right' } | { kind: 'done' | 'failed'; text: string; note: string }

/** What there is to do about what serves beside a run that has begun nothing. Null: there is no such run, or nobody has looked. */
export const paperBeside = (view: View): Planned | null => {
  const { doc, kind, policy, world } = view
  const { run, desired } = doc
  if (kind.keeping === undefined || world === null || run === null || desired === null) return null
  // What stands halfway is led by the way that it is on, but where it leads nobody to anything that answers, or somebody leads to what nobody has judged.
  if (doc.halfway === true && isAnswered(world) && !isLedToUnjudged(doc, world)) return null
  if (hasBegun(run) || run.ending !== null || run.cancelled !== null || isRetiring(view, desired)) return null
  if (ruleFor(kind, doc.lane, policy)?.mode !== 'act') return null
  const { generation, attempt } = run
  const wanted = { generation, attempt, desired: kind.keeping(desired as never) as Run['desired'] }
  return planOnPaper({ ...view, doc: { ...doc, approved: null } }, wanted, { kept: {} })
}

/** Whether requests are led to nothing but what passed no gate beside what was judged last, which answers: no way leads them so. */
const isLedToUnjudged = (doc: LaneDocument, { traffic = null, generations }: World): boolean => {
  const base = baselineView(generations, doc.baseline)
  const unjudged = new Set(unjudgedIn(doc, base))
  const others = generations.filter((view) => view !== base && isLedTo(traffic, view.generation) && answersOf(view) > 0)
  return (
    traffic !== null &&
    base !== undefined &&
    answersOf(base) > 0 &&
    others.length > 0 &&
    others.every(({ generation }) => unjudged.has(generation))
  )
}

/** What of that costs nothing, asks nobody, and was not tried in vain; and what somebody has done. Null: nothing. */
export const rightBeside = (view: View): { plan: Plan; text: string } | null => {
  const paper = paperBeside(view)
  if (paper === null || !isFree(view, paper)) return null
  const { plan, hand } = paper
  const text = said(hand?.text ?? plan.title, SHORT)
  if (text === view.doc.keepsTold || frozen({ ...view, plan: { plan, back: [] } }) !== null) return null
  return { plan, text }
}

type OfPlan = Extract<Planned, { kind: 'plan' }>

/** What a way of it may be of: whom requests are led to, and what stands beside. */
const BESIDE: ReadonlySet<StepKind> = new Set<StepKind>(['roll-out-model', 'switch-traffic', 'notify'])

/** Whether nothing of it is priced, asked about, made anew, judged, agreed to, or waited for: every replica stands, and stays. */
export const isFree = ({ world }: Pick<View, 'world'>, paper: Planned): paper is OfPlan => {
  if (paper.kind !== 'plan' || paper.agrees !== undefined) return false
  const { approval, bounds, steps, strategy } = paper.plan
  const stands = new Map(world?.generations.map(({ generation, replicas }) => [generation, replicas]))
  const stays = steps.every(
    (step) =>
      BESIDE.has(step.kind) &&
      (step.kind !== 'roll-out-model' ||
        step.replicas.every(({ generation, replicas }) => stands.get(generation) === replicas)),
  )
  return stays && strategy === null && !approval.required && bounds.dollars === 0
}

/** Acts before which it comes: the run waits, or people are to be asked about how it stands. */
const waits = ({ doc }: View, act: Act): boolean =>
  act.kind === 'rest' || act.kind === 'ask' || (act.kind === 'hold' && doc.run?.phase === 'waiting-for-room')

/** The act, or what comes before it. */
export const righting = (view: View, act: Act): Act =>
  view.righted === true || !waits(view, act) || rightBeside(view) === null ? act : { kind: 'set-right' }

/** The view in which the steps of that are begun: with marks of its own, fenced below whatever is marked from now on. */
export const viewOfRight = (view: View, plan: Plan): View => {
  const { doc, me, now, fenceFrom, revision } = view
  const begun = { state: 'running', by: me, markedAt: now, startedAt: now, fence: fenceFrom + revision } as const
  const steps = marksOf(plan, { kept: {} }).map((mark): Mark => ({ ...mark, ...begun }))
  const run: Run = { ...(doc.run as Run), phase: 'steps', digest: plan.digest, steps }
  return { ...view, doc: { ...doc, run }, plan: { plan, back: [] } }
}

/** It is told; and what people are to be asked about is planned anew, from how it stands now. What has failed is not tried again before it was right. */
export const settleRighted = (view: View, came: Righted): Change => {
  const { doc, now } = view
  if (came.kind === 'right') return changed(doc)
  const { keepsTold: _, ...rest } = doc
  const isDone = came.kind === 'done'
  const after: LaneDocument = isDone ? { ...rest, run: anew(doc) } : { ...doc, keepsTold: came.text }
  const text = isDone ? `set right: ${came.text}` : `${came.text}; it could not be set right: ${came.note}`
  return told(changed(after, { counts: ['righted'] }), { text, key: `right-${now}`, tone: 'bad' })
}

const anew = ({ run, approved }: LaneDocument): Run | null =>
  run?.phase === 'planned' && run.hold === null && approved === null ? { ...run, digest: '', steps: [] } : run
