import { type RunKey, runName } from '../core/names.ts'
import { identityOf } from '../core/planning/plan-for.ts'
import type { Policy } from '../core/policy.ts'
import type { Ports } from './ports.ts'

/** Starts the run's execution under its name: harmless to repeat (law 2: the ledger decided, not the absence of one). */
export const startRun = ({ workflow }: Pick<Ports, 'workflow'>, policy: Policy, run: RunKey): Promise<void> =>
  workflow.start(runName(identityOf(policy), run), run)

/** Rings the bell of a run, if it sleeps. A bell carries no truth: who wakes reads the ledger. */
export const ringRun = async ({ ledger, workflow }: Pick<Ports, 'ledger' | 'workflow'>, id: string): Promise<void> => {
  const bell = (await ledger.read('run', id))?.value.bell
  if (bell !== undefined && bell !== null) await workflow.ring(bell)
}
