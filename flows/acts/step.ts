import { type Run, runKeyOf } from '../../core/lane/document.ts'
import { markOf } from '../../core/lane/marks.ts'
import type { View } from '../../core/lane/view.ts'
import type { Step, StepKind } from '../../core/plan.ts'
import { isServingOnNode } from '../../core/steps/roll-out-model.ts'
import type { WorkPorts } from '../ports.ts'
import { ledAgain } from './led-again.ts'
import type { Performed } from './performed.ts'
import { checkGate } from './steps/check-gate.ts'
import { asDeleted } from './steps/gone.ts'
import type { Handler, Task } from './steps/handler.ts'
import { launchJob } from './steps/launch-job.ts'
import { liftRung } from './steps/lift-rung.ts'
import { notify } from './steps/notify.ts'
import { registerModel } from './steps/register-model.ts'
import { resizePool } from './steps/resize-pool.ts'
import { rollOutModel } from './steps/roll-out-model.ts'
import { switchTraffic } from './steps/switch-traffic.ts'
import { podsOf } from './steps/waiting-first.ts'

const handlers: { [K in StepKind]: Handler<Extract<Step, { kind: K }>> } = {
  'launch-job': launchJob,
  'check-gate': checkGate,
  'register-model': registerModel,
  'roll-out-model': rollOutModel,
  'switch-traffic': switchTraffic,
  'resize-pool': resizePool,
  'lift-rung': liftRung,
  notify,
}

const handlerOf = (step: Step): Handler<Step> => handlers[step.kind] as Handler<Step>

export const touchesFarSide = ({ doc, plan }: View, name: string): boolean => {
  const { side, touches }: Pick<Handler<Step>, 'side' | 'touches'> = handlers[markOf(doc, name).kind]
  return side !== null || (plan !== null && touches?.(plan.plan) === true)
}

export const beginStep = async (ports: WorkPorts, view: View, name: string): Promise<Performed> => {
  const task = taskOf(ports, view, name)
  const stepped = await asDeleted(task, await handlerOf(task.step).begin(task))
  return { result: { kind: 'stepped', stepped }, seen: {} }
}

/** Beside it each look sees to whom the lane's Service leads, and how many of its pods have nodes: what the step waits for may take long. */
export const seeStep = async (ports: WorkPorts, view: View, name: string): Promise<Performed> => {
  const task = taskOf(ports, view, name)
  const led = await ledAgain(task)
  const [came, placed] = await Promise.all([handlerOf(task.step).see(task), placedOf(task)])
  const stepped = came.kind === 'failed' ? await asDeleted(task, came) : came
  const beside = { ...(led === null ? {} : { led }), ...(placed === undefined ? {} : { placed }) }
  return { result: { kind: 'stepped', stepped, ...beside }, seen: {} }
}

/** Pods of a rollout that has begun which have nodes; undefined: it is none. */
const placedOf = async (task: Task): Promise<number | undefined> => {
  const hasMoved = task.run.steps.some(({ kind, by }) => kind === 'roll-out-model' && by !== null)
  return hasMoved ? (await podsOf(task)).filter(isServingOnNode).length : undefined
}

const taskOf = (ports: WorkPorts, view: View, name: string): Task => {
  const run = view.doc.run as Run
  const mark = markOf(view.doc, name)
  const steps = mark.way === 'forth' ? view.plan?.plan.steps : view.plan?.back
  const step = steps?.find((candidate) => candidate.name === name)
  if (step === undefined || view.plan === null) throw new Error(`${view.doc.lane}: the plan has no step ${name}`)
  return { ports, view, step, mark, run, key: runKeyOf(view.doc, run), plan: view.plan.plan }
}
