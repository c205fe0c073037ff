import type { Point } from '../plan-point.ts'
import type { Counts } from '../pools/counts.ts'
import type { ByNode } from './node-slots.ts'
import { gpusOf, type Leaving, readyOf, type Walk } from './walk.ts'

/** What a rollout has to keep to, as pure numbers, and what that comes to at its points. */

export interface PathInput {
  /** Asked replicas of all other generations, in the order in which they leave. */
  old: readonly Leaving[]
  /** Replicas of the new generation that are asked for and ready already: more than 0 when a rollout is continued. */
  present: { asked: number; ready: number }
  want: number
  /** Whether no gate is between: it was judged before. */
  judged?: boolean
  gpusPerReplica: number
  /** GPUs that may be taken beyond what the lane asks for now. Negative when the pool is over its ceiling. */
  freeGpus: number
  maxUnavailable: number
  /** Replicas that walking back restores. */
  baselineReplicas: number
  /** How they fit onto nodes, where pods of several sizes share them; left out: the sum of GPUs says all there is. */
  byNode?: ByNode | undefined
  /** What is counted of the pool; left out: its GPUs. */
  of?: Counts | undefined
}

/**
 * Ready replicas that must remain: what is there now or wanted, whichever is less, minus maxUnavailable. Never none, unless
 * maxUnavailable is above that number: an outage has to be asked for.
 */
export const availabilityFloor = ({ old, present, want, maxUnavailable }: PathInput): number => {
  const kept = keptBy({ old, present, want })
  return maxUnavailable > kept ? 0 : Math.max(Math.min(kept, 1), kept - maxUnavailable)
}

/** Never fewer ready replicas than now or wanted, and at most one replica more than either. */
export const surgeOf = (input: PathInput): Walk => {
  const most = Math.max(useNow(input), input.want * input.gpusPerReplica) + input.gpusPerReplica
  return { ...swapOf(input), room: Math.min(roomOf(input), most), floor: keptBy(input) }
}

/** As many GPUs as there are, and as few ready replicas as are permitted. */
export const swapOf = (input: PathInput): Walk => ({
  leaving: input.old,
  rising: startOf(input),
  target: input.want,
  gpus: input.gpusPerReplica,
  room: roomOf(input),
  floor: availabilityFloor(input),
  // Where nothing stands there is nothing to keep beside the first of them.
  gated: input.judged !== true || input.old.length > 0,
  slots: input.byNode?.slots,
})

/** Replicas of the new generation that wait for GPUs beyond the ceiling are given up before anything else. */
export const startOf = ({ present, freeGpus, gpusPerReplica }: PathInput): number => {
  const over = Math.max(0, Math.ceil(-freeGpus / gpusPerReplica))
  return present.asked - Math.min(over, Math.max(0, present.asked - present.ready))
}

const remaining = ({ old }: PathInput, point: Point): readonly Leaving[] => old.slice(old.length - point.old)
/** GPUs at a point. */
export const useAt = (input: PathInput, point: Point): number =>
  gpusOf(remaining(input, point)) + point.new * input.gpusPerReplica
/** Without what waits beyond the ceiling for GPUs that others have, and leaves before it gets any. */
export const heldAt = (input: PathInput, point: Point): number => {
  const unready = remaining(input, point).filter(({ ready }) => !ready)
  return useAt(input, point) - Math.min(Math.max(0, -input.freeGpus), gpusOf(unready))
}
/** Ready replicas at a point. */
export const readyAt = (input: PathInput, point: Point): number => readyOf(remaining(input, point)) + point.new
/** GPUs of what stands. */
export const useNow = (input: PathInput): number => useAt(input, { old: input.old.length, new: input.present.asked })
/** Ready replicas of what stands. */
export const readyNow = ({ old, present }: Pick<PathInput, 'old' | 'present'>): number => readyOf(old) + present.ready
/** GPUs that the lane may have in all. */
export const roomOf = (input: PathInput): number => useNow(input) + input.freeGpus
/** Ready replicas that count: what is there now or wanted, whichever is less. */
export const keptBy = ({ old, present, want }: Pick<PathInput, 'old' | 'present' | 'want'>): number =>
  Math.min(readyNow({ old, present }), want)
