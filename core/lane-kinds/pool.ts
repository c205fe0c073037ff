import type { Desired } from '../desired.ts'
import { type LaneKind, laneOf } from './kind.ts'

/** A pool of GPUs: it grants the line of those who wait for room in it. Nothing else is wanted of it yet. */
export const pool: LaneKind = {
  name: 'pool',
  lasts: 'standing',
  stands: false,
  grants: true,
  ruleOf: (policy, name) =>
    Object.hasOwn(policy.pools, name) ? { lane: laneOf(pool, name), name, mode: 'act' } : null,
  keyOf: ({ kind }: Desired) => kind,
  titleOf: ({ kind }: Desired) => kind,
  requesterOf: () => null,
  isNothing: () => true,
  pinned: (desired) => desired,
  plan: ({ run }) => ({ kind: 'refuse', reason: 'not-configured', detail: `nothing can be wanted of ${run.lane} yet` }),
  back: () => [],
  baselineOf: () => null,
}
