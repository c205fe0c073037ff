import { type CardChoice, choicesOf } from '../../core/cards.ts'
import { openQuestion, whoIsAwaited } from '../../core/lane/awaited.ts'
import { turnOf } from '../../core/lane/before.ts'
import { mayRetry, shownFor } from '../../core/lane/commands.ts'
import { type LaneDocument, sameRun } from '../../core/lane/document.ts'
import { stateOf } from '../../core/lane/lane-state.ts'
import type { Question } from '../../core/lane/question.ts'
import { soFarText } from '../../core/lane/so-far.ts'
import { kindOf, laneKinds } from '../../core/lane-kinds/catalogue.ts'
import type { Plan } from '../../core/plan.ts'
import type { Policy } from '../../core/policy.ts'
import { amountText } from '../../core/pools/counts.ts'
import type { Outcome } from '../../core/reasons.ts'
import type { KnownRun } from '../../flows/runs.ts'
import type { Command } from '../house-type.ts'
import { behindText, type Sides, standingText, type Untold, untoldText, utc, wantedTitle } from '../waiting.ts'

/** One signal along a lane's track: told by shape and words, not by colour alone. */
export interface Signal {
  title: string
  state: 'done' | 'running' | 'waiting' | 'pending' | 'failed' | 'skipped'
  note: string
}

/** A lane as a track. */
export interface Track {
  lane: string
  /** What the run under way is about; what is wanted where there is none. */
  wants: string
  /** One glance: what moves, what waits, and for whom. */
  headline: string
  /** What the run under way has cost so far, and may at most; null: it has begun nothing that costs. */
  cost: string | null
  /** What waits behind the run under way, if anything does. */
  behind: string | null
  state: string
  frozen: string | null
  /** What could not be told of it, in the far side's words. */
  untold: string[]
  plan: Plan | null
  signals: Signal[]
  /** Ways among which people choose now, each with its button; left out: there is nothing to choose. */
  choices?: CardChoice[]
  /** What a person may say to it now. */
  buttons: Button[]
}

/** A button of a lane: what it is called, what it would reach, and what is sent, without who presses. */
export interface Button {
  words: string
  about: string
  command: Sent
}

/** A command as the page has it: it names what is shown, so that a lane that moves on is not reached. A freeze has its length (ms). */
type Sent = Partial<OfLane> & Pick<OfLane, 'kind' | 'lane'> & { lasts?: number }
type OfLane = Extract<Command, { lane: string }>

/** What the page knows of one lane. */
export interface LaneFacts {
  doc: LaneDocument
  /** The run under way, else the last. */
  run: KnownRun | null
  frozenUntil: number | null
  /** By a freeze of its own, not of every lane. */
  isFrozenItself: boolean
  untold: Untold[]
}

/** The words for each state of a signal, for those who do not see its shape. */
export const STATE_WORDS: Record<Signal['state'], string> = {
  done: 'done',
  running: 'moving',
  waiting: 'waiting',
  pending: 'not yet',
  failed: 'failed',
  skipped: 'left out',
}

export const trackOf = (facts: LaneFacts, { policy, sides }: { policy: Policy; sides: Sides }): Track => {
  const { doc, run, frozenUntil, untold } = facts
  const headline = whoIsAwaited(doc, policy) ?? standingText(doc, sides)
  return {
    lane: doc.lane,
    wants: wantedTitle(doc.lane, (doc.run ?? turnOf(doc) ?? doc).desired),
    headline,
    cost: costOn(run),
    behind: behindText(doc),
    state: stateOnPage(doc),
    frozen: frozenUntil === null ? null : `frozen until ${utc(frozenUntil)}`,
    untold: untold.map(untoldText),
    plan: run?.plan ?? null,
    signals: signalsOf(facts, headline),
    ...choicesOn(doc, run),
    buttons: buttonsOf(facts, policy),
  }
}

const choicesOn = (doc: LaneDocument, run: KnownRun | null): Pick<Track, 'choices'> => {
  const question = openQuestion(doc)
  return question === null || run?.plan == null ? {} : choicesOf(run.plan, question)
}

const costOn = (run: KnownRun | null): string | null =>
  run === null || run.atMost === null ? null : `${soFarText({ cost: run.cost, atMost: run.atMost })} so far`

/** How long the page freezes a lane; the command line knows other times. Milliseconds. */
const FREEZE = 4 * 3_600_000

