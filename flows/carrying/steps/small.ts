import type { TrainDesired } from '../../../core/desired.ts'
import type { CheckGateStep, NotifyStep, RegisterModelStep, Step, StepKind } from '../../../core/plan.ts'
import type { RunRow } from '../../../core/rows.ts'
import { nextCheckGate } from '../../../core/steps/check-gate.ts'
import { notifyCard } from '../../../core/steps/notify.ts'
import { PLAN_TAG, registration } from '../../../core/steps/register-model.ts'
import type { Handler } from './handler.ts'
import { launchJob } from './launch-job.ts'
import { rollOutModel } from './roll-out-model.ts'

const resultOf = (run: RunRow, step: string) => run.steps.find(({ name }) => name === step)?.result ?? null

const begun = async () => ({ kind: 'begun' }) as const

const checkGate: Handler<CheckGateStep> = {
  begin: begun,
  see: async ({ step, run }) => nextCheckGate(step, resultOf(run, step.of)),
}

/** The registry gives no name of ours, so the plan's tag is searched first (law 14). */
const registerModel: Handler<RegisterModelStep> = {
  begin: begun,
  see: async ({ carrier: { ports, id }, step, run, plan }) => {
    const input = registration(step, {
      plan: id,
      desired: plan.desired as TrainDesired,
      result: resultOf(run, step.of),
    })
    if (input === null)
      return {
        kind: 'failed',
        reason: 'not-registered',
        note: `the result of ${step.of} names no \`model\` artifact, so there is nothing to register`,
      }
    const found = (await ports.registry.findByTag(step.model, PLAN_TAG, id)) ?? (await ports.registry.register(input))
    return {
      kind: 'done',
      note: `${found.name} v${found.version}`,
      result: { version: found.version, source: found.source },
    }
  },
}

const notify: Handler<NotifyStep> = {
  begin: begun,
  see: async ({ carrier: { ports, id }, step, plan, policy }) => {
    await ports.chat.post(policy.approvals.channel, `${id}-${step.name}`, notifyCard(step, plan))
    return { kind: 'done', note: `told ${policy.approvals.channel}`, result: null }
  },
}

const handlers: { [K in StepKind]: Handler<Extract<Step, { kind: K }>> } = {
  'launch-job': launchJob,
  'check-gate': checkGate,
  'register-model': registerModel,
  'roll-out-model': rollOutModel,
  notify,
}

/** The effect of a step's kind. */
export const handlerOf = (step: Step): Handler<Step> => handlers[step.kind] as Handler<Step>
