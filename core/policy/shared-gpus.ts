import { nameOfStage } from './stages.ts'

/** What of the document asks for GPUs of pools that may share them. */
interface Asking {
  pools: Record<string, { gpusPerNode: number; sharing?: { by: 'time-slicing' | 'mig' } | undefined }>
  nodes?: { ami?: string } | undefined
  pipelines: Record<
    string,
    {
      stages: Stage[]
      alternatives?:
        | Record<string, { stages: Record<string, { pool?: string | undefined; gpus?: number | undefined }> }>
        | undefined
    }
  >
  services: Record<string, { pool: string; gpusPerReplica: number }>
}

interface Stage {
  name?: string | undefined
  use?: string | undefined
  pool: string
  gpus: number
  nodes?: number | undefined
}

interface Problem {
  path: string[]
  message: string
}

/** Who asks for more than one slice of a pool that shares its GPUs; and MIG on nodes whose plugin calls its parts whole GPUs. */
export const sharedGpuProblems = ({ pools, nodes, pipelines, services }: Asking): Problem[] => {
  const sharingOf = (pool: string) => (Object.hasOwn(pools, pool) ? pools[pool]?.sharing : undefined)
  const ofStage = (path: string[], { pool, gpus, nodes: on = 1 }: Stage): Problem[] => {
    const sharing = sharingOf(pool)
    if (sharing === undefined) return []
    return [
      ...(gpus > 1 ? [{ path: [...path, 'gpus'], message: oneAlone(pool, sharing.by, 'a stage') }] : []),
      ...(on > 1
        ? [
            {
              path: [...path, 'nodes'],
              message: `a gang has whole nodes, and the GPUs of \`${pool}\` are shared: leave it out, or use a pool that has them whole`,
            },
          ]
        : []),
    ]
  }
  return [
    ...Object.entries(pipelines).flatMap(([name, { stages, alternatives = {} }]) =>
      stages.flatMap((stage, index) => [
        ...ofStage(['pipelines', name, 'stages', String(index)], stage),
        ...Object.entries(alternatives).flatMap(([key, { stages: others }]) => {
          const of = nameOfStage(stage)
          const said = Object.hasOwn(others, of) ? others[of] : undefined
          const { pool = stage.pool, gpus = stage.gpus } = said ?? {}
          const path = ['pipelines', name, 'alternatives', key, 'stages', of]
          return said === undefined ? [] : ofStage(path, { ...stage, pool, gpus })
        }),
      ]),
    ),
    ...Object.entries(services).flatMap(([name, { pool, gpusPerReplica }]) => {
      const sharing = sharingOf(pool)
      return sharing === undefined || gpusPerReplica === 1
        ? []
        : [{ path: ['services', name, 'gpusPerReplica'], message: oneAlone(pool, sharing.by, 'a replica') }]
    }),
    ...Object.entries(pools).flatMap(([name, { sharing }]) =>
      sharing?.by === 'mig' && nodes?.ami?.startsWith('bottlerocket@') === true
        ? [{ path: ['pools', name, 'sharing', 'by'], message: NOT_BY_BOTTLEROCKET }]
        : [],
    ),
  ]
}

const oneAlone = (pool: string, by: 'time-slicing' | 'mig', who: string): string => {
  const why =
    by === 'mig'
      ? 'parts of GPUs by MIG are joined by nothing that engines and trainers use'
      : 'several turns at a GPU are no more of it than one, and have no more memory'
  return `${who} has one slice of \`${pool}\`: ${why}. Write 1, or use a pool that has its GPUs whole`
}

const NOT_BY_BOTTLEROCKET =
  'Bottlerocket’s own plugin offers parts by MIG as whole GPUs, under their name: say an image of AL2023 in `nodes.ami`, where NVIDIA’s GPU operator divides them'
