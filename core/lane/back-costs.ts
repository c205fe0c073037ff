import { perHourOf } from '../money/cost.ts'
import type { Plan, RollOutModelStep } from '../plan.ts'
import type { Baseline, Run } from './document.ts'

/**
 * Dollars that the way back from where a run's moves have come may cost beyond what ran before, in a bad case: each replica of the baseline that
 * is missing there loads, one after the other, while what was brought up goes on; and nodes that the way forth has not needed yet are started for
 * them. Nothing where none is missing. Not rounded.
 */
export const backCosts = (
  baseline: Baseline | null,
  { run, plan }: { run: Pick<Run, 'steps'>; plan: Plan },
): number => {
  const moves = plan.steps.filter((step): step is RollOutModelStep => step.kind === 'roll-out-model')
  const last = moves.findLast(({ name }) =>
    run.steps.some(
      (mark) => mark.name === name && mark.way === 'forth' && mark.state !== 'pending' && mark.by !== null,
    ),
  )
  if (baseline === null || last === undefined) return 0
  const stand = replicasAt(last, baseline)
  if (stand === null) return 0
  const had = baseline.replicas ?? Math.max(...moves.map((step) => replicasAt(step, baseline) ?? 0))
  // The way back takes no more GPUs than the way forth was granted, so no hour of it costs more than the dearest of those.
  const perHour = Math.max(0, ...moves.map(perHourOf))
  // Nodes that are started before as many ran at once are counted with the moves that need them; more than those the way back needs none.
  const later = moves.slice(moves.indexOf(last) + 1).reduce((sum, { beside = 0 }) => sum + beside, 0)
  return had > stand ? (had - stand) * (last.loadMinutes / 60) * perHour + later : 0
}

/** Replicas of the Deployment that stands for the baseline; null: the move does not touch it. */
const replicasAt = ({ replicas = [] }: RollOutModelStep, { generation, stands }: Baseline): number | null =>
  replicas.find((one) => one.generation === (stands ?? generation))?.replicas ?? null
