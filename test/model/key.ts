import type { Change } from '../../core/lane/change.ts'
import type { LaneDocument, Mark } from '../../core/lane/document.ts'
import type { Letter } from '../../core/lane/letters.ts'
import type { HoldRow, PlanRow, ResultRow, SideRow } from '../../core/rows.ts'
import { lettersOf } from './consumer.ts'
import { heldRows } from './ledger.ts'
import { timesOf } from './nature.ts'
import { type Consumer, docOf, type State } from './state.ts'
import { textOf } from './texts.ts'

/**
 * What tells two states apart: times as they lie before now, invocations by their place, revisions by whether they are the
 * one that stands. Texts, and times that nothing is decided from, are left out.
 */
export const keyOf = (state: State): string => {
  const { left, policy, past, inside } = state
  const letters = lettersOf(state.ledger)
  const ranks = ranksOf(state)
  const at = clockOf(state, letters)
  return [
    left.faults,
    left.doings,
    policy,
    ledgerKey(state, letters, at),
    worldKey(state, ranks, at),
    `${past.excused ? 'x' : ''}${past.moved ? 'm' : ''}`,
    Object.keys(past.created).sort().join(),
    past.finished.join(),
    past.anew.join(),
    past.spoiled.join(),
    Object.values(past.read).join(),
    past.wanted,
    past.lost,
    [...letters, ...state.world.doors]
      .map((one) => ('question' in one && one.at <= (past.expired[one.question] ?? -1) ? 'e' : ''))
      .join(''),
    letters.map(({ id }) => (past.answered.includes(id) ? 1 : 0)).join(''),
    ...inside.map((consumer) => consumerKey(state, consumer, { letters, ranks, at })),
    state.bad ?? '',
  ].join('|')
}

/** A time as it lies before now: past, soon and then to the millisecond, or far and then by its order alone. */
type Clock = (time: number) => string

/** What is further away than any pause and T. Milliseconds. */
const SOON = 200_000

const clockOf = (state: State, letters: readonly Letter[]): Clock => {
  const { now, ledger, inside, world } = state
  const docs = [docOf(state), ...inside.map(({ next, view }) => (next.at === 'commit' ? next.doc : view.doc))]
  const rows = Object.values(ledger.rows).map(({ value }) => (value as { until?: number }).until ?? 0)
  const plan = ledger.rows['plan lane/a']?.value as PlanRow | undefined
  const plans = [plan, ...inside.map(({ view }) => view.plan)].map((one) =>
    one == null ? 0 : one.plan.bounds.until + 1,
  )
  const all = [
    ...docs.flatMap((doc) => (doc === null ? [] : timesOf(doc))),
    ...rows,
    ...plans,
    ...letters.flatMap((letter) => [letter.due, letter.kind === 'look' ? (letter.waits?.until ?? 0) : 0]),
    ...inside.flatMap(({ view }) => [view.frozenUntil ?? 0, ...Object.values(view.frozenPools)]),
    ...Object.values(world.source).map(({ until }) => until + 1),
  ]
  const far = [...new Set(all.filter((time) => time > now + SOON))].sort((a, b) => a - b)
  return (time) => (time <= now ? '0' : time <= now + SOON ? String(time - now) : `L${far.indexOf(time)}`)
}

const byOf = (inside: readonly Consumer[], { by }: Mark): string => {
  if (by === null) return '-'
  const index = inside.findIndex(({ me }) => me === by)
  return index < 0 ? 'x' : String(index)
}

const docKey = (
  state: State,
  doc: LaneDocument,
  { plan, at }: { plan: PlanRow | null | undefined; at: Clock },
): string => {
  const { inside, world } = state
  const marks = (doc.run?.steps ?? []).map((mark) => {
    const same = mark.made === null ? '' : world.jobs[mark.made.ref.name]?.uid === mark.made.uid ? '=' : '/'
    return mark.state === 'running' && !mark.touched ? byOf(inside, mark) : mark.by === null ? '-' : same
  })
  const waits = doc.run?.phase === 'planned' || doc.run?.phase === 'waiting-for-room'
  const until = waits && plan != null ? at(plan.plan.bounds.until + 1) : ''
  const times = timesOf(doc).map(at)
  return `${textOf(doc)}${marks.join('')};${times.join()};${until}`
}

const ledgerKey = (state: State, letters: readonly Letter[], at: Clock): string => {
  const { ledger } = state
  const doc = docOf(state)
  const parts: string[] = []
  for (const [key, { value }] of Object.entries(ledger.rows)) {
    if (key.startsWith('freeze ')) parts.push(`${key}${at((value as { until: number }).until)}`)
    else if (key.startsWith('side ')) parts.push(`${key}${(value as SideRow).probe}${at((value as SideRow).until)}`)
    else if (key.startsWith('line ')) parts.push('line')
    else if (key.startsWith('hold ') && (value as HoldRow).place !== undefined) parts.push('granted')
    else if (key.startsWith('result ')) parts.push(resultKey(state, value as ResultRow))
    else if (key.startsWith('past ')) parts.push(key)
  }
  const plan = ledger.rows['plan lane/a']?.value as PlanRow | undefined
  const dues = letters.map((letter) => letterKey(state, letter, { doc, at }))
  const known = doc === null ? '' : docKey(state, doc, { plan, at })
  return `${known}#${plan === undefined || (doc?.run === null && doc.halfway !== true) ? '' : `${plan.plan.digest}${plan.back.length}`}#${parts.sort().join()}#${dues.join()}#${textOf(heldRows(ledger))}${ledger.sums['pool/p'] ?? 0}`
}

