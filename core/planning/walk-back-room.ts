import type { GenerationView } from '../world.ts'
import type { Replica } from './generations.ts'
import { type ByNode, byNode, type Packing } from './node-slots.ts'
import { slotGpus } from './serve-room.ts'

/** The baseline's pool and GPUs of a node of it, as far as they are known. */
interface Room {
  pool?: Packing['pool'] | undefined
  gpusPerNode?: number | undefined
}

/** By node each has what it asks for, and no share. */
export const withoutShare = <One extends Replica>(one: One): One =>
  one.gpus === 0 ? one : { ...one, gpus: one.view.gpusPerReplica }

/** GPUs that a replica takes of the pool, with its share of a node. */
export const slotIn =
  ({ gpusPerNode }: Room) =>
  (gpus: number): number =>
    gpusPerNode === undefined ? gpus : slotGpus({ pool: { gpusPerNode } }, gpus)

/** How the baseline fits onto nodes; undefined: the sum of GPUs says all there is. */
export const nodesBack = (
  { pool, gpusPerNode }: Room,
  { base, leaving }: { base: GenerationView | undefined; leaving: readonly Replica[] },
): ByNode | undefined =>
  base === undefined || pool === undefined || gpusPerNode === undefined
    ? undefined
    : byNode({ pool, gpusPerNode, leaving, rising: { gpus: base.gpusPerReplica, generation: base.generation } })
