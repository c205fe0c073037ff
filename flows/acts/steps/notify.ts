import type { Stepped } from '../../../core/lane/stepping.ts'
import type { NotifyStep, RegisterModelStep, RollOutModelStep } from '../../../core/plan.ts'
import { isMove, standsAtEnd } from '../../../core/steps/moving.ts'
import { notifyCard } from '../../../core/steps/notify.ts'
import { generationsOf } from '../../generations.ts'
import type { Handler, Task } from './handler.ts'
import { rollOutModel } from './roll-out-model.ts'

/** A word to the channel is left in the outbox: no run waits for a chat (law 6). */
const tell = ({ step, plan, view, run }: Task<NotifyStep>): Stepped & { kind: 'done' } => {
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

/** The last move of a way, as what stays once it is over: that is what may have trouble. */
const lastMove = ({ plan, mark }: Task<NotifyStep>): RollOutModelStep | undefined => {
  const move = plan.steps.findLast(isMove)
  if (move === undefined || mark.waits) return move
  return { ...move, brings: move.replicas.find(({ replicas }) => replicas > 0)?.generation ?? null }
}

/**
 * What is told of a rollout is what stands: the last act before its run closes looks. What has left since, or come back, is moved and
 * waited for as the last move has it, and with as much patience.
 */
export const notify: Handler<NotifyStep> = {
  side: null,
  touches: ({ steps }) => steps.some(isMove),
  begin: async (task) => {
    const { ports, view, plan } = task
    const step = plan.steps.findLast(isMove)
    if (step === undefined || standsAtEnd(plan.steps, await generationsOf(ports, view))) return tell(task)
    return rollOutModel.begin({ ...task, step })
  },
  see: async (task) => {
    const step = lastMove(task)
    if (step === undefined) return tell(task)
    const seen = await rollOutModel.see({ ...task, step })
    if (seen.kind !== 'done') return seen
    return { ...tell(task), ...(seen.stands === undefined ? {} : { stands: seen.stands }) }
  },
}