const buttonsOf = ({ doc, isFrozenItself }: LaneFacts, policy: Policy): Button[] => {
  const { lane, run } = doc
  const kind = kindOf(laneKinds, lane)
  const over = run !== null && (run.cancelled !== null || run.ending !== null)
  return [
    ...(over ? [] : orderButton(doc, 'Cancel', { kind: 'cancel', wanted: false })),
    ...(run === null ? [] : orderButton(doc, 'Cancel what waits', { kind: 'cancel', wanted: true })),
    ...(kind !== undefined && mayRetry({ doc, kind, policy }) ? orderButton(doc, 'Retry', { kind: 'retry' }) : []),
    isFrozenItself
      ? { words: 'Thaw', about: lane, command: { kind: 'thaw', lane } }
      : { words: 'Freeze 4 h', about: lane, command: { kind: 'freeze', lane, lasts: FREEZE } },
  ]
}

/** A button for what the lane shows; none where there is nothing to reach. */
const orderButton = (
  doc: LaneDocument,
  words: string,
  order: { kind: 'cancel' | 'retry'; wanted?: boolean },
): Button[] => {
  const { lane } = doc
  const saw = shownFor(doc, { kind: order.kind, wanted: order.wanted === true })
  if (saw === 'idle') return []
  const { desired } = [doc.run, turnOf(doc)].find((one) => one !== null && sameRun(one, saw)) ?? doc
  const about = `${lane}: ${wantedTitle(lane, desired)}, generation ${saw.generation}, attempt ${saw.attempt}`
  return [{ words, about, command: { ...order, lane, saw } }]
}

/** Reasons of a lane that wants nothing yet because its source is not ready. */
const SOURCE: ReadonlySet<string> = new Set(['objects-missing', 'source-unreadable', 'registry-pending'])

/** The document's one word; a lane that moves is `wanted` whatever waits behind it, one whose source is not ready `waiting`. */
const stateOnPage = (doc: LaneDocument): string => {
  if ((doc.run ?? turnOf(doc)) !== null) return 'wanted'
  return doc.rest !== null && SOURCE.has(doc.rest.why) ? 'waiting' : stateOf(doc)
}

const signal = (title: string, state: Signal['state'], note = ''): Signal => ({ title, state, note })

const signalsOf = ({ doc, run }: LaneFacts, headline: string): Signal[] => {
  const desired = (doc.run ?? turnOf(doc) ?? doc).desired
  if (desired === null) return []
  const outcome = doc.run === null ? doc.outcome : null
  const question = run?.run.question ?? null
  const plan = run?.plan ?? null
  const planned = plan !== null ? 'done' : outcome === null ? 'waiting' : 'skipped'
  return [
    signal('decided', 'done', wantedTitle(doc.lane, desired)),
    signal('planned', planned, plan?.strategy?.name ?? ''),
    ...(question === null ? [] : [askedSignal(question, headline)]),
    signal('held', heldState(run, outcome), heldNote(run)),
    ...stepSignals(run),
    outcomeSignal(outcome),
  ]
}

const askedSignal = ({ state }: Question, headline: string): Signal => {
  if (state === 'open') return signal('asked', 'waiting', headline)
  return signal('asked', state === 'approved' ? 'done' : 'failed', state)
}

const heldState = (run: KnownRun | null, outcome: Outcome | null): Signal['state'] => {
  const phase = run?.run.phase
  if (phase === 'steps' || phase === 'back' || outcome?.kind === 'succeeded') return 'done'
  if (outcome !== null) return 'skipped'
  return phase === 'waiting-for-room' ? 'waiting' : 'pending'
}

const heldNote = (run: KnownRun | null): string =>
  Object.entries(run?.run.hold?.gpus ?? {})
    .map(([pool, gpus]) => `${amountText(gpus, run?.plan?.bounds.nodes?.[pool])} of ${pool}`)
    .join(', ')

/** Steps as they go. In a run that is over nothing moves and nothing is ahead. */
const stepSignals = (run: KnownRun | null): Signal[] =>
  (run?.run.steps ?? []).map(({ title, state, note }) => {
    if (run?.outcome === null || (state !== 'pending' && state !== 'running')) return signal(title, state, note)
    return signal(title, 'skipped', state === 'running' ? 'stopped' : '')
  })

const outcomeSignal = (outcome: Outcome | null): Signal => {
  if (outcome === null) return signal('outcome', 'pending')
  return signal(outcome.kind, outcome.kind === 'succeeded' ? 'done' : 'failed', outcome.detail)
}
