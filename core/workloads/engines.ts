import type { ServeDesired } from '../desired.ts'
import type { ServicePolicy } from '../policy.ts'

/** What serves a model: a few pure answers, from which its pods are made. */
export interface Engine {
  /** Port on which it answers. */
  port: number
  /** Path that answers only once the weights are loaded. */
  health: string
  /** Seconds that requests in flight are given once no new ones come. */
  drain: number
  /** Arguments of its container. What the user wrote comes after them and wins. */
  args(desired: ServeDesired, service: ServicePolicy): string[]
}

const VLLM: Engine = {
  port: 8000,
  health: '/health',
  drain: 300,
  // The image's entry point is `vllm serve`, so the model comes first.
  args: ({ model: name, source }, { gpusPerReplica, maxModelLen }) => [
    source,
    `--served-model-name=${name}`,
    `--port=${VLLM.port}`,
    `--tensor-parallel-size=${gpusPerReplica}`,
    ...(maxModelLen === undefined ? [] : [`--max-model-len=${maxModelLen}`]),
    `--shutdown-timeout=${VLLM.drain}`,
    '--disable-access-log-for-endpoints=/health,/metrics',
    ...(source.startsWith('s3://') ? ['--load-format=runai_streamer'] : []),
  ],
}

/** Engines by name, each with its revisions. */
export type Engines = Readonly<Record<ServicePolicy['engine'], readonly [Engine, ...Engine[]]>>

/**
 * All engines, each with its revisions, the first first. A service keeps the revision that it was made with until somebody wants a
 * change (law 15): a revision is never edited and never taken away, a better one is added after it.
 */
export const ENGINES: Engines = { vllm: [VLLM] }

/**
 * The engine of a service, in the revision that this version is served by: the newest where it was made with another engine. Throws
 * where there never was such a revision.
 */
export const engineOf = (
  { engine: made = { name: 'vllm', revision: 1 } }: Pick<ServeDesired, 'engine'>,
  { engine: name }: Pick<ServicePolicy, 'engine'>,
  engines: Engines = ENGINES,
): Engine => {
  const revisions = engines[name]
  const engine = revisions[(made.name === name ? made.revision : revisions.length) - 1]
  if (engine === undefined) throw new Error(`there is no revision ${made.revision} of the engine ${name}`)
  return engine
}
