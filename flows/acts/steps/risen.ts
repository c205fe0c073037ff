import type { KubeObject } from '../../../core/kube.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import type { Around } from '../../../core/pods/around.ts'
import { crashedOf } from '../../../core/pods/trouble.ts'
import { madeBy, risesBy, type Target } from '../../../core/steps/moving.ts'
import { risingIn } from '../../../core/steps/roll-out-model.ts'
import { type Hindrance, hindranceOf } from '../../../core/steps/touching.ts'
import { aroundOf } from '../around.ts'
import { lastLines } from '../pods.ts'
import type { Task } from './handler.ts'
import { wayOf } from './stood-again.ts'
import { podsOf } from './waiting-first.ts'

/** What a look at the pods that a way brings up saw, for whatever of its steps waits for them. */
export interface Risen {
  /** The generation; null: nothing of it is brought up by then. */
  rises: number | null
  /** From when on its pods are the move's own, and the way's. Milliseconds. */
  since: number
  firstSince: number
  /** All pods of the lane. */
  pods: readonly KubeObject<'Pod'>[]
  logs: readonly string[]
  around: Around
}

/** Looks at them: what crashes once it was judged heals no more than what does before, whichever step of the way waits for it. */
export const risenSeen = async (task: Task): Promise<Risen> => {
  const { ports } = task
  const pods = await podsOf(task)
  const at = { rises: risesOf(task), since: sinceOf(task), firstSince: firstSinceOf(task) }
  const [logs, around] = await Promise.all([
    lastLines(ports, crashedOf(risingIn(at.rises, { ...at, pods }))),
    aroundOf(ports, { pods, now: ports.clock.now() }),
  ])
  return { ...at, pods, logs, around }
}

/** What keeps what a step waits for from being ready; nothing on a way back, which is walked whatever is. */
export const hindranceNow = async (task: Task): Promise<Hindrance> => {
  if (task.mark.way === 'back') return { trouble: null, logs: [], again: null }
  const { rises, ...seen } = await risenSeen(task)
  return hindranceOf(risingIn(rises, seen), { ...seen, now: task.ports.clock.now() })
}

/** Back, each move looks at its own alone. */
const risesOf = (task: Task): number | null =>
  task.mark.way === 'forth' ? risesBy(task.step, wayOf(task)) : bringsOf(task)

const bringsOf = ({ step }: Task): number | null => (step.kind === 'roll-out-model' ? step.brings : null)

/** Since when the step's own pods may have been made: where they waited for its room, since the move before it. */
const sinceOf = (task: Task): number => {
  const { step, mark, run } = task
  const name = step.kind === 'roll-out-model' ? madeBy(step, wayOf(task)) : undefined
  const maker = run.steps.find((one) => one.name === name && one.way === mark.way)
  return maker?.startedAt ?? mark.startedAt ?? mark.markedAt ?? 0
}

/** Since when the way forth brings up what rises, or has it wait for its room. */
const firstSinceOf = (task: Task): number => {
  const { mark, run } = task
  if (mark.way === 'back') return sinceOf(task)
  const rises = risesOf(task)
  const waits = ({ generation, waits: is }: Target): boolean => is !== undefined && generation === rises
  const first = wayOf(task).find(
    (one): one is RollOutModelStep =>
      one.kind === 'roll-out-model' && (one.brings === rises || one.replicas.some(waits)),
  )
  const made = run.steps.find(({ name, way }) => name === first?.name && way === 'forth')
  return Math.min(sinceOf(task), made?.startedAt ?? Number.POSITIVE_INFINITY)
}
