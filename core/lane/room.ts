import { BUDGET, laneOf, POOL } from '../lane-kinds/kind.ts'
import { addMonths, type Months, mapMonths, monthOf, type Spent, spentByMonth } from '../money/months.ts'
import type { Plan } from '../plan.ts'
import type { Policy } from '../policy.ts'
import { unitsOf } from '../pools/counts.ts'
import type { HoldRow } from '../rows.ts'
import type { World } from '../world.ts'
import { mayCost } from './bound.ts'
import type { Guard } from './change.ts'
import type { LaneDocument } from './document.ts'
import type { Gpus, Hold } from './hold.ts'
import type { View } from './view.ts'
import { wholeNodesOf, whyNoNodes } from './whole-nodes.ts'

/**
 * Rooms are what is held of: `pool/<name>` in GPUs, which is also the lane that grants its line; `budget/<name>` in dollars.
 * A pool that Kueue owns is none: Kueue lends it, and Jobs of ours there hold dollars only (law 10).
 */
export const poolRoom = (pool: string): string => laneOf({ name: POOL }, pool)
export const budgetRoom = (budget: string): string => laneOf({ name: BUDGET }, budget)

/** The name that the budget is counted under. There is one: a new name is no new money. */
export const budgetOf = ({ budget: { name, known = name } }: Pick<Policy, 'budget'>): string => known

const isRoom = ({ pools }: Pick<Policy, 'pools'>, pool: string): boolean => pools[pool]?.queue === undefined

/** Lanes of the pools of the policy in force. */
export const lanesOfPools = ({ pools }: Pick<Policy, 'pools'>): string[] => Object.keys(pools).map(poolRoom)

/** Rooms of the policy in force that are pools. */
export const poolRooms = (policy: Pick<Policy, 'pools'>): string[] =>
  Object.keys(policy.pools)
    .filter((pool) => isRoom(policy, pool))
    .map(poolRoom)

/** Rooms of the policy in force. */
export const roomsOf = (policy: Pick<Policy, 'pools' | 'budget'>): string[] => [
  ...poolRooms(policy),
  budgetRoom(budgetOf(policy)),
]

/** Dollars that a plan holds for itself: what it only lets others use they hold. */
const ownDollars = ({ lends, bounds }: Pick<Plan, 'lends' | 'bounds'>): number => (lends === true ? 0 : bounds.dollars)

/** Lanes of the pools that a plan takes GPUs of, whoever grants them. */
export const poolsHeldOf = (plan: Pick<Plan, 'bounds'> | undefined): string[] =>
  Object.entries(plan?.bounds.gpus ?? {}).flatMap(([pool, gpus]) => (gpus > 0 ? [poolRoom(pool)] : []))

/** GPUs that a plan takes of rooms. */
export const gpusOfRooms = ({ policy }: Pick<View, 'policy'>, { bounds }: Pick<Plan, 'bounds'>): Gpus =>
  Object.fromEntries(Object.entries(bounds.gpus).filter(([pool]) => isRoom(policy, pool)))

/** The counter of a month's spending: `2026-11` in UTC. */
export const spentSum = (budget: string, now: number): string => spentIn(budget, monthOf(now))
export const spentIn = (budget: string, month: string): string => `spent/${budget}/${month}`

/** The counter of those who stand in a room's line: while it is not 0, nobody holds of the room but by being granted. */
export const lineSum = (room: string): string => `line/${room}`

/** The room that a counter is of: of its line, or of what is held in it. */
export const roomOfSum = (sum: string): string => (sum.startsWith(lineSum('')) ? sum.slice(lineSum('').length) : sum)

/** Sums are whole numbers, so that adding and taking away again ends where it began: dollars count in cents. */
export const centsOf = (dollars: number): number => Math.ceil(Math.round(dollars * 1e4) / 100)

/** Cents of runs that have ended, by the month in which they were spent; months in which nothing was are left out. */
export const centsByMonth = (past: readonly Spent[]): Months =>
  Object.fromEntries(
    Object.entries(addMonths(...past.map((run) => mapMonths(spentByMonth(run), centsOf)))).filter(
      ([, cents]) => cents > 0,
    ),
  )

/** GPUs of pools as what they take of each room. */
export const gpusOf = (gpus: Gpus): Record<string, number> =>
  Object.fromEntries(Object.entries(gpus).map(([pool, count]) => [poolRoom(pool), count]))

/** What of a document says what is held for its lane. */
type Holding = Pick<LaneDocument, 'run' | 'stands' | 'halfwayCosts' | 'halfway' | 'lasts'>

/** What is held for a lane of each room: by its run, else for what stands of it. */
export const holdingOf = ({ run, stands, halfwayCosts: costs }: Holding): Record<string, number> => {
  if (run !== null && run.hold !== null) return amountsOf(run.hold)
  return costs === undefined
    ? gpusOf(stands ?? {})
    : amountsOf({ gpus: stands ?? {}, budget: costs.budget, dollars: costs.left })
}

/**
 * What of each room is held for a lane for good: what stands once its run is over, which ends by its plan, or goes back to what stood before.
 * Rooms of which all stays are left out.
 */
export const lastingOf = ({ run, stands = {}, halfway, lasts }: Holding): Record<string, number> => {
  const { hold = null, ending = null } = run ?? {}
  // An earlier release leaves it in a document that is halfway no more.
  const before = halfway === true ? lasts : undefined
  const stays = hold === null ? before : ending === null ? hold.lasts : (before ?? stands)
  if (stays === undefined) return {}
  const amounts = Object.entries(hold?.gpus ?? stands)
  return gpusOf(
    Object.fromEntries(
      amounts.flatMap(([pool, amount]) => ((stays[pool] ?? 0) < amount ? [[pool, stays[pool] ?? 0]] : [])),
    ),
  )
}

