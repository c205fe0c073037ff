import type { ServeDesired } from '../desired.ts'
import type { ServicePolicy } from '../policy.ts'
import type { Engine } from './engine.ts'
import { SGLANG_REVISIONS } from './sglang.ts'
import { TRTLLM_REVISIONS } from './trtllm.ts'
import { VLLM_REVISIONS } from './vllm.ts'

/** Engines by name, each with its revisions. */
export type Engines = Readonly<Record<ServicePolicy['engine'], readonly [Engine, ...Engine[]]>>

/**
 * All engines, each with its revisions, the first first. A service keeps the revision that it was made with until somebody wants a
 * change (law 15): a revision is never edited and never taken away, a better one is added after it.
 */
export const ENGINES: Engines = { vllm: VLLM_REVISIONS, sglang: SGLANG_REVISIONS, trtllm: TRTLLM_REVISIONS }

/** What a version was made with that does not say it. */
export const FIRST: NonNullable<ServeDesired['engine']> = { name: 'vllm', revision: 1 }

/**
 * The engine of a service, in the revision that this version is served by: the newest where it was made with another engine. Throws
 * where there never was such a revision.
 */
export const engineOf = (
  { engine: made = FIRST }: Pick<ServeDesired, 'engine'>,
  { engine: name }: Pick<ServicePolicy, 'engine'>,
  engines: Engines = ENGINES,
): Engine => {
  const revisions = engines[name]
  const engine = revisions[(made.name === name ? made.revision : revisions.length) - 1]
  if (engine === undefined) throw new Error(`there is no revision ${made.revision} of the engine ${name}`)
  return engine
}
