import { type LiftDesired, requesterIn } from '../desired.ts'
import { liftTitle, planLift } from '../planning/lift.ts'
import { BUDGET, type LaneKind, laneOf } from './kind.ts'

/** A budget: its lane computes which rungs of the ladder are in force. What is wanted of it is that one of them is lifted, once. */
export const budget: LaneKind<LiftDesired> = {
  name: BUDGET,
  lasts: 'once',
  stands: false,
  ladder: true,
  ruleOf: ({ budget: { name, known = name, ladder } }, given) =>
    ladder === undefined || given !== known ? null : { lane: laneOf(budget, known), name: known, mode: 'act' },
  renames: ({ budget: { name, known } }) => (known === undefined ? {} : { [name]: { was: known } }),
  keyOf: ({ asked }) => `lift:${asked}`,
  titleOf: liftTitle,
  requesterOf: requesterIn,
  isNothing: () => false,
  pinned: (desired) => desired,
  plan: planLift,
  back: () => [],
  baselineOf: () => null,
}
