import { approvalNeed } from '../answers.ts'
import { type LeaseDesired, requesterIn } from '../desired.ts'
import { milliseconds } from '../duration.ts'
import { laneName, type PlanInput } from '../lane-kinds/kind.ts'
import { cents, centsRange, priceSource, usd } from '../money/prices.ts'
import { runName } from '../names.ts'
import type { Plan, Planned, Price } from '../plan.ts'
import { ownGpus } from '../policy/counted.ts'
import type { Policy } from '../policy.ts'
import { isInForce } from '../pools/ceiling.ts'
import { amountText } from '../pools/counts.ts'
import { ceilingParts, type Leasing, leasePrice, whyNoLease } from '../pools/lease.ts'
import type { ResizePoolStep } from '../pools/step.ts'
import type { PlanRefusal } from '../reasons.ts'
import { counted, minuteText } from '../text.ts'
import type { World } from '../world.ts'
import { effectsOf } from './effects.ts'

/** A lease in the words of a person. */
export const leaseTitle = ({ gpus, until, of, counts }: LeaseDesired): string =>
  of === undefined
    ? `lease of ${amountText(gpus, { counts })} until ${minuteText(until)}`
    : `lease ${of} of ${amountText(gpus, { counts })} until ${minuteText(until)}`

/** What a new lease is called: after the generation of its pool's lane that brought it. */
export const leaseId = ({ of }: Pick<LeaseDesired, 'of'>, generation: number): string => of ?? `g${generation}`

/**
 * The plan of a lease: the ceiling of its pool goes up by so much until then. It is priced as all of its nodes for all of its time, which
 * is the most that it can cost; what uses it holds its own dollars, so nothing is held for it.
 */
export const planLease = (input: PlanInput<LeaseDesired>): Planned => {
  const { policy, desired, world, run, now } = input
  const weighed = weighedOf(input)
  if ('kind' in weighed) return weighed
  const { leasing, price } = weighed
  const priced = priceOf(price, leasing, desired.gpus)
  const over = overBudget(policy, world, priced.total.p95)
  if (over !== null) return refuse('budget-exceeded', over)
  const requester = requesterIn(desired)
  const approval = approvalNeed(policy.approvals, { requester, dollars: priced.total.p95, rung: input.asks })
  if (approval.kind === 'refuse') return refuse(approval.reason, approval.detail)
  const step = stepOf(desired, { name: leasing.name, id: leaseId(desired, run.generation) })
  const plan: Plan = {
    ...run,
    id: runName(input.identity, run),
    policy: policy.version,
    desired,
    requester,
    title: step.title,
    steps: [step],
    ...effectsOf({ objects: [], interrupts: [], steps: [step] }),
    // What is over by then would raise nothing, and what it extends has to be there.
    bounds: {
      dollars: priced.total.p95,
      gpus: {},
      unavailable: 0,
      until: Math.min(now + milliseconds(policy.approvals.expiry), endOf(desired, leasing)),
    },
    lends: true,
    price: priced,
    strategy: null,
    interrupts: [],
    undo: `\`signalbox lease ${leasing.name} --end\` ends it at once: what runs then is finished.`,
    reasons: reasonsOf(desired, { leasing, price, policy, world }),
    approval: approval.need,
  }
  return { kind: 'plan', plan }
}

/** When nothing comes of it any more: of an extension once what it extends is over. */
const endOf = ({ of, until }: LeaseDesired, { rows }: Leasing): number =>
  Math.min(until, rows.find(({ id }) => id === of)?.until ?? until)

