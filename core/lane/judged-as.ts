import { laneName } from '../lane-kinds/kind.ts'
import type { Plan } from '../plan.ts'
import type { Outcome } from '../reasons.ts'
import { agreedTo } from '../strategy.ts'
import type { Count, Decided } from './decided.ts'
import { type Baseline, hasBegun, type Run } from './document.ts'
import type { View } from './view.ts'

/**
 * The Deployment that stands for what succeeded, and with how many replicas: where the last move left it, or what stood already where
 * nothing was to be done. What the policy says by then nobody may have approved.
 */
export const standingFor = ({ plan, world }: View, run: Run): Partial<Pick<Baseline, 'stands' | 'replicas'>> => {
  const standing = hasBegun(run)
    ? plan?.plan.steps.findLast((step) => step.kind === 'roll-out-model')?.replicas
    : world?.generations
  const found = standing?.find(({ replicas }) => replicas > 0)
  return found === undefined ? {} : { stands: found.generation, replicas: found.replicas }
}

/** How many replicas were planned, as the policy had them then; null: none were. */
const countOf = (plan: Plan | null): Count | null => {
  const planned = agreedTo(plan?.strategy)
  return planned === undefined ? null : { of: planned, ...(plan?.strategy?.upTo !== undefined && { most: true }) }
}

/** The same of what has succeeded: how far it is scaled, people have agreed to. */
export const agreedBy = (plan: Plan | null): Decided => {
  const upTo = plan?.strategy?.upTo
  return { ...countOf(plan), ...(upTo === undefined ? {} : { upTo }) }
}

/** The baseline with another count as it was decided last: it stands as it did. */
const decidedAs = ({ of: _, most: __, ...had }: Baseline, count: Count): Baseline => ({ ...had, ...count })

/** Ends by which what was planned is not done: people have said no, or it came to nothing. */
const NOT_DONE: ReadonlySet<Outcome['kind']> = new Set<Outcome['kind']>([
  'rejected',
  'expired',
  'cancelled',
  'failed',
  'refused',
])

/**
 * What serves stays as it is where a plan about its replicas alone was not agreed to, or came to nothing: for as long as the policy has so many
 * of it. What became of another version says nothing of that, however many it was to have. `own`: how many that has now, of what is refused and serves itself, since its own planning tries that again.
 */
export const saidNoTo = (
  baseline: Baseline | null,
  { kind }: Pick<Outcome, 'kind'>,
  { plan, own = null }: { plan: Plan | null; own?: Count | null },
): Baseline | null => {
  if (baseline === null) return null
  if (kind === 'refused' && own !== null) return decidedAs(baseline, own)
  const planned = NOT_DONE.has(kind) && plan?.strategy?.name === 'scale' ? countOf(plan) : null
  return planned === null ? baseline : decidedAs(baseline, planned)
}

/** How many replicas the policy has of what serves, where a run is of just that; null: it is of something else. */
export const ownReplicas = ({ doc, kind, policy }: Pick<View, 'doc' | 'kind' | 'policy'>, run: Run): Count | null => {
  const { baseline, lane } = doc
  const isOwn = baseline !== null && kind.keyOf(baseline.desired as never) === kind.keyOf(run.desired as never)
  return isOwn ? (kind.countOf?.(policy, laneName(lane)) ?? null) : null
}
