import { sameRun } from '../../core/lane/document.ts'
import { markOf } from '../../core/lane/marks.ts'
import type { SideRow } from '../../core/rows.ts'
import { accepted } from './accepted.ts'
import { goneOn, reading, remembered, resting, settled } from './consumer.ts'
import { type Answer, landsUntil, type Touch, touchOf, troubleOf, unreadable } from './far-sides.ts'
import { committed } from './ledger.ts'
import { LANE } from './policies.ts'
import { type Consumer, type Fault, LIMIT, type Model, type Move, type State, spoilt } from './state.ts'
import { whyMayNotTouch } from './touching.ts'

/** Everything that invocations may do next. What throws is a bug of ours, and must never be. */
export const movesInside = (model: Model, state: State): Move[] => [
  ...guarded(state, () => starts(model, state)),
  ...state.inside.flatMap((_, index) => [
    ...guarded(state, () => acts(model, state, index)),
    ...deaths(model, state, index),
  ]),
]

const guarded = (state: State, work: () => Move[]): Move[] => {
  try {
    return work()
  } catch (error) {
    return [{ label: 'it throws', state: spoilt(state, String((error as Error).stack)) }]
  }
}

const may = ({ config }: Model, { left }: State, fault: Fault): boolean =>
  left.faults > 0 && config.faults.includes(fault)

export const spent = (state: State): State => ({ ...state, left: { ...state.left, faults: state.left.faults - 1 } })

const nameOf = ({ me }: Consumer): string => me

/** Everybody may wake a lane at any time; a second invocation beside the first only when its visibility has ended. */
const starts = (model: Model, state: State): Move[] => {
  if (state.inside.length === 0)
    return [...start(model, state, 'comes'), ...(may(model, state, 'torn') ? torn(model, spent(state)) : [])]
  if (state.inside.length > 1 || !may(model, state, 'overlap')) return []
  return start(model, spent(state), 'comes beside it')
}

/** Its rows are read one after another: others may write in between. */
const torn = (model: Model, state: State): Move[] => {
  const who = { me: `i${state.count}`, from: state.now }
  const consumer: Consumer = { ...reading(model, state, who), next: { at: 'read', was: state.ledger } }
  return [
    {
      label: `${who.me} begins to read`,
      comes: true,
      state: { ...state, count: state.count + 1, inside: [...state.inside, consumer] },
    },
  ]
}

const start = (model: Model, state: State, how: string): Move[] => {
  const who = { me: `i${state.count}`, from: state.now }
  const consumer = goneOn(model, state, reading(model, state, who))
  if (consumer === null) return []
  return [
    {
      label: `${who.me} ${how}`,
      comes: true,
      state: { ...state, count: state.count + 1, inside: [...state.inside, consumer] },
    },
  ]
}

const without = (state: State, index: number): State => ({ ...state, inside: state.inside.toSpliced(index, 1) })
const withConsumer = (state: State, index: number, consumer: Consumer | null): State =>
  consumer === null ? without(state, index) : { ...state, inside: state.inside.with(index, consumer) }

const deaths = (model: Model, state: State, index: number): Move[] =>
  may(model, state, 'death')
    ? [{ label: `${nameOf(state.inside[index] as Consumer)} dies`, state: spent(without(state, index)) }]
    : []

const acts = (model: Model, state: State, index: number): Move[] => {
  const consumer = state.inside[index] as Consumer
  if (consumer.next.at === 'read') {
    const read = reading(model, state, consumer, consumer.next.was)
    const whole = fits(read) || !model.guards.wholeReads ? read : reading(model, state, consumer)
    return [{ label: `${nameOf(consumer)} has read`, state: withConsumer(state, index, goneOn(model, state, whole)) }]
  }
  return consumer.next.at === 'commit' ? commits(model, state, index) : performs(model, state, index)
}

/** Whether the plan that was read is the one that the document names; else everything is read again. */
const fits = ({ view: { doc, plan } }: Consumer): boolean => {
  const { run } = doc
  if (run === null || run.digest === '') return true
  const back = run.steps.filter(({ way }) => way === 'back')
  const known = new Set(plan?.back.map(({ name }) => name))
  return plan?.plan.digest === run.digest && sameRun(run, plan.plan) && back.every(({ name }) => known.has(name))
}

const commits = (model: Model, state: State, index: number): Move[] => {
  const consumer = state.inside[index] as Consumer
  if (consumer.next.at !== 'commit') return []
  const { writes, change, doc, why } = consumer.next
  const label = `${nameOf(consumer)} commits ${consumer.acts.join(', ')}${why === null ? '' : `; rests: ${why.why}`}`
  const done = committed(state.ledger, writes, model.guards)
  if (done.ok === null) return [{ label, state: spoilt(state, done.wrong) }]
  if (!done.ok) {
    const knew = consumer.rows[done.conflict]?.revision ?? 0
    const never = knew === (state.ledger.rows[done.conflict]?.revision ?? 0) && !done.conflict.startsWith('sum ')
    if (never) return [{ label, state: spoilt(state, `a commit can never win: ${done.conflict}`) }]
    const who = model.guards.renames ? { me: `i${state.count}`, from: consumer.from } : consumer
    const again = goneOn(model, state, reading(model, state, who))
    const renamed = { ...state, count: state.count + 1 }
    return [{ label: `${label}, and loses to another: reads as ${who.me}`, state: withConsumer(renamed, index, again) }]
  }
  const after = accepted(model, { state, consumer, change, ledger: done.ledger })
  if (why !== null) return [{ label, state: without(after, index) }]
  return [{ label, state: withConsumer(after, index, goneOn(model, after, remembered(consumer, doc, writes))) }]
}

