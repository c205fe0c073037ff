import type { Desired } from '../desired.ts'
import { BUDGET, type LaneKind, laneOf } from './kind.ts'

/** A budget: its lane computes which rungs of the ladder are in force. Nothing is ever wanted of it, and it has no run. */
export const budget: LaneKind<Desired> = {
  name: BUDGET,
  lasts: 'once',
  stands: false,
  ladder: true,
  ruleOf: ({ budget: { name, known = name, ladder } }, given) =>
    ladder === undefined || given !== known ? null : { lane: laneOf(budget, known), name: known, mode: 'act' },
  renames: ({ budget: { name, known } }) => (known === undefined ? {} : { [name]: { was: known } }),
  keyOf: ({ kind }) => kind,
  titleOf: ({ kind }) => kind,
  requesterOf: () => null,
  isNothing: () => true,
  pinned: (desired) => desired,
  plan: () => ({ kind: 'nothing', reason: 'nothing is wanted of a budget' }),
  back: () => [],
  baselineOf: () => null,
}
