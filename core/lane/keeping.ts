import { ruleFor } from '../lane-kinds/catalogue.ts'
import { laneName } from '../lane-kinds/kind.ts'
import type { Planned } from '../plan.ts'
import { baselineView, editedText, isEditedByHand } from '../planning/generations.ts'
import { agreedTo } from '../strategy.ts'
import { said } from '../text.ts'
import { agreedBefore } from './agreed-before.ts'
import { firstAttempt, mayRepeat } from './attempts.ts'
import { asAside, generationOf } from './before.ts'
import { type Change, moment, SHORT } from './change.ts'
import { isAnotherCount } from './decided.ts'
import { type LaneDocument, type Run, wantedRun } from './document.ts'
import type { Ended } from './ended.ts'
import { withSeenStanding } from './falling.ts'
import { told } from './lacking.ts'
import { againstOf, planOnPaper } from './planning.ts'
import { isRetiring } from './retiring.ts'
import { isFree, paperBeside } from './righting.ts'
import { isFewerThan, sinceSetRight } from './stood.ts'
import type { View } from './view.ts'
import { isKeeping } from './wanted.ts'

/** Whether its own planning says nothing of what serves: it has ended otherwise, what somebody has done is only told, or no version is wanted. */
const isParked = ({ doc, kind }: Pick<View, 'doc' | 'kind'>): boolean => {
  const { outcome, held, desired } = doc
  if (outcome === null || desired === null || mayRepeat({ doc })) return false
  return outcome.kind !== 'succeeded' || held?.reason === 'edited-by-hand' || kind.isNothing(desired as never)
}

const mayKeep = (view: View): boolean => {
  const { doc, kind, policy } = view
  if (kind.keeping === undefined || view.world === null || doc.desired === null) return false
  if (doc.run !== null || doc.halfway === true || !isParked(view) || isRetiring(view, doc.desired)) return false
  return ruleFor(kind, doc.lane, policy)?.mode === 'act'
}

/** A change of a lane, with what is seen of what stands where it is at rest. */
export const atRest = (view: View, change: Change): Change => withServingKept(view, withSeenStanding(view, change))

/**
 * The change, and that what serves is set right where somebody has changed it, whatever became of what is wanted: that is parked beside, and in its place
 * again once it is done. Where the policy only tells, it is told once.
 */
const withServingKept = (view: View, change: Change): Change => {
  if (view.doc.run !== null && change.doc.run !== null) return toldBeside({ ...view, doc: change.doc }, change)
  if (view.doc.run !== null || !mayKeep({ ...view, doc: change.doc })) return change
  const outcome = sinceSetRight(view, change.doc)
  return keptAtRest(view, outcome === change.doc.outcome ? change : { ...change, doc: { ...change.doc, outcome } })
}

const keptAtRest = (view: View, change: Change): Change => {
  const { keepsTold: last, ...doc } = change.doc
  const own = { ...view, doc: change.doc }
  const paper = paperOf(own)
  if (isToSetRight(paper)) return mayBegin(own, paper) ? begun(own, change, paper) : change
  const text = toldOf(own.doc, paper)
  if (text !== undefined)
    return text === last ? change : toldOnce({ ...change, doc: { ...doc, keepsTold: text } }, text, view.now)
  const is = last === undefined ? change : { ...change, doc }
  // Whoever has set it right: what is wanted is as it was.
  return isKeeping(own) && paper.kind === 'nothing' ? { ...is, doc: asAside(is.doc) } : is
}

/** Beside a run that has begun nothing: what is neither set right at once nor was told is told once, and forgotten once it is as it was. */
const toldBeside = (view: View, change: Change): Change => {
  const paper = view.doc.halfway === true ? null : paperBeside(view)
  // Of what stands halfway nobody tells by whom: the way that it is on has left it so.
  if (paper === null || isFree(view, paper)) return change
  const { keepsTold: last, ...doc } = change.doc
  const text = toldOf(doc, paper) ?? waitsText(view, paper) ?? editedBeside(view)
  if (text === undefined) return last === undefined ? change : { ...change, doc }
  return text === last ? change : toldOnce({ ...change, doc: { ...doc, keepsTold: text } }, text, view.now)
}

/** Two questions of one lane are not asked at once; what the run itself is about says its own. */
const waitsText = (view: View, paper: Planned): string | undefined => {
  const { run } = view.doc
  return run === null || isAboutThat(view, run) || paper.hand === undefined || paper.kind === 'nothing'
    ? undefined
    : said(`${paper.hand.text}: that is seen to once generation ${run.generation} has begun or ended`, SHORT)
}

/** Who has changed what of what serves, and goes on with it, where those who are asked are not told so: the way back leads there. */
const editedBeside = ({ doc, plan, world }: View): string | undefined => {
  const base = baselineView(world?.generations ?? [], doc.baseline)
  if (base === undefined || base.replicas === 0 || !isEditedByHand(base)) return undefined
  const text = editedText(base)
  const isKnown = plan?.plan.reasons.some((reason) => reason.includes(text.slice(0, KNOWN_BY))) === true
  return isKnown
    ? undefined
    : said(`${text}, which is not what was judged: it stays so until something takes its place`, SHORT)
}

