import type { Act } from '../core/lane/act.ts'
import { type Change, changed, isNothing, joined } from '../core/lane/change.ts'
import { contributionsAfter } from '../core/lane/contributions.ts'
import type { LaneDocument, Rest } from '../core/lane/document.ts'
import { restsNoLonger } from '../core/lane/halfway.ts'
import { rungsAfter } from '../core/lane/laddering.ts'
import { linesAfter } from '../core/lane/line.ts'
import { hasLooked } from '../core/lane/looking-again.ts'
import { next } from '../core/lane/next.ts'
import { type Result, settle } from '../core/lane/settle.ts'
import { writtenUnder } from '../core/lane/under.ts'
import type { View } from '../core/lane/view.ts'
import type { Ahead } from './acts/ahead.ts'
import { perform, touches } from './acts/perform.ts'
import type { Performed } from './acts/performed.ts'
import { writeSides } from './far-sides.ts'
import { tellOfRungs } from './ladder.ts'
import { HEAVIEST, type Key, type Write } from './ledger-port.ts'
import { mendLost, takenUp, whyStuck } from './lost.ts'
import type { WorkPorts } from './ports.ts'
import { restUnread } from './rest-unread.ts'
import { type Told, troubleOf, withSides } from './sides.ts'
import { type Loaded, type Reconciler, readView, roomsIn } from './view.ts'
import { rowKey } from './view-rows.ts'
import { wake, wakeDue, wakeLines } from './waking.ts'
import { isNobody, weightOfChange, writesOf } from './writing.ts'

/** Who loses the compare-and-set this often in a row leaves the lane to its next wake. */
const TRIES = 30
/** Acts of one invocation: more than any life of a run has. A lane that needs more is left to its due row. */
const ACTS = 500

/** What an invocation came to. */
export type Reconciled = 'rests' | 'time-up' | 'ledger-away' | 'newer-schema' | 'unknown-kind' | 'contended'

/**
 * Brings a lane as far as it can go now: read, next act, do it, settle, commit, again, until it rests (design.md §2).
 * Level-triggered and harmless to repeat. Never throws: a far side's failure is a written rest, and where the ledger itself is
 * away it returns, since the due row stands.
 */
export const reconcile = async (given: WorkPorts, lane: string, reconciler: Reconciler): Promise<Reconciled> => {
  const told: Told = new Map()
  const ports = withSides(given, told)
  const lost: Key[] = []
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      if (isTimeUp(reconciler)) return 'time-up'
      const loaded = await readView(ports, lane, reconciler, takenUp(lost))
      if (loaded === null) return 'unknown-kind'
      const went = await advance({ ports, told, lost, timeUp: reconciler.timeUp }, loaded)
      if (went !== 'again') return went
      const stuck = whyStuck(lost, TRIES)
      if (stuck !== null) return restUnread({ ports, told, reconciler }, lane, stuck)
    }
    await ports.ledger.commit([{ count: 'contended', by: 1 }])
    return 'contended'
  } catch (error) {
    const trouble = troubleOf(error)
    if (trouble === null) return 'ledger-away'
    return restUnread({ ports, told, reconciler }, lane, trouble)
  }
}

const isTimeUp = ({ timeUp }: Pick<Reconciler, 'timeUp'>): boolean => timeUp?.aborted === true

/** The ports, how far sides answered through them, the rows that commits lost against, and until when there is time. */
interface Hands extends Pick<Reconciler, 'timeUp'> {
  ports: WorkPorts
  told: Told
  lost: Key[]
}

/** What has not been committed yet, beside what has. */
interface Progress {
  loaded: Loaded
  /** The document as it was read or last committed. */
  before: { doc: LaneDocument; revision: number }
  pending: Change | null
  /** Wakes of others that are on their way: nothing waits for them but the end. */
  wakes: Promise<void>[]
  ahead: Ahead
}

const advance = async (hands: Hands, loaded: Loaded): Promise<Reconciled | 'again'> => {
  const progress: Progress = {
    loaded,
    before: { doc: loaded.view.doc, revision: loaded.view.revision },
    pending: null,
    wakes: [],
    ahead: { world: null },
  }
  try {
    return await goOn(hands, progress)
  } finally {
    await Promise.all(progress.wakes)
  }
}

const goOn = async (hands: Hands, progress: Progress): Promise<Reconciled | 'again'> => {
  const { ports } = hands
  for (let acts = 0; acts < ACTS; acts++) {
    const { view } = progress.loaded
    const act = next(view)
    const end = endBefore(hands, progress, act)
    if (end !== null) return end
    if (progress.pending !== null && isFirst(progress, progress.pending, act)) {
      if (!(await save(hands, progress, null))) return 'again'
      continue
    }
    const { result, seen } = await performed(hands, progress, act)
    const at: View = { ...view, ...seen, now: Math.max(view.now, ports.clock.now()) }
    const change = settled(at, act, result)
    progress.pending = joined(progress.pending, change)
    progress.loaded = { ...progress.loaded, view: after(at, act, change) }
    if (change.rest !== null) return rest(hands, progress, restsNoLonger(progress.loaded.view, change.rest))
  }
  await save(hands, progress, null)
  return 'rests'
}

/** How it ends before this act; null: it goes on. */
const endBefore = (hands: Hands, progress: Progress, act: Act): Promise<Reconciled | 'again'> | null => {
  if (act.kind === 'rest' && act.rest.why === 'newer-schema') return Promise.resolve('newer-schema')
  if (act.kind === 'rest') return rest(hands, progress, act.rest)
  return isTimeUp(hands) && !isItsOwn(progress, act) ? stop(hands, progress) : null
}

