import type { Planned } from '../plan.ts'
import type { PlanRefusal } from '../reasons.ts'

/** Refusals that say that there is no room. */
const NO_ROOM: ReadonlySet<PlanRefusal> = new Set<PlanRefusal>(['would-deadlock', 'pool-too-small'])

/** The plan of so many, or of as many fewer as have room: nobody answers meanwhile. What there is no room for at all is refused as all of it. */
export const asManyAsFit = (most: number, planOf: (count: number) => Planned): Planned => {
  const all = planOf(most)
  if (all.kind !== 'refuse' || !NO_ROOM.has(all.reason)) return all
  for (let count = most - 1; count > 0; count--) {
    const fewer = planOf(count)
    if (fewer.kind !== 'plan') continue
    const why = `${count} of ${most} ${count === 1 ? 'has' : 'have'} room now: what else is wanted of it follows once that has`
    return { ...fewer, plan: { ...fewer.plan, reasons: [why, ...fewer.plan.reasons] } }
  }
  return all
}
