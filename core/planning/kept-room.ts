import type { GenerationView } from '../world.ts'
import type { PolicyHas } from './as-policy-has.ts'
import { replicaCount, titleOf } from './generations.ts'
import type { ServeInput } from './serve-plan.ts'
import { type Refuse, type Rule, roomIn, roomSentence, whyNoMost } from './serve-room.ts'

/** Why so many replicas of what serves cannot be brought back now: not as many have room, or the policy has their pool no more. Null: they have. `want`: as many would come. */
export const whyNoRoom = (
  input: ServeInput,
  rule: Rule,
  { base, has, want, count }: { base: GenerationView; has: PolicyHas | null; want: number; count: number },
): Refuse | null => {
  const there = roomIn(input, rule, base.pool)
  if (there === null) {
    const detail = `${titleOf(base)} stands in pool \`${base.pool}\`, which the policy has no more: nobody knows what a node there costs. Put it back, or promote a version in the pool that it has`
    return { kind: 'refuse', reason: 'pool-unknown', detail }
  }
  const room = roomSentence(there, input.world.generations)
  if (has === null) {
    const detail = `no replica of ${titleOf(base)} has room beside what stands: ${room}. It is asked about once one has`
    return count <= want ? null : { kind: 'refuse', reason: 'would-deadlock', detail }
  }
  // As many as the policy has, or none: as of any other plan of so many.
  const most =
    has.range === null ? null : whyNoMost({ ...there, range: has.range }, titleOf(base), input.world.generations)
  if (most !== null) return { kind: 'refuse', reason: 'would-deadlock', detail: most }
  const detail = `not all of ${replicaCount(count)} of ${titleOf(base)} have room beside what stands: ${room}. It is asked about once they have`
  return want === count ? null : { kind: 'refuse', reason: 'would-deadlock', detail }
}
