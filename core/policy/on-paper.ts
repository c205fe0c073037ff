import { GPUS_OF } from '../money/gpu-types.ts'
import type { Policy } from '../policy.ts'
import { nearest } from './problems.ts'

/** A part of the policy that can never do what it says, though it holds together: where, why, and what to write. */
export interface OnPaper {
  path: string
  why: string
}

/**
 * What of a valid policy cannot work as it is written. Of prices, ceilings and sizes a plan says so once an event comes; who writes
 * the policy is told before that.
 */
export const onPaper = (policy: Policy): OnPaper[] => [
  ...Object.entries(policy.pools).flatMap(([name, pool]) => poolOnPaper(name, pool)),
  ...usesOf(policy).flatMap((use) => useOnPaper(policy, use)),
  ...nestedPrefixes(policy),
]

const poolOnPaper = (
  name: string,
  { instanceType, gpusPerNode, maxGpus, price }: Policy['pools'][string],
): OnPaper[] => {
  const path = `pools.${name}`
  const gpus = GPUS_OF.get(instanceType)
  const like = nearest(instanceType, [...GPUS_OF.keys()])
  const meant = like === null ? 'check its name and gpusPerNode at AWS' : `did you mean \`${like}\`?`
  return [
    ...(gpus === undefined
      ? [{ path: `${path}.instanceType`, why: `no GPU type \`${instanceType}\` is known: ${meant}` }]
      : []),
    ...(gpus !== undefined && gpus !== gpusPerNode
      ? [{ path: `${path}.gpusPerNode`, why: `${instanceType} has ${gpus}, not ${gpusPerNode}: write ${gpus}` }]
      : []),
    ...(price === null
      ? [
          {
            path: `${path}.price`,
            why: 'nothing is planned without a price: `signalbox prices` reads it from the price list',
          },
        ]
      : []),
    ...(maxGpus > 0 && maxGpus < gpusPerNode
      ? [{ path: `${path}.maxGpus`, why: `${maxGpus} is less than one node of ${gpusPerNode}: no node can start` }]
      : []),
  ]
}

interface Use {
  path: string
  pool: string
  /** Of one pod, and of all that run at once. */
  gpus: number
  together: number
}

const usesOf = ({ datasets, models }: Policy): Use[] => [
  ...Object.entries(datasets).flatMap(([name, rule]) =>
    (['launch', 'evaluate'] as const).map((step) => {
      const { pool, gpus } = rule[step]
      return { path: `datasets.${name}.${step}.gpus`, pool, gpus, together: gpus }
    }),
  ),
  ...Object.entries(models).map(([name, { pool, gpusPerReplica, replicas }]) => {
    const together = gpusPerReplica * replicas
    return { path: `models.${name}.gpusPerReplica`, pool, gpus: gpusPerReplica, together }
  }),
]

const useOnPaper = ({ pools }: Policy, { path, pool, gpus, together }: Use): OnPaper[] => {
  const { gpusPerNode = 0, maxGpus = 0 } = pools[pool] ?? {}
  if (gpus > gpusPerNode)
    return [
      {
        path,
        why: `a node of ${pool} has ${gpusPerNode} GPUs, not ${gpus}; a pod over several nodes is not there yet`,
      },
    ]
  return together > maxGpus
    ? [
        {
          path,
          why: `${together} GPUs are asked for and pools.${pool}.maxGpus is ${maxGpus}: raise it, or ask for less`,
        },
      ]
    : []
}

/** What lies below the inner prefix never reaches the outer rule. */
const nestedPrefixes = ({ datasets }: Policy): OnPaper[] => {
  const rules = Object.entries(datasets)
  return rules.flatMap(([inner, { bucket, prefix }]) =>
    rules
      .filter(([outer, rule]) => outer !== inner && rule.bucket === bucket && prefix.startsWith(rule.prefix))
      .map(([outer, rule]) => ({
        path: `datasets.${inner}.prefix`,
        why: `it lies below ${rule.prefix} of \`${outer}\`, which never sees what is uploaded here: give each a prefix of its own`,
      })),
  )
}
