import type { Mark, Run } from '../../../core/lane/document.ts'
import type { Away, Stepped } from '../../../core/lane/stepping.ts'
import type { View } from '../../../core/lane/view.ts'
import type { RunKey } from '../../../core/names.ts'
import type { Plan, Step } from '../../../core/plan.ts'
import type { WorkPorts } from '../../ports.ts'

/** What a step is carried out with. */
export interface Task<S extends Step = Step> {
  ports: WorkPorts
  view: View
  step: S
  mark: Mark
  run: Run
  key: RunKey
  plan: Plan
}

/**
 * The effect of one kind of step. Both may run again after a death at any point, so they look before they touch and touching
 * twice is harmless. They throw as ports do: a far side's failure is nobody's here.
 */
export interface Handler<S extends Step> {
  /** The far side that it touches; null: none, so that nothing needs to be written down first. */
  side: 'cluster' | 'registry' | null
  /** Whether it may touch the cluster in this plan all the same; left out: never. */
  touches?(plan: Plan): boolean
  begin(task: Task<S>): Promise<Stepped>
  see(task: Task<S>): Promise<Stepped | Away>
}
