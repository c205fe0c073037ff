/** How a service gets from what stands to what is wanted. */
export interface Strategy {
  name: 'surge' | 'one-out-one-in' | 'blue-green' | 'first' | 'scale'
  why: string
  /** The (old, new) replica pairs, the first being the present state. */
  path: { old: number; new: number }[]
  /** As many as its autoscaler may have in the end, which are agreed to; left out: those of the path. */
  upTo?: number
  /** Strategies that were weighed and left, each with the reason. */
  rejected: { name: string; why: string }[]
}

/** As many replicas as were agreed to with a way. */
export const agreedTo = (strategy: Strategy | null | undefined): number | undefined =>
  strategy?.upTo ?? strategy?.path.at(-1)?.new
