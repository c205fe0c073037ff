import type { Plan } from '../plan.ts'
import type { Guard } from './change.ts'
import type { Hold } from './document.ts'
import type { View } from './view.ts'

/** Rooms are what is held of: `pool/<name>` in GPUs, `budget/<name>` in dollars. */
export const poolRoom = (pool: string): string => `pool/${pool}`
export const budgetRoom = (budget: string): string => `budget/${budget}`

/** The counter of a month's spending: `2026-11` in UTC. */
export const spentSum = (budget: string, now: number): string =>
  `spent/${budget}/${new Date(now).toISOString().slice(0, 7)}`

/** Sums are whole numbers, so that adding and taking away again ends where it began: dollars count in cents. */
export const centsOf = (dollars: number): number => Math.ceil(Math.round(dollars * 1e4) / 100)

/** What a hold takes of each room: GPUs, or cents. */
export const amountsOf = (hold: Hold | null): Record<string, number> =>
  hold === null
    ? {}
    : {
        ...Object.fromEntries(Object.entries(hold.gpus).map(([pool, gpus]) => [poolRoom(pool), gpus])),
        [budgetRoom(hold.budget)]: centsOf(hold.dollars),
      }

/** Why a plan does not fit now, or null. A lane's own GPUs are part of its plan's peak, so only others count against it. */
export const whyFull = ({ world, policy }: View, { bounds }: Plan): string | null => {
  if (world === null) return 'nobody has looked'
  for (const [pool, gpus] of Object.entries(bounds.gpus)) {
    const seen = world.pools[pool]
    if (seen === undefined) return `there is no pool ${pool}`
    if (seen.ceiling !== null && gpus + seen.heldByOthers > seen.ceiling)
      return `${pool} has ${Math.max(0, seen.ceiling - seen.heldByOthers)} of ${seen.ceiling} GPUs free for it, and it needs ${gpus}`
  }
  const { spent, held } = world.dollars
  const { dollars } = policy.budget
  if (bounds.dollars > 0 && spent + held + bounds.dollars > dollars)
    return `$${spent.toFixed(2)} spent and $${held.toFixed(2)} held leave no $${bounds.dollars.toFixed(2)} of $${dollars}`
  return null
}

/** What a plan sets aside, and how high each sum may be with it: exact among ours, a moment old against others (law 10). */
export const holdOf = ({ world, policy }: View, { bounds }: Plan): { hold: Hold; guard: Guard } => {
  const hold: Hold = { gpus: bounds.gpus, budget: policy.budget.name, dollars: bounds.dollars }
  const pools = Object.keys(bounds.gpus).map((pool) => {
    const seen = world?.pools[pool]
    return [poolRoom(pool), seen?.ceiling == null ? null : seen.ceiling - seen.beyondHolds] as const
  })
  const dollars = bounds.dollars > 0 ? centsOf(policy.budget.dollars - (world?.dollars.spent ?? 0)) : null
  return { hold, guard: { ...Object.fromEntries(pools), [budgetRoom(policy.budget.name)]: dollars } }
}

/** Rooms in whose line a plan waits, with what it needs of each. */
export const lineOf = ({ policy }: View, { bounds }: Plan): Record<string, number> =>
  amountsOf({ gpus: bounds.gpus, budget: policy.budget.name, dollars: bounds.dollars })

/** Rooms in which a hold has become less: who waits for them is woken. */
export const freedRooms = (before: Hold | null, after: Hold | null): string[] => {
  const now = amountsOf(after)
  return Object.entries(amountsOf(before))
    .filter(([room, amount]) => amount > (now[room] ?? 0))
    .map(([room]) => room)
}