/** Whether a run is about what serves: to keep it, or to have as many of it as are wanted. */
const isAboutThat = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, { desired }: Pick<Run, 'desired'>): boolean =>
  isKeeping({ doc: { ...doc, desired }, kind }) ||
  (doc.baseline !== null && kind.keyOf(doc.baseline.desired as never) === kind.keyOf(desired as never))

/** What the policy has told alone of it, where what is wanted does not say so itself. */
const toldOf = ({ held }: LaneDocument, { hand }: Planned): string | undefined => {
  if (hand?.tells !== true || held?.detail.includes(hand.text.slice(0, KNOWN_BY)) === true) return undefined
  return said(`${hand.text}: it stays so, since the policy has what is done by hand told alone`, SHORT)
}
/** Of a text that is cut so much tells it from others. Characters. */
const KNOWN_BY = 150

const keptOf = ({ doc, kind }: View): NonNullable<LaneDocument['desired']> =>
  kind.keeping?.(doc.desired as never) as NonNullable<LaneDocument['desired']>

const paperOf = (view: View): Planned => {
  const { doc } = view
  const desired = keptOf(view)
  const { generation, attempt } = firstAttempt(view, desired)
  return planOnPaper({ ...view, doc: { ...doc, approved: null } }, { generation, attempt, desired }, { kept: {} })
}

/** A way to what was judged, or why there is none: that is refused as any other, told, and begins once there is one. */
type SetRight = Extract<Planned, { kind: 'plan' | 'refuse' }>

const isToSetRight = (paper: Planned): paper is SetRight =>
  paper.kind === 'plan' ? paper.agrees === undefined : paper.kind === 'refuse' && paper.hand?.tells === false

/**
 * What was tried once is not again, but for what asks nobody after a question, and what was refused and is no more. What costs nothing was not tried where
 * replicas alone were: that there is no room for these keeps nobody from being led to what stands.
 */
const mayBegin = (view: View, paper: SetRight): boolean => {
  if (!isKeeping(view)) return !wasAnswered(view, paper)
  if (paper.kind === 'refuse') return false
  const { kind, reason, against, paid } = view.doc.outcome as Ended
  if ((kind === 'refused' || paid === true) && isFree(view, paper)) return true
  if (kind === 'refused') return against !== null && against !== againstOf(view)
  // What somebody has taken away meanwhile is to be made anew, which nobody was asked about yet.
  if (reason === 'deleted') return true
  if (kind === 'failed') return false
  return !paper.plan.approval.required || isFewerThan(view, view.doc.outcome as Ended) || isAnotherNumber(view, paper)
}

/** Whether the policy has another number of what serves by now, and more of it than people have said no to, or fewer, are planned for that. */
const isAnotherNumber = ({ doc, kind, policy }: View, { plan }: Extract<Planned, { kind: 'plan' }>): boolean => {
  const { baseline, outcome, lane } = doc
  const wants = kind.countOf?.(policy, laneName(lane))
  if (baseline === null || wants == null || !isAnotherCount(baseline, wants)) return false
  return plan.strategy?.name === 'scale' && agreedTo(plan.strategy) !== outcome?.replicas
}

/** Whether people have said no to as many replicas of what stands, or nothing: under another name they are not asked about them again, while no fewer stand. */
const wasAnswered = (view: View, paper: SetRight): boolean => {
  const { outcome, baseline } = view.doc
  if (paper.kind !== 'plan' || !paper.plan.approval.required || outcome?.replicas === undefined) return false
  // What had no room was answered by nobody so.
  if (outcome.kind === 'refused') return false
  // An earlier release has not said how many stood.
  return outcome.replicas === baseline?.replicas && !isFewerThan(view, { stood: 1, ...outcome })
}

const begun = (view: View, change: Change, { hand, ...paper }: SetRight): Change => {
  const { doc, kind } = view
  const desired = keptOf(view)
  const first = firstAttempt(view, desired)
  const approved = agreedBefore(view, first)
  const next = { ...first, approved }
  // A yes counts once.
  const aside = isKeeping(view) ? doc.aside : { ...generationOf(doc), ...(approved === null ? {} : { approved: null }) }
  const { keepsTold: _, ...rest } = next
  const why = paper.kind === 'plan' ? paper.plan.title : paper.detail
  const text = `intend: ${kind.titleOf(desired as never)} (${hand?.text ?? why})`
  return {
    ...change,
    doc: { ...rest, onNewer: 'stop', ...(aside === undefined ? {} : { aside }) },
    moments: [...change.moments, moment('decision', text, { run: wantedRun(next) })],
    counts: [...change.counts, 'kept'],
  }
}

const toldOnce = (change: Change, text: string, now: number): Change =>
  told(change, { text, key: `kept-${now}`, tone: 'bad' })
