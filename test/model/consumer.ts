import type { Act } from '../../core/lane/act.ts'
import { type Change, changed, isNothing } from '../../core/lane/change.ts'
import { emptyDocument, type LaneDocument, type Rest } from '../../core/lane/document.ts'
import { inOrder, type Letter, type LookLetter } from '../../core/lane/letters.ts'
import { linesAfter } from '../../core/lane/line.ts'
import { hasLooked } from '../../core/lane/looking-again.ts'
import { lineSum, poolRoom } from '../../core/lane/room.ts'
import type { Result } from '../../core/lane/settle.ts'
import type { View } from '../../core/lane/view.ts'
import type { PlanRow, SideRow } from '../../core/rows.ts'
import type { Stored, Write } from '../../flows/ledger-port.ts'
import { paperView, roomsIn } from '../../flows/view.ts'
import { rowKey } from '../../flows/view-rows.ts'
import { writesOf } from '../../flows/writing.ts'
import { answerAlone, touches, touchOf } from './far-sides.ts'
import { LANE, POOL } from './policies.ts'
import { type Consumer, HANDOVER, type Ledger, type Model, type State } from './state.ts'

/** The loop of `flows/reconcile.ts`, one step at a time: between two steps others may do theirs. */

/** Reads everything that the next act rests on. `was`: rows of one part are as they were then (a torn read). */
export const reading = (
  model: Model,
  state: State,
  who: Pick<Consumer, 'me' | 'from'>,
  was: Ledger = state.ledger,
): Consumer => {
  const { now } = state
  const policy = model.policies[state.policy]
  const { rows } = was
  const at = <V>(kind: string, id: string): V | undefined => rows[`${kind} ${id}`]?.value as V | undefined
  const doc = (state.ledger.rows[`lane ${LANE}`]?.value as LaneDocument | undefined) ?? emptyDocument(policy, LANE)
  const there = lettersOf(was)
  const frozen = at<{ until: number }>('freeze', LANE)?.until ?? 0
  const sides = ['cluster', 'registry', 'objects'].flatMap((side): [string, SideRow][] => {
    const row = at<SideRow>('side', side)
    return row === undefined ? [] : [[side, row]]
  })
  const view: View = {
    ...paperView(
      { policy, doc, kind: model.kind, reactions: model.reactions, now, self: null },
      inOrder(there.filter(({ due }) => due <= now)),
    ),
    me: who.me,
    handover: HANDOVER,
    revision: state.ledger.rows[`lane ${LANE}`]?.revision ?? 0,
    plan: doc.run === null && doc.halfway !== true ? null : (at<PlanRow>('plan', LANE) ?? null),
    later: there.filter((letter): letter is LookLetter => letter.kind === 'look' && letter.due > now),
    frozenUntil: frozen > now ? frozen : null,
    frozenPools: Object.fromEntries(
      [poolRoom(POOL)].flatMap((pool): [string, number][] => {
        const until = at<{ until: number }>('freeze', pool)?.until ?? 0
        return until > now ? [[pool, until]] : []
      }),
    ),
    holds: roomsIn(new Map(Object.entries(rows)), LANE).holds,
    lines: { [poolRoom(POOL)]: was.sums[lineSum(poolRoom(POOL))] ?? 0 },
    sides: Object.fromEntries(sides),
  }
  const stands = state.ledger.rows[`lane ${LANE}`]
  const mine = stands === undefined ? rows : { ...rows, [`lane ${LANE}`]: stands }
  return {
    me: who.me,
    from: who.from,
    view,
    rows: mine,
    before: { doc, revision: view.revision },
    pending: null,
    next: { at: 'world', act: { kind: 'again' }, sub: null },
    acts: [],
  }
}

const letters = new WeakMap<object, Letter[]>()
/** All letters that lie there. */
export const lettersOf = ({ rows }: Ledger): Letter[] => {
  const known = letters.get(rows)
  if (known !== undefined) return known
  const found = Object.entries(rows)
    .filter(([key]) => key.startsWith('look ') || key.startsWith('order '))
    .map(([, { value }]) => value as Letter)
  letters.set(rows, found)
  return found
}

/** What an invocation comes to until it asks the outside or commits; null: it rests, and nothing is to be written. */
export const goneOn = (model: Model, state: State, from: Consumer): Consumer | null => {
  let consumer = from
  for (let acts = 0; acts < 500; acts++) {
    const { view } = consumer
    const act = model.core.next(view)
    if (act.kind === 'rest') return act.rest.why === 'newer-schema' ? null : resting(model, consumer, act.rest)
    const touch = touchOf(model, consumer, act)
    if (consumer.pending !== null && touches(touch, act) && model.guards.writesFirst)
      return committing(model, consumer, null)
    if (touch !== null) return { ...consumer, next: { at: 'world', act, sub: null } }
    const went = settled(model, consumer, { act, result: answerAlone(consumer, act, state), seen: {}, now: state.now })
    if (went.rest !== null) return resting(model, went.consumer, went.rest)
    consumer = went.consumer
  }
  throw new Error('it never ends')
}

