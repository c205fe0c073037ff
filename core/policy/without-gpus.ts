import { nameOfStage } from './stages.ts'

/** What of the document says what asks for GPUs, and where there are any. */
interface Asking {
  pools: Record<string, { gpusPerNode: number }>
  pipelines: Record<
    string,
    {
      stages: Stage[]
      alternatives?:
        | Record<string, { stages: Record<string, { pool?: string | undefined; gpus?: number | undefined }> }>
        | undefined
    }
  >
  services: Record<string, { pool: string }>
}

interface Stage {
  name?: string | undefined
  use?: string | undefined
  pool: string
  gpus: number
}

interface Problem {
  path: string[]
  message: string
}

/** Who asks for GPUs where there are none, or for none where a node of GPUs would be held for it. Pools that there are not are told by themselves. */
export const gpuPoolProblems = ({ pools, pipelines, services }: Asking): Problem[] => {
  const without = Object.keys(pools).filter((name) => pools[name]?.gpusPerNode === 0)
  const whyNot = ({ pool, gpus }: Pick<Stage, 'pool' | 'gpus'>): string | null => {
    const rule = Object.hasOwn(pools, pool) ? pools[pool] : undefined
    if (rule === undefined || (rule.gpusPerNode === 0) === (gpus === 0)) return null
    return gpus === 0
      ? heldForNothing(pool, without)
      : `the nodes of \`${pool}\` have no GPUs: write 0, or use a pool that has`
  }
  const at = (path: string[], why: string | null): Problem[] => (why === null ? [] : [{ path, message: why }])
  return [
    ...Object.entries(pipelines).flatMap(([name, { stages, alternatives = {} }]) =>
      stages.flatMap((stage, index) => [
        ...at(['pipelines', name, 'stages', String(index), 'gpus'], whyNot(stage)),
        ...Object.entries(alternatives).flatMap(([key, { stages: others }]) => {
          const of = nameOfStage(stage)
          const said = Object.hasOwn(others, of) ? others[of] : undefined
          const { pool = stage.pool, gpus = stage.gpus } = said ?? {}
          const path = ['pipelines', name, 'alternatives', key, 'stages', of]
          return said === undefined ? [] : at(path, whyNot({ pool, gpus }))
        }),
      ]),
    ),
    ...Object.entries(services).flatMap(([name, { pool }]) =>
      at(
        ['services', name, 'pool'],
        without.includes(pool)
          ? `a replica has GPUs, and the nodes of \`${pool}\` have none: use a pool that has`
          : null,
      ),
    ),
  ]
}

const heldForNothing = (pool: string, without: readonly string[]): string => {
  const cure =
    without.length === 0
      ? 'add a pool without them (`gpusPerNode: 0`), and run it there'
      : `run it on ${without.map((name) => `\`${name}\``).join(' or ')}, whose nodes have none`
  return `the nodes of \`${pool}\` have GPUs, and one would be held for a stage that needs none: ${cure}`
}
