import { tookBy } from '../planning/learned.ts'
import { own } from '../record.ts'
import { hoursText } from '../text.ts'
import { markOf } from './marks.ts'
import type { View } from './view.ts'

/** How long the stages that are still to be done of the run under way take as a rule, as far as its plan has learned of it. */
export const usualIn = ({ doc, plan }: Pick<View, 'doc' | 'plan'>): string[] => {
  if (doc.run === null || plan === null || plan.plan.digest !== doc.run.digest) return []
  const { steps, learned, bounds } = plan.plan
  return steps.flatMap((step) => {
    const nodes = step.kind === 'launch-job' ? own(bounds.nodes ?? {}, step.pool ?? '') : undefined
    const took = nodes === undefined ? undefined : tookBy(learned, step, nodes)
    if (took === undefined || markOf(doc, step.name).state === 'done') return []
    return [`${step.name} usually takes ${hoursText(took.hours)}, the median of its last ${took.of} runs`]
  })
}
