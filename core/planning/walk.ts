import type { Point } from '../plan-point.ts'

/** One replica that will leave. */
export interface Leaving {
  /** GPUs that it frees in the pool of the rising generation; 0 when it stands in another pool. */
  gpus: number
  /** Answers requests now. */
  ready: boolean
  /** Whether requests are led to it; left out: they are. What nobody asks is before what somebody does. */
  asked?: boolean
}

/** What a walk from here to `target` rising replicas alone has to keep to. */
export interface Walk {
  /** Replicas that leave, in this order. */
  leaving: readonly Leaving[]
  /** Replicas of the rising generation that stand now. */
  rising: number
  target: number
  gpus: number
  /** GPUs that leaving and rising replicas may occupy together. */
  room: number
  /** Ready replicas that must remain at every point. */
  floor: number
  /** The first rising replica comes alone, so that it can be judged before others follow. */
  gated: boolean
  /** Of those that stand some are not ready: what nobody asks leaves first, since they may wait for its room. */
  lacking?: boolean
  /** Rising replicas that find a node while the last `old` of the leaving are there; left out: the sum of GPUs says all there is. */
  slots?: ((old: number) => number) | undefined
}

/** Points with `old` = those of the leaving that are still there, `new` = the rising. `stuck`: why it goes no further. */
export interface Walked {
  path: Point[]
  stuck: 'room' | 'floor' | null
}

interface Here {
  left: readonly Leaving[]
  up: number
}

/**
 * Walks greedily: more rising replicas whenever they fit, else one leaves. Rising first keeps the most replicas ready at
 * every point, so where this walk is stuck, every walk with this order of leaving is.
 */
export const walk = (rules: Walk): Walked => {
  const path: Point[] = [{ old: rules.leaving.length, new: rules.rising }]
  const asked = askedOf(rules.leaving)
  let here: Here = { left: rules.leaving, up: rules.rising }
  while (here.left.length > 0 || here.up !== rules.target) {
    const next = move(rules, here)
    if (typeof next === 'string') return { path, stuck: next }
    here = next
    append(path, { old: here.left.length, new: here.up }, asked)
  }
  return { path, stuck: null }
}

/** GPUs of these replicas. */
export const gpusOf = (replicas: readonly Leaving[]): number => replicas.reduce((sum, { gpus }) => sum + gpus, 0)

/** How many of these are ready. */
export const readyOf = (replicas: readonly Leaving[]): number => replicas.filter(({ ready }) => ready).length

const move = (
  { leaving, target, gpus, room, floor, gated, lacking = false, slots }: Walk,
  { left, up }: Here,
): Here | 'room' | 'floor' => {
  const asked = lacking ? askedOf(leaving) : 0
  if (up >= target)
    return {
      left: left.slice(left.length > asked ? left.length - asked : left.length),
      up: left.length === 0 ? target : up,
    }
  const sum = gpus === 0 ? target : Math.floor((room - gpusOf(left) - up * gpus) / gpus)
  const fits = Math.min(sum, (slots?.(left.length) ?? Number.POSITIVE_INFINITY) - up)
  if (fits > 0) return { left, up: up + (gated && up === 0 ? 1 : Math.min(fits, target - up)) }
  if (left.length === 0) return 'room'
  const fewer = left.slice(1)
  return readyOf(fewer) + up < floor ? 'floor' : { left: fewer, up }
}

/** How many of these requests are led to. */
const askedOf = (replicas: readonly Leaving[]): number => replicas.filter(({ asked }) => asked !== false).length

/**
 * Replicas that leave one after another with nothing between leave in one move. But once what nobody asks is gone, requests can be led to what
 * has risen beside what remains, and only then does any of that go.
 */
const append = (path: Point[], point: Point, asked: number): void => {
  const [before, last] = path.slice(-2)
  if (last?.old === asked && point.new > 0) {
    path.push(point)
    return
  }
  const goesOn = before !== undefined && last !== undefined && before.new === last.new && last.new === point.new
  if (goesOn) path.pop()
  path.push(point)
}
