import type { Policy, PoolPolicy, StagePolicy } from '../policy.ts'
import { highestOf } from '../pools/ceiling.ts'
import { amountText, isOfSlices, mostKey, mostSaid } from '../pools/counts.ts'
import { stagesAs } from './alternatives.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { nameOfStage, nodesOfStage, takenByPod } from './stages.ts'

/** What of a pool is asked for by what the policy names. */
interface Use {
  path: string
  lane: string
  pool: string
  /** Of one pod, and of all that run at once. */
  gpus: number
  together: number
  /** Nodes that it runs on at once, where it is said. */
  nodes?: number
}

/** What stages and services ask for. */
export const usesOf = ({ pipelines, services }: Policy): Use[] => [
  ...Object.entries(pipelines).flatMap(([name, rule]) =>
    rule.stages.map((stage, index) => ({
      path: `pipelines.${name}.stages.${index}.gpus`,
      lane: laneOf('pipeline', name, rule),
      ...useOfStage(stage),
    })),
  ),
  ...Object.entries(services).map(([name, rule]) => {
    const { pool, gpusPerReplica: gpus, replicas } = rule
    const path = `services.${name}.gpusPerReplica`
    return { path, lane: laneOf('service', name, rule), pool, gpus, together: gpus * replicas }
  }),
]

const useOfStage = (stage: StagePolicy): Pick<Use, 'pool' | 'gpus' | 'together' | 'nodes'> => {
  const { pool } = stage
  const [gpus, nodes] = [takenByPod(stage), nodesOfStage(stage)]
  return { pool, gpus, together: nodes * gpus, nodes }
}

/** What alternatives ask for: one that can never run is never offered, and keeps its lane from nothing. */
export const alternativeUses = ({ pipelines }: Policy): Use[] =>
  Object.entries(pipelines).flatMap(([name, { stages, alternatives = {} }]) =>
    Object.entries(alternatives).flatMap(([key, one]) =>
      stagesAs(stages, one, nameOfStage).flatMap((stage): Use[] => {
        const of = nameOfStage(stage)
        const path = `pipelines.${name}.alternatives.${key}.stages.${of}`
        return Object.hasOwn(one.stages, of) ? [{ path, lane: '', ...useOfStage(stage) }] : []
      }),
    ),
  )

/** Why its pool could never give that; nothing: it could. */
export const useOnPaper = ({ pools }: Policy, { path, lane, pool, gpus, together, nodes = 1 }: Use): OnPaper[] => {
  const rule = pools[pool]
  const { gpusPerNode = 0, hours } = rule ?? {}
  const most = rule === undefined ? 0 : highestOf(rule)
  if (gpus > gpusPerNode)
    return [
      {
        path,
        why: `a node of ${pool} has ${gpusPerNode} GPUs, not ${gpus}${moreText(path, gpus, gpusPerNode)}`,
        lanes: [lane],
      },
    ]
  if (nodes > 1 && gpus < gpusPerNode)
    return [
      {
        path,
        why: `it runs on ${nodes} whole nodes, and one of ${pool} has ${gpusPerNode} GPUs: write ${gpusPerNode}, not ${gpus}`,
        lanes: [lane],
      },
    ]
  return together > most
    ? [
        {
          path,
          why: `${amountText(together, rule)} ${together === 1 ? 'is' : 'are'} asked for and pools.${pool}.${mostKey(rule)} is ${mostText(most, rule)}${hours === undefined ? '' : ' at its highest hours'}: raise it, or ask for less`,
          lanes: [lane],
        },
      ]
    : []
}

/** What to say in place of more GPUs than a node has: a stage may have several of them. */
const moreText = (path: string, gpus: number, gpusPerNode: number): string => {
  if (path.startsWith('services.')) return '; a replica over several nodes is not there yet'
  return gpusPerNode > 0 && gpus % gpusPerNode === 0
    ? `: say \`gpus: ${gpusPerNode}\` and \`nodes: ${gpus / gpusPerNode}\``
    : ': say how many `nodes` of them it runs on'
}

/** `16`, as its key says it; where nodes are written and slices are counted, with how many those have. */
const mostText = (most: number, rule: PoolPolicy | undefined): string => {
  if (rule === undefined || !isOfSlices(rule)) return String(most)
  return `${mostSaid(most, rule)}, which ${most === 0 ? 'has none' : `have ${amountText(most, rule)}`}`
}
