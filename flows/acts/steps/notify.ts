import type { Stepped } from '../../../core/lane/stepping.ts'
import type { NotifyStep } from '../../../core/plan.ts'
import { notifyCard } from '../../../core/steps/notify.ts'
import type { Handler, Task } from './handler.ts'

/** A word to the channel is left in the outbox: no run waits for a chat (law 6). */
const tell = async ({ step, plan, view, run }: Task<NotifyStep>): Promise<Stepped> => {
  const registered = run.steps.find(({ kind, state }) => kind === 'register-model' && state === 'done')?.note ?? null
  return {
    kind: 'done',
    note: `tells ${view.policy.approvals.channel}`,
    values: null,
    tellings: [{ kind: 'note', key: `${plan.id}-${step.name}`, card: notifyCard(step, plan, registered) }],
  }
}

export const notify: Handler<NotifyStep> = { side: null, begin: tell, see: tell }
