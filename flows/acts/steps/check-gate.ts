import type { CheckGateStep } from '../../../core/plan.ts'
import { nextCheckGate } from '../../../core/steps/check-gate.ts'
import type { Handler } from './handler.ts'
import { valuesOfStep } from './results.ts'

/** Judges what an earlier step has measured: nothing outside is touched. */
const judge: Handler<CheckGateStep>['begin'] = async (task) =>
  nextCheckGate(task.step, await valuesOfStep(task, task.step.of))

export const checkGate: Handler<CheckGateStep> = { side: null, begin: judge, see: judge }
