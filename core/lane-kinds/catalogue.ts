import type { Policy } from '../policy.ts'
import { budget } from './budget.ts'
import { type LaneKind, laneName, type Rule } from './kind.ts'
import { pipeline } from './pipeline.ts'
import { pool } from './pool.ts'
import { service } from './service.ts'

/** Every kind of lane: a file of this folder each, and a line here. */
export const laneKinds = [pipeline, service, pool, budget] as unknown as readonly LaneKind[]

/** The kind of a lane; undefined when this release has none of that name. */
export const kindOf = (kinds: readonly LaneKind[], lane: string): LaneKind | undefined =>
  kinds.find(({ name }) => lane.startsWith(`${name}/`))

/** The policy's rule for a lane; null when it has none. */
export const ruleFor = (kind: LaneKind, lane: string, policy: Policy): Rule | null =>
  kind.ruleOf(policy, laneName(lane))
