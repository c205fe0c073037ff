import type { Stepped } from '../../../core/lane/stepping.ts'
import type { Step } from '../../../core/plan.ts'
import type { Target } from '../../../core/steps/moving.ts'
import { fallenShort, setAgainText } from '../../../core/steps/set-by-hand.ts'
import { scaleObject } from '../../../core/workloads/serving.ts'
import type { GenerationView } from '../../../core/world.ts'
import { generationsOf } from '../../generations.ts'
import { applied } from './applied.ts'
import type { Task } from './handler.ts'

/** All steps of the way that is walked now. */
export const wayOf = ({ view: { plan }, mark }: Pick<Task, 'view' | 'mark'>): readonly Step[] =>
  (mark.way === 'forth' ? plan?.plan.steps : plan?.back) ?? []

/** It begins again where somebody has scaled away what it waits for; null: nobody has. */
export const fallen = async (task: Task): Promise<Stepped | null> => {
  const { short, generations } = await shortIn(task)
  return short.length === 0 ? null : { kind: 'free', again: setAgainText(short, generations) }
}

/** That is set again, and waited for; null: nobody has scaled anything away. */
export const stoodAgain = async (task: Task): Promise<Stepped | null> => {
  const { short, generations } = await shortIn(task)
  for (const { ref, replicas } of short) {
    const failed = await applied(task, scaleObject(ref, replicas), 'signalbox-scale')
    if (failed !== null) return failed
  }
  return short.length === 0 ? null : { kind: 'begun', made: null, note: setAgainText(short, generations), waits: true }
}

const shortIn = async (task: Task): Promise<{ short: Target[]; generations: GenerationView[] }> => {
  const generations = await generationsOf(task.ports, task.view)
  return { short: fallenShort({ step: task.step, way: wayOf(task), generations }), generations }
}
