import type { Stepped } from '../../../core/lane/stepping.ts'
import type { NotifyStep, RegisterModelStep } from '../../../core/plan.ts'
import { notifyCard } from '../../../core/steps/notify.ts'
import type { Handler, Task } from './handler.ts'

/** A word to the channel is left in the outbox: no run waits for a chat (law 6). */
const tell = async ({ step, plan, view, run }: Task<NotifyStep>): Promise<Stepped> => {
  const said = run.steps.find(({ kind, state }) => kind === 'register-model' && state === 'done')?.note ?? null
  const of = plan.steps.find(({ kind }) => kind === 'register-model') as RegisterModelStep | undefined
  // What an attempt before it had made may be registered already.
  const kept = run.steps.some(({ name, state, by }) => name === of?.of && state === 'done' && by === null)
  return {
    kind: 'done',
    note: `tells ${view.policy.approvals.channel}`,
    values: null,
    tellings: [{ kind: 'note', key: `${plan.id}-${step.name}`, card: notifyCard(step, plan, { said, kept }) }],
  }
}

export const notify: Handler<NotifyStep> = { side: null, begin: tell, see: tell }
