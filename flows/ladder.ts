import type { LaneDocument } from '../core/lane/document.ts'
import { hasFloors } from '../core/lane/floors.ts'
import { newerIn } from '../core/lane/newer.ts'
import { isPreemptible, isSaidByPlan, SUSPENDS, type Suspendable } from '../core/lane/preemptible.ts'
import { budgetOf, budgetRoom, poolRoom, poolRooms } from '../core/lane/room.ts'
import { ASKS_ALWAYS, asksInVain, KEEPS_BACK } from '../core/lane/rungs.ts'
import { isSuspendedOtherwise } from '../core/lane/suspending.ts'
import { kindOf } from '../core/lane-kinds/catalogue.ts'
import { type LaneKind, laneName } from '../core/lane-kinds/kind.ts'
import { dayBegin, daysBetween } from '../core/money/days.ts'
import { monthBegin, monthOf } from '../core/money/months.ts'
import type { MeterRow } from '../core/money/rows.ts'
import { type Metered, type RungChange, type RungRow, rungId, rungNames, rungsDue } from '../core/money/rungs.ts'
import { type MeteredSpend, meteredSpend, neededSince } from '../core/money/spend.ts'
import { MEASURES, type Measure, rungName } from '../core/policy/rung.ts'
import type { Policy } from '../core/policy.ts'
import { savedByCaps } from '../core/pools/ceiling.ts'
import type { Reaction } from '../core/reactions/reaction.ts'
import { SELF } from '../core/rows.ts'
import { asCounted } from './in-force.ts'
import { everyLane } from './lanes.ts'
import type { Key, Ledger, Stored } from './ledger-port.ts'
import { type LetterPorts, leaveGoOn, leaveLook } from './letters.ts'
import type { WorkPorts } from './ports.ts'
import { everyRow, readRow, readRows, valuesOf } from './rows.ts'
import { untilNow } from './spend.ts'
import { wake } from './waking.ts'

type Reading = Pick<Ledger, 'read'>

/** Keys of the rows that the rungs of the policy's ladder have while they are crossed, or that one of them has; none where it has no ladder. */
export const rungKeys = (policy: Pick<Policy, 'budget'>, only?: string): Key<'rung'>[] =>
  rungNames(policy)
    .filter((name) => only === undefined || name === only)
    .map((name) => ({ kind: 'rung', id: rungId({ lane: budgetRoom(budgetOf(policy)), name }) }))

/** The same rows. */
export const rungsOf = async (ledger: Reading, policy: Pick<Policy, 'budget'>): Promise<RungRow[]> =>
  valuesOf(
    await readRows(
      ledger,
      'rung',
      rungKeys(policy).map(({ id }) => id),
    ),
  )

/** The meter's own row, and what nodes have cost this month: its days, by their ids. */
const spendNow = async (ledger: Reading, now: number): Promise<{ meter: MeterRow | null; spend: MeteredSpend }> => {
  const days = daysBetween(dayBegin(neededSince(monthOf(now), now)), now)
  const [row, rows] = await Promise.all([readRow(ledger, 'meter', SELF), readRows(ledger, 'day', days)])
  const meter = untilNow(row?.value ?? null, now)
  return { meter, spend: meteredSpend(valuesOf(rows), { meter, month: monthOf(now) }) }
}

interface Given {
  now: number
  kinds: readonly LaneKind[]
  policy: Policy
}

/** Of the lane of a budget: every rung that is written, and what nodes have cost. */
export const ladderOf = async (
  ledger: Pick<Ledger, 'list' | 'read'>,
  lane: string,
  given: Given,
): Promise<{ rungs: Stored<'rung'>[]; metered: Metered }> => {
  const { policy, now, kinds } = given
  const [rungs, { meter, spend }, sums] = await Promise.all([
    everyRow(ledger, 'rung', `${lane}#`),
    spendNow(ledger, now),
    readRows(ledger, 'sum', poolRooms(policy)),
  ])
  const held = Object.fromEntries(sums.map(({ id, value }) => [id, value.n]))
  const caps = capsNow(policy, { meter, held })
  const saves = {
    ...NOTHING,
    'no-new-runs': endingPerHour(spend, kinds),
    'suspend-preemptible': await preemptiblePerHour(ledger, spend, { policy, kinds }),
  }
  return {
    rungs,
    metered: {
      month: monthOf(now),
      spent: spend.since === null ? null : spend.dollars,
      perHour: spend.perHour,
      forecast: spend.forecast,
      saves: { ...saves, 'cap-pools': savedByCaps(policy, caps, now) },
      aboveFloors: hasFloors(policy) ? aboveFloors(spend, { policy, kinds }) : 0,
      caps,
    },
  }
}

