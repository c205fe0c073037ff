import { hasBegun, type Run } from './document.ts'
import type { View } from './view.ts'

/** So many are remembered. */
const MOST = 32

/** Generations that the run has brought up, and those before it that were stopped in the middle of their way: they are known. */
export const broughtIn = ({ doc, plan }: Pick<View, 'doc' | 'plan'>, run: Run): number[] => {
  const begun = run.steps.filter(({ way, by }) => way === 'forth' && by !== null).map(({ name }) => name)
  const moves = (plan?.plan.steps ?? []).flatMap((step) =>
    step.kind === 'roll-out-model' && step.brings !== null && begun.includes(step.name) ? [step.brings] : [],
  )
  const own = hasBegun(run) ? [run.generation] : []
  return [...new Set([...(doc.brought ?? []), ...own, ...moves])].slice(-MOST)
}
