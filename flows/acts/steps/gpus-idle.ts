import { idleQueries, type Worked, workedIn } from '../../../core/idle.ts'
import { asksItself } from '../../../core/lane/act.ts'
import { measureAt } from '../../../core/lane/idle.ts'
import type { Stepped } from '../../../core/lane/stepping.ts'
import type { LaunchJobStep } from '../../../core/plan.ts'
import type { Task } from './handler.ts'

/**
 * What the GPUs of a Job that is at work did in the last minutes; undefined: it is not the time to ask. Whoever does not answer, or has no
 * such metrics, says nothing, and keeps nothing of the Job from being seen.
 */
export const gpuWork = async ({ ports, view, step, mark, run }: Task<LaunchJobStep>): Promise<Worked | undefined> => {
  const at = measureAt(view, run)
  if (at === null || view.now < at || mark.made === null) return undefined
  // Another lane asks whether it answers again.
  if (!asksItself(view.sides['metrics'], view.doc.lane, view.now)) return 'unknown'
  const { name, namespace } = mark.made.ref
  const { engine, kernels } = idleQueries({ namespace: namespace ?? '', name })
  const ask = async (queries: string[]) =>
    (await Promise.all(queries.map((query) => ports.metrics.query(query)))).flatMap((found) => found ?? [])
  try {
    const [said, ran] = await Promise.all([ask(engine), ask(kernels)])
    return workedIn({ engine: said, kernels: ran }, step.gpus)
  } catch {
    return 'unknown'
  }
}

/** What was seen of its Job, with that; undefined: nobody has looked. */
export const withWork = (stepped: Stepped, worked: Worked | undefined): Stepped =>
  stepped.kind === 'wait' && worked !== undefined ? { ...stepped, worked } : stepped
