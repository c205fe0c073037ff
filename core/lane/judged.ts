import type { RollOutModelStep } from '../plan.ts'
import { type Baseline, type Run, runKeyOf } from './document.ts'
import type { View } from './view.ts'

/** So many are remembered. */
const MOST = 4

const gateIs = ({ steps }: Pick<Run, 'steps'>, is: 'done' | 'failed'): boolean =>
  steps.some(({ kind, way, state }) => kind === 'check-gate' && way === 'forth' && state === is)

/** Whether what the run brings up has passed its gate. */
export const isJudged = (run: Pick<Run, 'steps'>): boolean => gateIs(run, 'done')

type Judging = Pick<View, 'doc' | 'plan' | 'kind'>

/**
 * What the run brings up, with the replicas that it was told to have last; null: its plan brings nothing up. What is made anew while no version is wanted,
 * or what serves is kept, is the version that was judged before.
 */
const risingIn = ({ doc, plan, kind }: Judging, run: Run): Baseline | null => {
  const { desired, steps } = run
  const moves = (plan?.plan.steps ?? []).filter((step): step is RollOutModelStep => step.kind === 'roll-out-model')
  const stands = moves.find(({ brings }) => brings !== null)?.brings
  if (stands == null) return null
  const begun = new Set(steps.flatMap(({ name, way, by }) => (way === 'forth' && by !== null ? [name] : [])))
  const last = moves.findLast(({ name }) => begun.has(name))?.replicas.find((target) => target.generation === stands)
  const standing = { stands, replicas: last?.replicas ?? null }
  const before = doc.baseline ?? doc.judged?.at(-1) ?? null
  return kind.baselineOf(desired as never, { run: runKeyOf(doc, run), before, standing })
}

/**
 * What has passed its gate since the baseline: in runs before this one, which something newer has overtaken, the newest last; and what this
 * one brings up, where that has. Its gate says anew what is to be thought of what it judges.
 */
export const judgedBy = (view: Judging, run: Run): { judged: Baseline[]; own: Baseline | null } => {
  const { judged: known = [] } = view.doc
  const rising = isJudged(run) || gateIs(run, 'failed') ? risingIn(view, run) : null
  if (rising === null) return { judged: known, own: null }
  const judged = known.filter(({ generation, stands = generation }) => stands !== rising.stands)
  return { judged, own: isJudged(run) ? rising : null }
}

/** The same in one list. */
export const judgedIn = (view: Judging, run: Run): Baseline[] => {
  const { judged, own } = judgedBy(view, run)
  return own === null ? judged : [...judged, own].slice(-MOST)
}
