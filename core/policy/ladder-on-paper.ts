import { nodeHour, usd } from '../money/prices.ts'
import type { Policy } from '../policy.ts'
import { highestOf, wholeNodes } from '../pools/ceiling.ts'
import type { OnPaper } from './paper.ts'
import { nameOfStage } from './stages.ts'

/** What of a ladder, and of what says that it keeps to it, comes to nothing: nobody would see that before the money is gone. */
export const ladderOnPaper = (policy: Policy): OnPaper[] =>
  [...neverReached(policy), ...suspendsNothing(policy), ...floorsNothing(policy)].map((one) => ({ ...one, lanes: [] }))

type Wrong = Omit<OnPaper, 'lanes'>

/** Hours of the longest month. */
const MONTH = 31 * 24

/** Dollars that all nodes may cost in a month which pools may ever have, leases and all; null: of one nobody knows the price. */
const mostOfMonth = ({ pools }: Policy): number | null => {
  const costs = Object.values(pools).map((pool) => {
    const [hour, most] = [nodeHour(pool), highestOf(pool) + (pool.leases?.maxGpus ?? 0)]
    return hour === null ? null : (wholeNodes(most, pool) / pool.gpusPerNode) * hour.p95 * MONTH
  })
  return costs.includes(null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0)
}

const neverReached = (policy: Policy): Wrong[] => {
  const { ladder = [], dollars } = policy.budget
  const most = mostOfMonth(policy)
  if (most === null) return []
  return ladder.flatMap(({ at, do: does }, index) =>
    at * dollars <= most
      ? []
      : [
          {
            path: `budget.ladder.${index}.at`,
            why: `\`${does}\` is there from ${usd(at * dollars)} on, and all nodes that the pools may have cost up to ${usd(most)} in a month of 31 days: it is never reached; write a lower share, or lower dollars`,
          },
        ],
  )
}

const suspendsNothing = ({ budget: { ladder = [] }, pipelines }: Policy): Wrong[] => {
  const rung = ladder.findIndex(({ do: does }) => does === 'suspend-preemptible')
  const stages = Object.entries(pipelines).flatMap(([name, { stages: all }]) =>
    all.flatMap((stage, index) =>
      stage.preemptible ? [{ path: `pipelines.${name}.stages.${index}.preemptible`, stage: nameOfStage(stage) }] : [],
    ),
  )
  if (rung >= 0)
    return stages.length > 0
      ? []
      : [
          {
            path: `budget.ladder.${rung}.do`,
            why: 'no stage says `preemptible: true`, so `suspend-preemptible` suspends nothing: say it of stages that save what they have, or leave the rung out',
          },
        ]
  return stages.map(({ path, stage }) => ({
    path,
    why: `no rung of budget.ladder is \`suspend-preemptible\`, so nothing ever suspends ${stage}: add the rung, or leave this out`,
  }))
}

const floorsNothing = ({ budget: { ladder = [] }, services }: Policy): Wrong[] => {
  const rung = ladder.findIndex(({ serving }) => serving === 'floor')
  const floors = Object.entries(services).filter(([, { floor, replicas }]) => floor !== undefined && floor < replicas)
  if (rung >= 0)
    return floors.length > 0
      ? []
      : [
          {
            path: `budget.ladder.${rung}.serving`,
            why: 'no service has a `floor` below its `replicas`, so none makes do with fewer: say one, or leave this out',
          },
        ]
  return floors.map(([name]) => ({
    path: `services.${name}.floor`,
    why: "no rung of budget.ladder says `serving: 'floor'`, so nothing ever scales it down to that: say it of one, or leave this out",
  }))
}