/**
 * A step that it marked is its own to begin: whoever comes next would wait T for it. What a source said before something begins is known to
 * it alone: whoever comes next would ask for as long again, and have no time left either.
 */
const isItsOwn = ({ loaded: { view } }: Progress, { kind }: Act): boolean =>
  kind === 'begin' || (view.looked && (kind === 'hold' || kind === 'mark'))

/** No time is left: what was done is written down, and whoever is woken next goes on from there. */
const stop = async (hands: Hands, progress: Progress): Promise<Reconciled> => {
  if (progress.pending !== null) await save(hands, progress, null)
  return 'time-up'
}

/**
 * Nothing is touched before it is written down that it will be; what has ended is booked before a plan weighs what was spent; and what weighs
 * much is a commit of its own.
 */
const isFirst = (progress: Progress, pending: Change, act: Act): boolean =>
  touches(act, progress.loaded.view) ||
  (act.kind === 'plan' && pending.past.some(({ cost }) => cost > 0)) ||
  isHeavy(progress, pending)

/** So much that what the next act adds might be too heavy for one commit. */
const isHeavy = ({ loaded, before }: Progress, pending: Change): boolean =>
  weightOfChange(loaded, before, pending) > HEAVIEST / 2

/** The act's answer as data, whatever the far side does. */
const performed = async ({ ports, told }: Hands, { loaded, ahead }: Progress, act: Act): Promise<Performed> => {
  const { view } = loaded
  const answer = await perform(ports, view, act, ahead).catch((error: unknown): Performed => {
    const trouble = troubleOf(error)
    if (trouble === null) throw error
    return { result: { kind: 'trouble', trouble } satisfies Result, seen: {} }
  })
  const sides = await writeSides(ports, { probe: view.doc.lane, sides: view.sides }, told)
  told.clear()
  return { ...answer, seen: { ...answer.seen, sides } }
}

/** A bug of ours in what is pure is a written rest too: it alarms, and goes on after a deploy (law 6). */
const settled = (view: View, act: Act, result: Result): Change => {
  try {
    return settle(view, act, result)
  } catch (error) {
    return settle(view, act, { kind: 'trouble', trouble: { kind: 'bug', side: 'ours', said: String(error) } })
  }
}

/** What is known once a change is settled. */
const after = (view: View, act: Act, change: Change): View => {
  const gone = new Set([...change.removed, ...change.later].map(({ id }) => id))
  return {
    ...view,
    doc: change.doc,
    plan: change.plan === undefined ? view.plan : change.plan,
    letters: view.letters.filter(({ id }) => !gone.has(id)),
    lines: linesAfter(view, change.doc),
    contributions: contributionsAfter(view.contributions, change),
    rungs: rungsAfter(view.rungs, change),
    line: view.line?.filter((row) => !change.grants.some(({ head }) => head.place === row.place)) ?? null,
    later: [...view.later.filter(({ id }) => !gone.has(id)), ...change.later],
    results: { ...view.results, ...Object.fromEntries(change.results.map((row) => [row.row, row])) },
    looked: hasLooked(view, act, change),
    fresh: act.kind === 'plan',
    ...(act.kind === 'set-right' ? { righted: true as const } : {}),
    moved: true,
  }
}

const sameRest = (a: Rest | null, b: Rest): boolean =>
  a !== null && a.why === b.why && a.text === b.text && a.until === b.until && a.side === b.side

/** Writes why it rests, if that is news, and what was pending. */
const rest = async (hands: Hands, progress: Progress, why: Rest): Promise<Reconciled | 'again'> => {
  const { before, pending, loaded } = progress
  const quiet = pending === null || isNothing(pending, before.doc)
  if (quiet && isNobody(loaded.view, before.revision)) return 'rests'
  if (quiet && sameRest(before.doc.rest, why) && before.doc.due === why.until) return loaded.more ? 'again' : 'rests'
  if (!(await save(hands, progress, why)) || loaded.more) return 'again'
  return 'rests'
}

/** One commit. False when another's came first: everything is read again. */
const save = async ({ ports, lost }: Hands, progress: Progress, why: Rest | null): Promise<boolean> => {
  const { loaded, before, pending } = progress
  const { view } = loaded
  // Not at rest: whoever dies here is followed by another, once nobody can still be at the step.
  const due = why === null ? view.now + view.handover : why.until
  const doc: LaneDocument = { ...writtenUnder(view), writtenAt: view.now, rest: why ?? view.doc.rest, due }
  const change: Change = { ...(pending ?? changed(doc)), doc }
  const writes = writesOf(loaded, before, change)
  const committed = await ports.ledger.commit(writes)
  if (!committed.ok) {
    lost.push(committed.conflict)
    await mendLost(ports, writes, committed.conflict)
    return false
  }
  remember(loaded.rows, writes)
  const revision = isNobody(view, before.revision) ? 0 : before.revision + 1
  progress.before = { doc, revision }
  progress.pending = null
  const { lane } = doc
  progress.loaded = { ...loaded, view: { ...view, ...roomsIn(loaded.rows, lane), doc, revision } }
  progress.wakes.push(
    wakeDue(ports, writes),
    wakeLines(ports, writes, { policy: view.policy, lane }),
    tellOfRungs(ports, change.rungs, view).catch(() => undefined),
    ...change.wakes.map((other) => wake(ports, other, `line.${lane}.${before.revision}`)),
  )
  return true
}

/** What was committed is what is read next: rows that a commit may name again keep their revisions. */
const remember = (rows: Loaded['rows'], writes: Write[]): void => {
  for (const write of writes) {
    if ('put' in write)
      rows.set(rowKey(write.put, write.id), { id: write.id, revision: write.revision + 1, value: write.value })
    if ('remove' in write) rows.delete(rowKey(write.remove, write.id))
  }
}
