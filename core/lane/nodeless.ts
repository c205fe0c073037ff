import { withoutNodes } from '../money/cost.ts'
import { nodelessFrom } from '../money/nodeless.ts'
import type { LaneDocument } from './document.ts'
import type { View } from './view.ts'

/** The document with what of a rollout has no node now, where so many pods of the lane were seen on some. Undefined: nobody has looked. */
export const withPlaced = (
  { plan, now }: Pick<View, 'plan' | 'now'>,
  doc: LaneDocument,
  placed: number | undefined,
): LaneDocument => {
  const { run } = doc
  if (placed === undefined || run === null || plan === null) return doc
  const nodeless = nodelessFrom(run.nodeless, withoutNodes({ run, plan: plan.plan }, placed), now)
  return nodeless === undefined || nodeless === run.nodeless ? doc : { ...doc, run: { ...run, nodeless } }
}