const performs = (model: Model, state: State, index: number): Move[] => {
  const consumer = state.inside[index] as Consumer
  const touch = touchOf(model, consumer)
  if (touch === null || consumer.next.at !== 'world') return []
  const { act } = consumer.next
  const what = `${nameOf(consumer)}: ${'step' in act ? `${act.kind} ${act.step}` : act.kind}${consumer.next.sub === null ? '' : ` (${consumer.next.sub})`}`
  const checked = spoilt(state, touch.writes ? whyMayNotTouch(state, consumer) : null)
  const answer = touch.answer(checked)
  const sides = Object.fromEntries(Object.entries(consumer.view.sides).filter(([side]) => side !== touch.side))
  const hears = consumer.view.sides[touch.side] !== undefined
  const after = went(model, { index, answer: { ...answer, seen: { ...answer.seen, sides } } })
  const came: Move = { label: what, state: hears ? heard(after, touch.side) : after }
  return [came, ...failures(model, { state: checked, index, touch, what })]
}

/** The act is settled with what a far side has answered. */
const went = (model: Model, { index, answer }: { index: number; answer: Answer }): State => {
  const { state, result, seen, sub } = answer
  const consumer = state.inside[index] as Consumer
  if (consumer.next.at !== 'world') return state
  const { act } = consumer.next
  if (sub !== undefined) return withConsumer(state, index, { ...consumer, next: { at: 'world', act, sub } })
  const { consumer: later, rest } = settled(model, consumer, { act, result, seen, now: state.now })
  return withConsumer(state, index, rest === null ? goneOn(model, state, later) : resting(model, later, rest))
}

/** Whoever hears a far side again takes its row away; who is the first not to hear it writes one. */
const heard = (state: State, side: string): State => {
  const key = `side ${side}`
  if (state.ledger.rows[key] === undefined) return state
  const { [key]: _, ...rows } = state.ledger.rows
  return { ...state, ledger: { ...state.ledger, rows } }
}

const notHeard = (state: State, side: string): State => {
  const known = state.ledger.rows[`side ${side}`]?.value as SideRow | undefined
  if (known !== undefined && known.probe !== LANE && state.now < known.until) return state
  const value = { side, since: 0, said: '', refuses: false, probe: LANE, until: state.now + 80_000 }
  const rows = { ...state.ledger.rows, [`side ${side}`]: { id: side, revision: 1, value } }
  return { ...state, ledger: { ...state.ledger, rows } }
}

const failures = (
  model: Model,
  { state, index, touch, what }: { state: State; index: number; touch: Touch; what: string },
): Move[] => {
  const consumer = state.inside[index] as Consumer
  const moves: Move[] = []
  const fails = (
    fault: Fault,
    said: string,
    world: (from: State) => State,
    kind: 'unavailable' | 'refused' | 'bug',
  ): void => {
    if (!may(model, state, fault)) return
    const isLook = touch.side === 'objects' && consumer.next.at === 'world' && consumer.next.act.kind === 'look'
    const result = isLook ? unreadable(consumer.view) : troubleOf(kind, touch.side)
    const after = spent(world(state))
    const noted = isLook || kind !== 'unavailable' ? after : notHeard(after, touch.side)
    moves.push({
      label: `${what} — ${said}`,
      state: went(model, { index, answer: { state: noted, result, seen: {} } }),
    })
  }
  fails('unavailable', 'no answer', (from) => from, 'unavailable')
  if (touch.side !== 'objects') fails('bug', 'a bug of ours', (from) => from, 'bug')
  if (!touch.writes || touch.answer(state).state === state) return moves
  fails('lost', 'done, the answer is lost', (from) => touch.answer(from).state, 'unavailable')
  fails(
    'late',
    'no answer, it is on its way',
    (from) => flying(from, consumer, { touch, what, until: landsUntil(consumer) }),
    'unavailable',
  )
  if (isMove(consumer))
    fails(
      'overrun',
      'no answer, it comes much later',
      (from) =>
        flying({ ...from, past: { ...from.past, moved: true } }, consumer, {
          touch,
          what,
          until: Number.MAX_SAFE_INTEGER,
        }),
      'unavailable',
    )
  fails('refused', 'refused', (from) => ({ ...from, past: { ...from.past, excused: true, moved: true } }), 'refused')
  return moves
}

/** Whether it moves something that stands: what those carry tells an old write from a newer one. */
const isMove = ({ next, view }: Consumer): boolean =>
  next.at === 'world' && next.act.kind === 'begin' && markOf(view.doc, next.act.step).kind === 'roll-out-model'

/** A write that may land when its sender has given it up. */
const flying = (
  state: State,
  consumer: Consumer,
  { touch, what, until }: { touch: Touch; what: string; until: number },
): State => {
  const run = consumer.view.doc.run
  const key = `${what.slice(what.indexOf(':'))}.${run?.generation}.${run?.attempt}`
  const land = (at: State): State => ({ ...touch.answer(at).state, inside: at.inside })
  return { ...state, world: { ...state.world, flying: [...state.world.flying, { label: what, key, until, land }] } }
}

/** How long an invocation may still be inside. */
export const mustBeGone = ({ from }: Consumer): number => from + LIMIT