/** The pool as it is, and what the lease would cost; or why there is no plan. */
const weighedOf = ({
  policy,
  desired,
  world,
  run,
  now,
}: PlanInput<LeaseDesired>): Planned | { leasing: Leasing; price: Priced } => {
  const name = laneName(run.lane)
  const rule = policy.pools[name]
  if (rule === undefined) return refuse('pool-unknown', `the policy has no pool ${name}`)
  const view = world.pools[name]
  const leasing: Leasing = { name, rule, rows: view?.leases ?? [], now }
  const known = leasing.rows.find(({ id }) => desired.of === undefined && id === leaseId(desired, run.generation))
  if (known !== undefined && isInForce(known, now))
    return { kind: 'nothing', reason: `${known.id} is leased already, until ${minuteText(known.until)}` }
  const why = whyNoLease(desired, leasing)
  const price = leasePrice(desired, leasing)
  if (why !== null || price === null) return refuse('lease-not-allowed', why ?? `${name} has no price`)
  if (view?.capped !== undefined) return refuse('lease-not-allowed', view.capped)
  if (view?.unset !== undefined)
    return refuse('ceiling-not-set', `${view.unset}; until then nothing is leased of ${name}`)
  return { leasing, price }
}

const refuse = (reason: PlanRefusal, detail: string): Planned => ({ kind: 'refuse', reason, detail })

const stepOf = (desired: LeaseDesired, { name, id }: { name: string; id: string }): ResizePoolStep => {
  const { gpus, until, of, requester, counts } = desired
  const amount = amountText(gpus, { counts })
  const what = of === undefined ? `Lease ${amount} of ${name}` : `Extend the lease ${of} of ${amount} of ${name}`
  return {
    kind: 'resize-pool',
    name: 'lease',
    title: `${what} until ${minuteText(until)}`,
    why: `${requester ?? 'somebody'} asks for it`,
    pool: name,
    lease: { id, gpus, until, by: requester ?? '', extends: of !== undefined },
  }
}

type Priced = NonNullable<ReturnType<typeof leasePrice>>

const priceOf = (
  { nodes, hours, perHour, total }: Priced,
  { name, rule }: Pick<Leasing, 'name' | 'rule'>,
  gpus: number,
): Price => ({
  total: centsRange(total),
  perHour: centsRange(perHour),
  nowPerHour: 0,
  gpuHours: { p50: 0, p95: cents((hours * gpus * ownGpus(rule)) / rule.gpusPerNode) },
  ...(rule.counts === 'nodes' ? { nodeHours: { p50: 0, p95: cents(hours * gpus) } } : {}),
  sources: [`${counted(nodes, 'node')} for ${hoursText(hours)} at most: ${priceSource(name, rule)}`],
})

const hoursText = (hours: number): string => `${Math.round(hours * 100) / 100} h`

const overBudget = ({ budget }: Policy, { dollars: { spent, held } }: World, dollars: number): string | null => {
  const sum = spent + held + dollars
  if (sum <= budget.dollars) return null
  return (
    `${usd(spent)} spent this month, ${usd(held)} held by other plans and up to ${usd(dollars)} for this lease are ${usd(sum)}, ` +
    `${usd(sum - budget.dollars)} over the ${usd(budget.dollars)} of ${budget.name}`
  )
}

const reasonsOf = (
  { gpus, until }: LeaseDesired,
  { leasing, price, policy, world }: { leasing: Leasing; price: Priced; policy: Policy; world: World },
): string[] => {
  const { name, rule } = leasing
  const { own, leased } = ceilingParts(leasing)
  const { spent, held } = world.dollars
  return [
    `${name}: ${own} of its own now and ${leased} leased; leases may add ${rule.leases?.maxGpus ?? 0} together, for ${counted(rule.leases?.maxHours ?? 0, 'hour')} at most`,
    'nodes start only as pods need them: what nobody uses of it costs nothing',
    `at ${minuteText(until)} it is over by itself: nothing is stopped, what runs then is finished, and nothing new begins on these ${amountText(gpus, rule)}`,
    `priced at ${counted(price.nodes, 'node')} for ${hoursText(price.hours)}, all in use: ${priceSource(name, rule)}`,
    `${policy.budget.name}: ${usd(spent)} spent and ${usd(held)} held of ${usd(policy.budget.dollars)}; what uses the lease holds its own dollars, so nothing is held for it`,
  ]
}
