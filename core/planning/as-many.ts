import type { Plan, Planned } from '../plan.ts'
import type { PlanRefusal } from '../reasons.ts'
import type { PoolView, World } from '../world.ts'

/** How many replicas are brought, and what people have agreed to of that. */
interface Counts {
  /** As many as were judged. */
  most: number
  /** So many stand already; left out: none. */
  stand?: number
  /** The digest of what people have agreed to; left out: nothing. */
  agreed: string | undefined
}

/** The plan of so many; `isPaper`: as if there were room for all of them, which nobody carries out. */
type PlanOf = (count: number, isPaper: boolean) => Planned

/** Refusals that say that there is no room. */
const NO_ROOM: ReadonlySet<PlanRefusal> = new Set<PlanRefusal>(['would-deadlock', 'pool-too-small'])

/**
 * The plan of all of them, or of as many fewer as have room: it is about what nobody answers for, or too few do, and some are better than none. Where people have
 * agreed to so many of them it is of no more, whatever room there is by now, and of as many of those as have some: what they said yes to goes
 * first, and what else is wanted of it is asked about after that. What there is no room for at all is refused as all of it.
 */
export const asManyAsFit = ({ most, stand = 0, agreed }: Counts, planOf: PlanOf): Planned => {
  const counts = Array.from({ length: Math.max(0, most - stand) }, (_, index) => most - index)
  const yes = agreed === undefined ? undefined : counts.find((count) => digestOf(planOf(count, true)) === agreed)
  const first = planOf(yes ?? most, false)
  if (!isFull(first)) {
    if (!isPlan(first) || yes === undefined || yes === most) return first
    return withRest(first, isFull(planOf(yes + 1, false)) ? roomText(yes, most) : agreedText(yes, most))
  }
  for (const count of counts.filter((one) => one < (yes ?? most))) {
    const fewer = planOf(count, false)
    if (!isPlan(fewer)) continue
    const rest = withRest(fewer, roomText(count, most))
    return yes === undefined || agreed === undefined ? rest : { ...rest, plan: { ...rest.plan, partOf: agreed } }
  }
  return yes === undefined ? first : planOf(most, false)
}

type OfPlan = Extract<Planned, { kind: 'plan' }>
const isPlan = (planned: Planned): planned is OfPlan => planned.kind === 'plan'
const isFull = (planned: Planned): boolean => planned.kind === 'refuse' && NO_ROOM.has(planned.reason)
const digestOf = (planned: Planned): string | null => (isPlan(planned) ? planned.plan.digest : null)

const roomText = (count: number, most: number): string =>
  `${count} of ${most} ${count === 1 ? 'has' : 'have'} room now: what else is wanted of it follows once that has`
const agreedText = (count: number, most: number): string =>
  `${count} of ${most} ${count === 1 ? 'was' : 'were'} agreed to: what else is wanted of it is asked about once that stands`

/** The plan, with what is missing after it: who is asked is told so, and so is the channel. */
const withRest = (planned: OfPlan, text: string): OfPlan => {
  const { reasons, steps } = planned.plan
  const told = steps.map((step): Plan['steps'][number] =>
    step.kind === 'notify' ? { ...step, text: `${step.text}; ${text}` } : step,
  )
  return { ...planned, plan: { ...planned.plan, reasons: [text, ...reasons], steps: told } }
}

/** The world as if nobody else had anything of its pools, nor of the budget. */
export const asIfAllHadRoom = (world: World): World => ({
  ...world,
  dollars: { spent: 0, held: 0 },
  pools: Object.fromEntries(Object.entries(world.pools).map(([name, view]) => [name, emptied(view)])),
})

/** A pool without a ceiling, and with nobody's pods but the lane's. */
const emptied = ({ nodes: _, behind: __, passing: ___, ...view }: PoolView): PoolView => ({
  ...view,
  ...{ ceiling: null, heldByOthers: 0, used: view.usedByLane },
})

/** What is planned, and the rule of it, in that world. */
export const whereAllHaveRoom = <I extends { world: World }, R extends { view: PoolView }>({
  input,
  rule,
}: {
  input: I
  rule: R
}): { input: I; rule: R } => ({
  input: { ...input, world: asIfAllHadRoom(input.world) },
  rule: { ...rule, view: emptied(rule.view) },
})
