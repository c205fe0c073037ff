import type { Outcome } from '../reasons.ts'
import type { LaneDocument } from './document.ts'

/** One word for where the lane is: what lists show. */
export const stateOf = ({ desired, outcome }: LaneDocument): 'idle' | 'wanted' | Outcome['kind'] =>
  outcome?.kind ?? (desired === null ? 'idle' : 'wanted')
