import type { PoolPolicy } from '../policy.ts'
import { DISK_ROOM, type DiskRoom } from './pod-disk.ts'
import { wrapped } from './runner.ts'

/** What the pods of a pipeline's stages are made of, beside what the policy says. */
interface StagePods {
  /** What they have of their node's disk; null: nothing is asked for, and there is no scratch folder. */
  disk: DiskRoom | null
  /** In which pools Karpenter is told not to evict them. */
  heldIn(pool: Pick<PoolPolicy, 'capacityTypes'> | undefined): boolean
  /** How `signalbox-run` goes before the program of a stage that says `runner`. All have the same, since no policy could say so before the third. */
  wrapped: typeof wrapped
}

const FIRST: StagePods = { disk: null, heldIn: () => true, wrapped }
const SECOND: StagePods = { ...FIRST, disk: DISK_ROOM }
/**
 * A spot node that is taken back ends two minutes after its notice. A pod that Karpenter may not evict would pass them without being told
 * to end, and could save nothing; whatever else Karpenter might evict it for, our NodePools' budgets keep from it.
 */
const THIRD: StagePods = { ...SECOND, heldIn: (pool) => pool?.capacityTypes.includes('spot') !== true }

/** By revision, the first first. A lane keeps the one that it was made with (law 15): none is edited or taken away, a better one is added after it. */
const STAGE_REVISIONS: readonly StagePods[] = [FIRST, SECOND, THIRD]

/** The revision that a pipeline's pods are made in from now on. */
export const STAGE_REVISION: number = STAGE_REVISIONS.length

/** What a stage's pod is made of in this revision. Throws where there never was such a one. */
export const stagePods = (revision = 1): StagePods => {
  const pods = STAGE_REVISIONS[revision - 1]
  if (pods === undefined) throw new Error(`there is no revision ${revision} of a stage's pods`)
  return pods
}
