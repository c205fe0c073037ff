import { milliseconds } from '../duration.ts'
import type { Plan, Planned } from '../plan.ts'
import { amountText } from '../pools/counts.ts'
import { ledAtFirst } from '../steps/led-astray.ts'
import { covers } from './approval.ts'
import { type Change, changed, moment, pauseAfter, resting } from './change.ts'
import { close } from './closing.ts'
import type { LaneDocument, Rest, Run } from './document.ts'
import type { Hold } from './hold.ts'
import { besideLine, inLineFor, isGranted, whyWaits } from './line.ts'
import { asMadeNow } from './made-anew.ts'
import { UNSEEN } from './patience.ts'
import { againstOf, marksOf, planOnPaper, type Seen, settlePlan, withPlan } from './planning.ts'
import type { Approved } from './question.ts'
import { holdOf } from './room.ts'
import { isOnRung } from './rungs.ts'
import { withoutEdited } from './unasked.ts'
import type { View } from './view.ts'

/**
 * Plans again from what was seen now, checks it against what was approved, and sets GPUs and dollars aside (law 10); or waits
 * in the line while it does not fit, until the plan expires.
 */
export const settleHold = (view: View, seen: Seen): Change => {
  const run = view.doc.run as Run
  const before = (view.plan as NonNullable<View['plan']>).plan
  const planned: Planned = view.fresh ? { kind: 'plan', plan: before } : planOnPaper(view, run, seen)
  if (planned.kind !== 'plan' || planned.plan.generation !== run.generation) return settlePlan(asMadeNow(view), seen)
  const waited = run.phase === 'waiting-for-room'
  // What nobody had to approve and a freeze has kept back is planned anew; only who waits for room does so until a time.
  const approved = approvalOf(view, planned.plan)
  const until = approved?.question.bounds.until ?? (waited ? before : planned.plan).bounds.until
  const plan: Plan = { ...planned.plan, bounds: { ...planned.plan.bounds, until } }
  const covered = covers(view, plan)
  // The time that was given is the old question's: whoever is asked anew has as long as any.
  if (covered === 'no' || planned.lost !== undefined) return changedSince(view, run, planned, seen)
  // What a rung has kept back for longer than its answer counts is asked about again.
  if (isLate(view, plan) && isOnRung(view.doc.rest)) return changedSince(view, run, planned, seen)
  if (isLate(view, plan)) return late(view, run, waited)
  if (covered === 'unknown') return unknownWho(view)
  const full = whyWaits(view, run, plan)
  if (full !== null) return waitForRoom(view, run, { plan, full, until: mayBegin(view, plan) ? null : until, seen })
  return held(view, run, plan, seen)
}

/** Nobody knows whether who approved still may. */
const unknownWho = (view: View): Change => {
  const text =
    'the chat does not say who is in the approvers’ user group, so nobody knows whether who approved still may'
  const { doc, rest } = restUnread(view, { why: 'unavailable', text, side: 'chat' }, () => milliseconds('15m'))
  return changed(doc, { rest })
}

/** `until` governs beginning alone (law 9). */
export const isLate = (view: View, plan: Plan): boolean => !mayBegin(view, plan) && view.now > plan.bounds.until

/** Whether it may begin whenever there is room: what has begun, and what is to stand and needs nobody's word. */
const mayBegin = (view: View, plan: Plan): boolean =>
  approvalOf(view, plan)?.begun === true || (view.kind.lasts === 'standing' && !plan.approval.required)

/**
 * What waited for room and is wanted once is over then. What is to stand is still what its source says, and so is what is wanted for an occasion that goes on: for
 * want of room it is refused, begins once there is other room, and has the rank in line that it had. What a freeze, or who could not look, has held up was denied by nobody: it is planned anew, and asked about
 * again where it needs an answer.
 */
export const late = (view: View, run: Run, waited: boolean): Change => {
  if (!waited || isUnseen(view)) return heldUp(view, run)
  if (view.kind.lasts === 'standing' || view.kind.goesOn?.(run.desired as never) === true)
    return close(view, run, { kind: 'refused', reason: 'no-room', detail: NO_ROOM }, againstOf(view))
  return close(view, run, { kind: 'expired', reason: 'no-room', detail: NO_ROOM })
}

const NO_ROOM = 'there was no room for it before it expired'

/** Whether nobody could look at it: then nobody knows whether there was room. */
const isUnseen = ({ doc: { rest } }: View): boolean => rest !== null && UNSEEN.has(rest.why)

/** The run without a plan, nor the answer that counts no more; a question that was held up uses none up. It has the rank in line that it had. */
const heldUp = (view: View, run: Run): Change => {
  const { doc } = view
  const left = {
    ...outOfLine(run),
    phase: 'planned',
    hold: null,
    digest: '',
    asked: Math.max(0, run.asked - 1),
  } as const
  const by = isUnseen(view) ? ` (${doc.rest?.text})` : ''
  const text = `it was held up${by} for longer than ${doc.approved === null ? 'its plan holds' : 'its answer counts'}: it is planned anew`
  return changed(
    { ...doc, ...rankOf(doc), approved: null, run: left },
    { moments: [moment('decision', text, { run })] },
  )
}

/** The approval that covers it: what is left of one binds nothing that needs none. */
const approvalOf = ({ doc: { approved } }: View, { approval }: Plan): Approved | null =>
  approval.required ? approved : null