interface Performed {
  act: Act
  result: Result
  seen: Partial<Pick<View, 'world' | 'sides'>>
  now: number
}

/** What is known once an act is settled. */
export const settled = (
  model: Model,
  consumer: Consumer,
  { act, result, seen, now }: Performed,
): { consumer: Consumer; rest: Rest | null } => {
  const at: View = { ...consumer.view, ...seen, now: Math.max(consumer.view.now, now) }
  const change = capped(model.core.settle(at, act, result))
  const name = 'step' in act ? `${act.kind} ${act.step}` : act.kind
  return {
    consumer: {
      ...consumer,
      pending: model.core.joined(consumer.pending, change),
      view: after(at, act, change),
      acts: [...consumer.acts, name],
    },
    rest: change.rest,
  }
}

/** Looks in a row that ended alike count to two: how long pauses grow is not explored. */
const capped = (change: Change): Change => {
  const { rest, later } = change
  return {
    ...change,
    rest: rest === null ? null : { ...rest, tries: Math.min(rest.tries, 2) },
    later: later.map((letter) => ({ ...letter, tries: Math.min(letter.tries, 2) })),
  }
}

const after = (view: View, act: Act, change: Change): View => {
  const gone = new Set([...change.removed, ...change.later].map(({ id }) => id))
  return {
    ...view,
    doc: change.doc,
    lines: linesAfter(view, change.doc),
    plan: change.plan === undefined ? view.plan : change.plan,
    letters: view.letters.filter(({ id }) => !gone.has(id)),
    later: [...view.later.filter(({ id }) => !gone.has(id)), ...change.later],
    results: { ...view.results, ...Object.fromEntries(change.results.map((row) => [row.row, row])) },
    looked: hasLooked(view, act, change),
    fresh: act.kind === 'plan',
    moved: true,
  }
}

const sameRest = (a: Rest | null, b: Rest): boolean =>
  a !== null && a.why === b.why && a.text === b.text && a.until === b.until && a.side === b.side

/** Writes why it rests, if that is news. */
export const resting = (model: Model, consumer: Consumer, why: Rest): Consumer | null => {
  const { before, pending } = consumer
  const quiet = pending === null || isNothing(pending, before.doc)
  return quiet && sameRest(before.doc.rest, why) && before.doc.due === why.until
    ? null
    : committing(model, consumer, { ...why, tries: Math.min(why.tries, 2) })
}

const committing = ({ guards }: Model, consumer: Consumer, why: Rest | null): Consumer => {
  const { view, rows, before, pending } = consumer
  const due = why !== null ? why.until : guards.follows ? view.now + view.handover : null
  const doc: LaneDocument = { ...view.doc, rest: why ?? view.doc.rest, due }
  const change: Change = { ...(pending ?? changed(doc)), doc }
  const loaded = { view, rows: new Map(Object.entries(rows)), more: false }
  const all = writesOf(loaded, before, change)
  const writes = guards.givesBack ? all : all.filter((write) => !givesBack(write))
  return { ...consumer, next: { at: 'commit', writes, change, doc, why } }
}

const givesBack = (write: Write): boolean =>
  ('remove' in write && write.remove === 'hold') || ('add' in write && write.by < 0)

/** What was committed is what is read next. */
export const remembered = (consumer: Consumer, doc: LaneDocument, writes: readonly Write[]): Consumer => {
  const rows: Record<string, Stored<never>> = { ...(consumer.rows as Record<string, Stored<never>>) }
  for (const write of writes) {
    if ('put' in write)
      rows[rowKey(write.put, write.id)] = { id: write.id, revision: write.revision + 1, value: write.value as never }
    if ('remove' in write) delete rows[rowKey(write.remove, write.id)]
  }
  const revision = consumer.before.revision + 1
  return {
    ...consumer,
    rows,
    before: { doc, revision },
    pending: null,
    view: { ...consumer.view, holds: roomsIn(new Map(Object.entries(rows)), LANE).holds, doc, revision },
    acts: [],
  }
}

/** Until when freezes hold that lie there, of the lane or of the pool. */
export const freezesOf = ({ rows }: Ledger): number[] =>
  Object.entries(rows).flatMap(([key, { value }]) =>
    key.startsWith('freeze ') ? [(value as { until: number }).until] : [],
  )
