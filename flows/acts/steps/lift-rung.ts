import type { Stepped } from '../../../core/lane/stepping.ts'
import type { LiftRungStep } from '../../../core/money/lift-step.ts'
import type { Handler, Task } from './handler.ts'

/** Nothing outside is touched: the rung's row says who lifted it, in the commit that says that it is done. Done twice it is the same. */
const lift = async ({ view, step }: Task<LiftRungStep>): Promise<Stepped> => {
  const row = view.rungs.find(({ name, until }) => name === step.rung && until === step.until)
  if (row === undefined) return { kind: 'done', note: `${step.rung} is in force no more`, values: null }
  const lifted = { by: step.by, at: view.now }
  return {
    kind: 'done',
    note: `nobody keeps to ${step.rung} until its month is over`,
    values: null,
    lifts: { ...row, lifted },
  }
}

export const liftRung: Handler<LiftRungStep> = { side: null, begin: lift, see: lift }