const resultKey = ({ world }: State, { row, values, made }: ResultRow): string =>
  `${row}=${values['score']}${made !== null && world.results[made.ref.name] === undefined ? '!' : ''}`

const letterKey = ({ inside }: State, letter: Letter, { doc, at }: { doc: LaneDocument | null; at: Clock }): string => {
  const { due } = letter
  if (letter.kind === 'look')
    return `${(letter.event as never as { place: string }).place}${letter.from}${letter.tries}${letter.waits?.reason ?? ''}${at(letter.waits?.until ?? 0)}.${at(due)}`
  if (letter.kind === 'go-on' || letter.kind === 'warned') return letter.kind
  if (letter.kind === 'run') return `${letter.kind}${letter.event.id}`
  if (letter.kind === 'lift') return `${letter.kind}${letter.rung}`
  if (letter.kind === 'lease') return `${letter.kind}${letter.does}${letter.gpus}`
  if (letter.kind !== 'vote') return `${letter.kind}${JSON.stringify(letter.saw)}${letter.from}${letter.wanted}`
  const about = [doc, ...inside.map(({ view }) => view.doc)].map((one) => {
    const question = one?.run?.question
    return question?.id !== letter.question ? '-' : letter.at <= question.until ? '=' : '>'
  })
  return `${letter.verdict}${about.join('')}`
}

/** Fences are compared with each other alone. */
const ranksOf = ({ world, inside, ledger }: State): ReadonlyMap<number, number> => {
  const deployments = Object.values(world.deployments)
  if (deployments.length === 0) return new Map()
  const docs = [docOf({ ledger }), ...inside.map(({ view }) => view.doc)]
  const running = docs.flatMap((doc) => (doc?.run?.steps ?? []).filter(({ state }) => state === 'running'))
  const all = [...deployments.flatMap(({ fence, marked }) => [fence, marked]), ...running.map(({ fence }) => fence)]
  return new Map([...new Set(all)].sort((a, b) => a - b).map((fence, rank) => [fence, rank]))
}

const worldKey = ({ world, ledger }: State, ranks: ReadonlyMap<number, number>, clock: Clock): string => {
  const jobs = Object.entries(world.jobs).map(([name, { state, run }]) => `${name}${state}${run === null ? 'F' : ''}`)
  const deployments = Object.entries(world.deployments).map(
    ([generation, { digest, replicas, ready, fence, marked }]) =>
      `${generation}${digest}${replicas}${ready}.${ranks.get(fence)}.${ranks.get(marked)}`,
  )
  const running = (docOf({ ledger })?.run?.steps ?? []).filter(({ state }) => state === 'running')
  const source = Object.entries(world.source).map(
    ([at, { version, order, complete, until }]) => `${at}${version}.${order}${complete ? '' : clock(until + 1)}`,
  )
  return [
    jobs.sort().join(),
    Object.entries(world.results)
      .map(([name, score]) => `${name}${score}`)
      .sort()
      .join(),
    world.registry.join(),
    deployments.join(),
    running.map(({ fence }) => ranks.get(fence)).join(),
    source.join(),
    world.newest,
    world.flying.map(({ key, until }) => `${key}${clock(until)}`).join(),
    world.doors.map(({ at }) => clock(at + 60_000)).join(),
    world.others,
  ].join(';')
}

const consumerKey = (
  state: State,
  consumer: Consumer,
  { letters, ranks, at }: { letters: readonly Letter[]; ranks: ReadonlyMap<number, number>; at: Clock },
): string => {
  const { view, before, next, from, pending } = consumer
  const stands = state.ledger.rows['lane lane/a']?.revision ?? 0
  const age = state.now - from
  const act = next.at === 'world' ? next.act : null
  // Whoever has read too early loses its next commit, whatever it would write.
  if (stands !== before.revision && next.at === 'commit') return `D${age}`
  const index = (letter: Letter): number => letters.findIndex(({ id }) => id === letter.id)
  const doc = next.at === 'commit' ? next.doc : view.doc
  const running = (doc.run?.steps ?? []).filter(({ state: at }) => at === 'running')
  return [
    age,
    stands === before.revision ? '=' : '',
    docKey(state, doc, { plan: view.plan, at }),
    act === null ? next.at : `${textOf(act)}${next.at === 'world' ? next.sub : ''}`,
    view.letters.map(index).join(),
    view.later.map(index).join(),
    `${view.fresh}${view.looked}${view.moved}${[view.frozenUntil ?? 0, ...Object.values(view.frozenPools)].map(at).join()}${Object.keys(view.sides).join()}`,
    Object.keys(view.results).join(),
    `${Object.values(view.lines).join()}${Object.values(view.holds)
      .map(({ place }) => place === undefined)
      .join()}`,
    `${view.policy.version}${view.plan?.plan.digest}${view.plan?.back.length}`,
    running.map(({ fence }) => ranks.get(fence)).join(),
    pending === null || stands !== before.revision ? '' : pendingKey(state, pending, { index, at }),
  ].join(';')
}

const pendingKey = (
  state: State,
  pending: Change,
  { index, at }: { index: (letter: Letter) => number; at: Clock },
): string =>
  [
    pending.removed.map(index).join(),
    pending.later.map((letter) => letterKey(state, letter, { doc: pending.doc, at })).join(),
    pending.results.map(({ row, values }) => `${row}${values['score']}`).join(),
    pending.past.map(({ run, outcome }) => `${run.generation}.${run.attempt}${outcome.kind}`).join(),
    pending.beside.join(),
    pending.plan == null ? '' : `${pending.plan.plan.digest}${pending.plan.back.length}`,
    textOf(pending.guard),
  ].join('/')