/** A lane's row of a room; undefined: nothing of it is held for the lane. */
export const holdRowOf = (lane: string, doc: Holding, room: string): HoldRow | undefined => {
  const [amount, lasts] = [holdingOf(doc)[room], lastingOf(doc)[room]]
  return amount === undefined ? undefined : { lane, amount, ...(lasts === undefined ? {} : { lasts }) }
}

/** The larger of two in each pool. */
export const larger = (a: Gpus, b: Gpus): Gpus => {
  const pools = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return Object.fromEntries(pools.map((pool) => [pool, Math.max(a[pool] ?? 0, b[pool] ?? 0)]))
}

/** What a hold takes of each room: GPUs, or cents. */
export const amountsOf = (hold: Hold | null): Record<string, number> =>
  hold === null
    ? {}
    : {
        ...gpusOf(hold.gpus),
        [budgetRoom(hold.budget)]: centsOf(hold.dollars),
      }

/**
 * Why a plan does not fit now, or null. A lane's own GPUs are part of its plan's peak, so only others count against it; of a room that
 * it takes no more of than is held for it nothing need be free, however low its ceiling has become.
 */
export const whyFull = (view: View, plan: Plan): string | null => {
  const { world, policy, doc } = view
  if (world === null) return 'nobody has looked'
  for (const [pool, gpus] of Object.entries(gpusOfRooms(view, plan))) {
    const seen = world.pools[pool]
    if ((doc.stands?.[pool] ?? 0) >= gpus && (view.holds[poolRoom(pool)]?.amount ?? 0) >= gpus) continue
    if (seen === undefined) return `there is no pool ${pool}`
    const others = seen.heldByOthers - (seen.behind ?? 0)
    if (seen.ceiling !== null && gpus + others > seen.ceiling)
      return `${pool} has ${Math.max(0, seen.ceiling - others)} of ${seen.ceiling} ${unitsOf(policy.pools[pool])} free for it, and it needs ${gpus}`
  }
  return whyNoNodes({ policy, world }, nodesToTake(view, plan)) ?? whyNoDollars(view, plan, world)
}

const whyNoDollars = ({ policy, doc }: View, plan: Plan, { dollars: { spent, held } }: World): string | null => {
  const { dollars } = policy.budget
  const least = besideHalfway(doc, ownDollars(plan))
  return least > 0 && spent + held + least > dollars
    ? `$${spent.toFixed(2)} spent and $${held.toFixed(2)} held leave no $${least.toFixed(2)} of $${dollars}`
    : null
}

/** Whole nodes that a plan needs at once of pools of which it is to hold more than is held for it. */
export const nodesToTake = ({ holds }: Pick<View, 'holds'>, plan: Plan): Record<string, number> =>
  Object.fromEntries(
    Object.entries(wholeNodesOf(plan)).filter(
      ([pool]) => (plan.bounds.gpus[pool] ?? 0) > (holds[poolRoom(pool)]?.amount ?? 0),
    ),
  )

/**
 * What a plan sets aside, and how high each sum may be with it: exact among ours, a moment old against others (law 10). What
 * stood before is part of it until it is seen gone.
 */
export const holdOf = (view: View, plan: Plan): { hold: Hold; guard: Guard } => {
  const { world, policy } = view
  const hold = { ...neededHold(view, plan), ...lastingIn(view, plan), ...dollarsToHold(view, plan) }
  const pools = Object.keys(gpusOfRooms(view, plan)).map((pool) => {
    const seen = world?.pools[pool]
    return [
      poolRoom(pool),
      seen?.ceiling == null ? null : seen.ceiling - seen.beyondHolds + (seen.behind ?? 0),
    ] as const
  })
  const dollars = hold.dollars > 0 ? centsOf(policy.budget.dollars - (world?.dollars.spent ?? 0)) : null
  return { hold, guard: { ...Object.fromEntries(pools), [budgetRoom(budgetOf(policy))]: dollars } }
}

/**
 * Dollars to hold for a plan: all that is left of what was approved, which its work may then cost; and its own bound, which is all that it
 * needs, where the budget has no room for that. Who needs little waits for no more (law 10).
 */
const dollarsToHold = ({ doc, policy, world }: View, plan: Plan): Pick<Hold, 'dollars' | 'atMost'> => {
  const [least, most] = [ownDollars(plan), plan.lends === true ? 0 : mayCost(doc, plan)]
  const all = { dollars: besideHalfway(doc, most) }
  if (world === null || most <= least) return all
  const free = centsOf(policy.budget.dollars - world.dollars.spent - world.dollars.held)
  return centsOf(all.dollars) <= free ? all : { dollars: besideHalfway(doc, least), atMost: least }
}

/** Of a kind of which nothing stands all is given back. */
const lastingIn = ({ kind }: Pick<View, 'kind'>, { stands }: Plan): Pick<Hold, 'lasts'> => {
  if (!kind.stands) return { lasts: {} }
  return stands === undefined ? {} : { lasts: stands }
}

/** What a plan needs to hold of each room: of dollars no more than what remains of it may cost. */
export const needsOf = (view: Pick<View, 'policy' | 'doc'>, plan: Plan): Record<string, number> =>
  amountsOf(neededHold(view, plan))

const neededHold = (view: Pick<View, 'policy' | 'doc'>, plan: Plan): Hold => ({
  gpus: larger(gpusOfRooms(view, plan), view.doc.stands ?? {}),
  budget: budgetOf(view.policy),
  dollars: besideHalfway(view.doc, ownDollars(plan)),
})

/** With what is left for what stands halfway, until it is seen gone. */
const besideHalfway = ({ halfwayCosts }: LaneDocument, dollars: number): number => dollars + (halfwayCosts?.left ?? 0)