/** GPUs of the nodes that each pool has, as the meter saw them last, or that are held of it and may have their nodes on the way. */
const capsNow = (
  { pools }: Policy,
  { meter, held }: { meter: MeterRow | null; held: Readonly<Record<string, number>> },
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(pools).map(([pool, { gpusPerNode }]) => {
      const seconds = (meter?.rates ?? []).reduce((sum, cell) => sum + (cell.pool === pool ? cell.seconds : 0), 0)
      const nodes = Math.max(Math.round(seconds / 3600), Math.ceil((held[poolRoom(pool)] ?? 0) / gpusPerNode))
      return [pool, nodes * gpusPerNode]
    }),
  )

/** Dollars an hour of work that ends by itself, and that nothing would follow. */
const endingPerHour = ({ by }: MeteredSpend, kinds: readonly LaneKind[]): number =>
  by.lane.reduce((sum, { of, perHour }) => sum + (kindOf(kinds, of)?.lasts === 'once' ? perHour : 0), 0)

/** Dollars an hour of what a rung would suspend now: of lanes whose stage at work lets itself be. Where the ladder has no such rung nothing is read. */
const preemptiblePerHour = async (
  ledger: Reading,
  { by }: MeteredSpend,
  { policy, kinds }: Omit<Given, 'now'>,
): Promise<number> => {
  if (!rungNames(policy).includes(SUSPENDS)) return 0
  const costing = new Map(
    by.lane.flatMap(({ of, perHour }): [string, number][] =>
      perHour > 0 && kindOf(kinds, of)?.preemptible !== undefined ? [[of, perHour]] : [],
    ),
  )
  const docs = valuesOf(await readRows(ledger, 'lane', [...costing.keys()]))
  const perHour = docs.map(async (doc) => {
    const kind = kindOf(kinds, doc.lane)
    if (kind === undefined || newerIn(doc) !== null) return 0
    return isPreemptible(await asPlanned(ledger, { doc, policy, kind })) ? (costing.get(doc.lane) ?? 0) : 0
  })
  return (await Promise.all(perHour)).reduce((sum, dollars) => sum + dollars, 0)
}

/** With the plan of what a lane has under way, where that alone says whether a rung may suspend it: of any other nothing is read. */
const asPlanned = async <S extends Omit<Suspendable, 'rungs' | 'now'>>(ledger: Reading, seen: S): Promise<S> =>
  isSaidByPlan(seen) ? { ...seen, plan: (await readRow(ledger, 'plan', seen.doc.lane))?.value ?? null } : seen

/** Whether a lane's Job is suspended otherwise than rungs say, also where the policy says nothing of it any more. */
export const restsOtherwise = async (ledger: Reading, seen: Suspendable): Promise<boolean> =>
  isSuspendedOtherwise(await asPlanned(ledger, seen))

/** Whether people are asked about what a lane has planned for nothing but a rung that is over. */
const isAskedInVain = async (ledger: Reading, seen: Omit<Suspendable, 'kind'>): Promise<boolean> => {
  if (seen.doc.run?.phase !== 'asked') return false
  const row = await readRow(ledger, 'plan', seen.doc.lane)
  return asksInVain({ ...seen, plan: row?.value ?? null })
}

/** Dollars an hour of what serves above its floor, by what a lane has at work as the meter sees it. */
const aboveFloors = ({ by }: MeteredSpend, { policy, kinds }: Omit<Given, 'now'>): number =>
  by.lane.reduce(
    (sum, { of, perHour }) => sum + perHour * (kindOf(kinds, of)?.atFloor?.(policy, laneName(of))?.goes ?? 0),
    0,
  )

const NOTHING: Record<Measure, number> = {
  notify: 0,
  'ask-always': 0,
  'no-new-runs': 0,
  'suspend-preemptible': 0,
  'cap-pools': 0,
}

const ACTING = MEASURES.filter((measure) => measure !== 'notify')

/** Lanes that are told side by side. */
const TOGETHER = 25

