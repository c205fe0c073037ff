import { GPUS_OF } from '../money/gpu-types.ts'
import type { Policy } from '../policy.ts'
import { nearest } from './nearest.ts'

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

const usesOf = ({ pipelines, services }: Policy): Use[] => [
  ...Object.entries(pipelines).flatMap(([name, { stages }]) =>
    stages.map(({ pool, gpus }, index) => ({
      path: `pipelines.${name}.stages.${index}.gpus`,
      pool,
      gpus,
      together: gpus,
    })),
  ),
  ...Object.entries(services).map(([name, { pool, gpusPerReplica, replicas }]) => {
    const together = gpusPerReplica * replicas
    return { path: `services.${name}.gpusPerReplica`, pool, gpus: gpusPerReplica, together }
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
const nestedPrefixes = ({ pipelines }: Policy): OnPaper[] => {
  const rules = Object.entries(pipelines).map(([name, { on }]) => ({ name, ...on.dataset }))
  return rules.flatMap((inner) =>
    rules
      .filter(
        (outer) => outer.name !== inner.name && outer.bucket === inner.bucket && inner.prefix.startsWith(outer.prefix),
      )
      .map((outer) => ({
        path: `pipelines.${inner.name}.on.dataset.prefix`,
        why: `it lies below ${outer.prefix} of \`${outer.name}\`, which never sees what is uploaded here: give each a prefix of its own`,
      })),
  )
}