/** The approval does not cover what it would do now: it is asked about again. */
const changedSince = (view: View, run: Run, { plan, lost }: Extract<Planned, { kind: 'plan' }>, seen: Seen): Change => {
  const change = withPlan(view, withoutEdited(view, run, plan), plan, seen)
  const detail =
    view.doc.approved === null
      ? 'it now needs an approval'
      : (lost ?? 'what was approved no longer covers it: its effects, its bounds or its approvers have changed')
  return {
    ...change,
    doc: { ...change.doc, approved: null, ...rankOf(view.doc) },
    moments: [...change.moments, moment('decision', detail, { run })],
  }
}

/** Who stands in a line is woken when it is granted, and as its head; a wake that was lost is found by looking. Milliseconds. */
const LOOKS_IN_LINE = 4 * 3_600_000

const waitForRoom = (
  view: View,
  run: Run,
  { plan, full, until, seen }: { plan: Plan; full: string; until: number | null; seen: Seen },
): Change => {
  const before = (view.plan as NonNullable<View['plan']>).plan
  // It waits for what it needs under the policy in force.
  const anew = before.policy === plan.policy ? null : { digest: plan.digest, steps: marksOf(plan, seen) }
  const line = inLineFor(view, run, { plan, until })
  const known = run.phase === 'waiting-for-room'
  const rest = resting(view, { why: 'no-room', text: `waits for room: ${full}` })
  // Who lacks dollars alone stands in no line: it looks for itself.
  const look = line.rooms.length === 0 ? view.now + pauseAfter(rest.tries) : nextLook(line.since, view.now)
  // What it kept while its source was away is too little by now.
  const doc: LaneDocument = { ...view.doc, run: { ...run, ...anew, hold: null, phase: 'waiting-for-room', line } }
  return changed(doc, {
    ...(anew === null ? {} : { plan: { plan, back: [] } }),
    moments: known ? [] : [moment('hold', `waits for room: ${full}`, { run })],
    rest: { ...rest, until: until === null ? look : Math.min(until + 1000, look) },
  })
}

/** The same for every look until then: a rest that has not changed is not written again. */
const nextLook = (since: number, now: number): number =>
  since + (Math.floor((now - since) / LOOKS_IN_LINE) + 1) * LOOKS_IN_LINE

/**
 * Time kept back is no time waited: it stands in no line, and afterwards it waits for as long as any. What it was granted
 * and has not begun with goes back.
 */
export const settleLeaveLine = ({ doc: { inLineFrom, ...doc } }: Pick<View, 'doc'>): Change => {
  const run = doc.run as Run
  // What was kept while its source was away keeps its rank.
  const rank = run.phase === 'planned' && run.hold !== null && inLineFrom !== undefined ? { inLineFrom } : {}
  return changed({ ...doc, ...rank, run: { ...outOfLine(run), phase: 'planned', hold: null } })
}

/** What was granted is kept for so long while its source does not answer, since that is nobody's fault. Milliseconds. */
const KEEPS = 5 * 60_000

/**
 * The lane while nobody can say whether it may begin, and how it rests, looking again after so long. What it was granted it keeps for a few
 * looks of its own, whoever else asks that side, and is planned again before it begins with that (law 9); where it takes longer that goes
 * back, and it waits for it again in its rank (law 6).
 */
export const restUnread = (
  view: View,
  given: Parameters<typeof resting>[1],
  pause: (tries: number) => number,
): { doc: LaneDocument; rest: Rest } => {
  const { doc, now } = view
  const run = doc.run as Run
  const own = resting(view, { ...given, side: null })
  const ends = own.since + KEEPS
  if ((run.hold !== null || isGranted(view, run.line)) && now < ends) {
    const next: Run = run.hold === null ? run : { ...run, phase: 'planned' }
    return { doc: { ...doc, run: next }, rest: { ...own, until: Math.min(now + pause(own.tries), ends) } }
  }
  const rest = resting(view, given)
  // Who was granted nothing goes on waiting where it stands.
  const waits = run.line !== undefined && !isGranted(view, run.line)
  return {
    doc: waits ? doc : { ...settleLeaveLine(view).doc, ...rankOf(doc) },
    rest: { ...rest, until: now + pause(rest.tries) },
  }
}

/** The rank that it has in lines, if it stood in one: also in what is planned of it next. */
const rankOf = ({ run, inLineFrom }: LaneDocument): Pick<LaneDocument, 'inLineFrom'> => {
  const since = run?.line?.since ?? inLineFrom
  return since === undefined ? {} : { inLineFrom: since }
}

/** The run, in no line. */
export const outOfLine = ({ line: _, ...run }: Run): Run => run

const held = (view: View, run: Run, plan: Plan, seen: Seen): Change => {
  const { hold, guard } = holdOf(view, plan)
  // A plan that was made a moment ago, in this invocation, has its marks.
  const steps = view.fresh ? run.steps : marksOf(plan, seen)
  const { led: _, ...own } = outOfLine(run)
  const first = ledAtFirst(view.world, view.doc.baseline)
  const next: Run = { ...own, ...first, phase: 'steps', digest: plan.digest, hold, steps }
  const { pools } = view.policy
  const gpus = Object.entries(hold.gpus).map(([pool, count]) => `${amountText(count, pools[pool])} of ${pool}`)
  return changed(
    { ...view.doc, ...rankOf(view.doc), run: next, approved: approvalOf(view, plan) },
    {
      plan: { plan, back: [] },
      guard,
      beside: besideLine(view, run, plan),
      moments: [moment('hold', `holds ${gpus.join(', ') || 'no GPUs'} and ${dollarsText(hold)}`, { run })],
    },
  )
}

const dollarsText = ({ dollars, atMost }: Hold): string =>
  `$${dollars.toFixed(2)}${atMost === undefined ? '' : ': the budget has no room for all that is left of what was approved'}`
