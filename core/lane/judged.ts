import type { RollOutModelStep } from '../plan.ts'
import type { PlanRow } from '../rows.ts'
import type { Baseline, Run } from './document.ts'
import type { View } from './view.ts'

/** So many are remembered. */
const MOST = 4

const gateIs = ({ steps }: Pick<Run, 'steps'>, is: 'done' | 'failed'): boolean =>
  steps.some(({ kind, way, state }) => kind === 'check-gate' && way === 'forth' && state === is)

/** Whether what the run brings up has passed its gate. */
export const isJudged = (run: Pick<Run, 'steps'>): boolean => gateIs(run, 'done')

/** What the run brings up, with the replicas that it was told to have last; null: its plan brings nothing up. */
const risingIn = ({ generation, desired, steps }: Run, plan: PlanRow | null): Baseline | null => {
  const moves = (plan?.plan.steps ?? []).filter((step): step is RollOutModelStep => step.kind === 'roll-out-model')
  const stands = moves.find(({ brings }) => brings !== null)?.brings
  if (stands == null) return null
  const begun = new Set(steps.flatMap(({ name, way, by }) => (way === 'forth' && by !== null ? [name] : [])))
  const last = moves.findLast(({ name }) => begun.has(name))?.replicas.find((target) => target.generation === stands)
  return { generation, stands, desired, replicas: last?.replicas ?? null }
}

/**
 * What has passed its gate since the baseline: in runs before this one, which something newer has overtaken, the newest last; and what this
 * one brings up, where that has. Its gate says anew what is to be thought of what it judges.
 */
export const judgedBy = (
  { doc: { judged: known = [] }, plan }: Pick<View, 'doc' | 'plan'>,
  run: Run,
): { judged: Baseline[]; own: Baseline | null } => {
  const rising = isJudged(run) || gateIs(run, 'failed') ? risingIn(run, plan) : null
  if (rising === null) return { judged: known, own: null }
  const judged = known.filter(({ generation, stands = generation }) => stands !== rising.stands)
  return { judged, own: isJudged(run) ? rising : null }
}

/** The same in one list. */
export const judgedIn = (view: Pick<View, 'doc' | 'plan'>, run: Run): Baseline[] => {
  const { judged, own } = judgedBy(view, run)
  return own === null ? judged : [...judged, own].slice(-MOST)
}
