import type { Chosen } from '../chosen.ts'
import type { Bounds } from '../plan.ts'
import { binds, covers } from './approval.ts'
import { isOutdatedByRung } from './asking.ts'
import type { Run } from './document.ts'
import { planOnPaper, type Seen } from './planning.ts'
import type { Question } from './question.ts'
import type { View } from './view.ts'

/** What somebody may say yes to. */
interface Way {
  digest: string
  bounds: Bounds
  chosen?: Chosen | undefined
}

/**
 * Whether a yes to whatever a question offers would be heeded now: it is planned as it would be after that yes, and judged as it would be then.
 * Where one of its ways would not be, people are asked for what cannot be.
 */
export const isHeeded = (view: View, run: Run, seen: Seen): boolean => {
  const { question } = run
  return question !== null && waysOf(view, question).every((way) => wouldBegin(view, { run, question, way }, seen))
}

const waysOf = ({ plan }: View, { digest, bounds, choices = [] }: Question): Way[] => [
  { digest, bounds, chosen: plan?.plan.chosen },
  ...choices.map(({ name, from, ...choice }) => ({
    ...choice,
    chosen: from === undefined ? { name } : { name, from },
  })),
]

const wouldBegin = (
  view: View,
  { run, question, way }: { run: Run; question: Question; way: Way },
  seen: Seen,
): boolean => {
  const { digest, bounds, chosen } = way
  const answered: Question = {
    ...question,
    digest,
    bounds,
    state: 'approved',
    ...(chosen === undefined ? {} : { chosen }),
  }
  // As if begun: who would have said so is not known yet. What a rung has outdated binds nothing, and is asked about anew in any case.
  const begun = !isOutdatedByRung(view, run)
  const at: View = { ...view, doc: { ...view.doc, approved: { question: answered, spent: 0, begun } } }
  const planned = planOnPaper(at, run, seen)
  return (
    planned.kind === 'plan' &&
    planned.lost === undefined &&
    planned.plan.generation === run.generation &&
    // Though nobody need be asked by now: what begins is to be what people saw.
    binds(way, planned.plan) &&
    covers(at, planned.plan) === 'yes'
  )
}
