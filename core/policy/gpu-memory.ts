import { memoryOf } from '../money/gpu-types.ts'
import type { Policy, PoolPolicy } from '../policy.ts'
import { stagesAs } from './alternatives.ts'
import { laneOf, type OnPaper } from './paper.ts'
import { typesOf } from './pools.ts'
import { sliceOf } from './sharing.ts'
import { nameOfStage } from './stages.ts'

/** GiB that a pod of the pool has of one GPU, of whichever of its types has least; null: it is not known of one. */
export const memoryIn = (pool: PoolPolicy): number | null => {
  const all = typesOf(pool).map(memoryOf)
  if (all.length === 0 || all.includes(null)) return null
  const whole = Math.min(...all.map(Number))
  const slice = sliceOf(pool)
  if (slice === null) return whole
  // The name of a profile says it, in whole.
  const ofProfile = /(\d+)gb$/.exec(pool.sharing?.profile ?? '')?.[1]
  return slice.isApart && ofProfile !== undefined ? Number(ofProfile) : Math.floor((whole / slice.perGpu) * 10) / 10
}

/** Stages and services that ask for more memory of a GPU than their pool has, known before one is paid for. */
export const memoryOnPaper = (policy: Policy): OnPaper[] => [
  ...Object.entries(policy.pipelines).flatMap(([name, rule]) => {
    const { stages, alternatives = {} } = rule
    const lanes = [laneOf('pipeline', name, rule)]
    return [
      ...stages.flatMap((stage, index) =>
        tooLittle(policy, stage, { path: `pipelines.${name}.stages.${index}.gpuMemory`, lanes }),
      ),
      // One that can never run is never offered, and keeps its lane from nothing.
      ...Object.entries(alternatives).flatMap(([key, one]) =>
        stagesAs(stages, one, nameOfStage).flatMap((stage) => {
          const of = nameOfStage(stage)
          const path = `pipelines.${name}.alternatives.${key}.stages.${of}`
          return Object.hasOwn(one.stages, of) ? tooLittle(policy, stage, { path, lanes: [] }) : []
        }),
      ),
    ]
  }),
  ...Object.entries(policy.services).flatMap(([name, rule]) =>
    tooLittle(policy, rule, { path: `services.${name}.gpuMemory`, lanes: [laneOf('service', name, rule)] }),
  ),
]

const tooLittle = (
  { pools }: Policy,
  { pool, gpuMemory }: { pool: string; gpuMemory?: number | undefined },
  at: Pick<OnPaper, 'path' | 'lanes'>,
): OnPaper[] => {
  const rule = Object.hasOwn(pools, pool) ? pools[pool] : undefined
  const has = rule === undefined ? null : memoryIn(rule)
  if (gpuMemory === undefined || rule === undefined || has === null || gpuMemory <= has) return []
  const what = sliceOf(rule) === null ? 'a GPU' : 'a slice'
  return [
    {
      ...at,
      why: `it asks for ${gpuMemory} GiB of memory, and ${what} of ${pool} has ${has}: use a pool that has more, or ask for less`,
    },
  ]
}