/**
 * Tells who rests on a rung that some are over: those alone who have written that they do; who is asked about for nothing else; and who has a Job that one suspends
 * that it is crossed, or over. Whom a death here leaves untold finds who compares, within minutes.
 */
export const tellOfRungs = async (
  ports: LetterPorts & Pick<WorkPorts, 'policies'>,
  rungs: readonly RungChange[],
  { policy, reactions, now }: Omit<Given, 'kinds'> & { reactions: readonly Reaction[] },
): Promise<void> => {
  if (hasFloors(policy) && rungs.length > 0) await lookAtFloors(ports, { policy, reactions, now })
  const kinds = reactions.map(({ kind }) => kind)
  const isOver = (name: Measure): boolean =>
    rungs.some(({ row, gone }) => row.name === name && (gone || row.lifted !== undefined))
  const [letsGo, asksLess] = [isOver(KEEPS_BACK), isOver(ASKS_ALWAYS)]
  const suspends = rungs.some(({ row }) => row.name === SUSPENDS)
  if (!letsGo && !asksLess && !suspends) return
  const [docs, rows] = [await everyLane(ports.ledger), await rungsOf(ports.ledger, policy)]
  const isTold = async (doc: LaneDocument): Promise<boolean> => {
    if (letsGo && doc.rest?.why === 'rung') return true
    if (newerIn(doc) !== null) return false
    const [kind, seen] = [kindOf(kinds, doc.lane), { doc, policy, rungs: rows, now }]
    if (asksLess && (await isAskedInVain(ports.ledger, seen))) return true
    return suspends && kind !== undefined && (await restsOtherwise(ports.ledger, { ...seen, kind }))
  }
  for (let from = 0; from < docs.length; from += TOGETHER)
    await Promise.all(
      docs.slice(from, from + TOGETHER).map(async (doc) => {
        if (await isTold(doc)) await leaveGoOn(ports, doc.lane)
      }),
    )
}

/** Lanes that may make do with less ask their source, and compare what stands with what they are to have: as whoever compares does each few minutes. */
const lookAtFloors = async (
  ports: LetterPorts & Pick<WorkPorts, 'policies'>,
  { policy, reactions, now }: Omit<Given, 'kinds'> & { reactions: readonly Reaction[] },
): Promise<void> => {
  const asks = reactions
    .filter(({ kind }) => kind.atFloor !== undefined)
    .flatMap((reaction) => reaction.resync({ policy, now, docOf: () => null }).map((ask) => ({ ask, reaction })))
  for (const [index, { ask, reaction }] of asks.entries()) {
    const rule = ask.kind === 'event' ? reaction.ruleOf(ask.event as never, policy) : null
    if (ask.kind !== 'event' || rule === null) continue
    if (reaction.kind.atFloor?.(policy, laneName(rule.lane)) == null) continue
    await leaveLook(ports, ask.event, { reactions, unique: `floor.${index}`, from: 'resync' })
  }
}

/**
 * Wakes the lane of the budget where its rungs are not what the money says: asked with each look of the meter, whatever came of that. Nobody
 * is woken where all is as it is written, and a wake that is lost comes again with the next minute.
 */
export const wakeLadder = async (
  ports: Pick<WorkPorts, 'ledger' | 'queue' | 'policies' | 'clock'>,
): Promise<boolean> => {
  const [read, now] = [await ports.policies.load(), ports.clock.now()]
  const policy = await asCounted(ports.ledger, read)
  const { dollars, ladder = [] } = policy.budget
  const lane = budgetRoom(budgetOf(policy))
  // Also of what the ladder has no more: until that is forgotten, it would be there again where it is written again.
  const names = [...new Set([...ACTING, ...ladder.map(rungName)])]
  const ids = names.map((name) => rungId({ lane, name }))
  const rows = valuesOf(await readRows(ports.ledger, 'rung', ids))
  if (ladder.length === 0 && rows.length === 0) return false
  const { spend } = await spendNow(ports.ledger, now)
  const spent = spend.since === null ? null : spend.dollars
  // Only whether any is due is asked: what each would say is its lane's.
  const due = rungsDue(rows, { lane, spent, dollars, ladder, now, until: monthBegin(now, 1), saves: NOTHING, caps: {} })
  if (due.length === 0) return false
  await wake(ports, lane, `ladder.${Math.floor(now / 60_000)}`)
  return true
}
