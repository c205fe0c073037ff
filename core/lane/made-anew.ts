import type { Desired } from '../desired.ts'
import { laneName } from '../lane-kinds/kind.ts'
import type { LaneDocument } from './document.ts'
import { carried } from './kept.ts'
import { pinned } from './planning.ts'
import type { View } from './view.ts'

/**
 * The view in which what is planned says what it is made with: where the policy has it made otherwise, as another engine does, that is in the revision of
 * today, and a later release changes nothing of it (law 15).
 */
export const asMadeNow = (view: View): View => {
  const { doc, kind, policy } = view
  const { remade } = kind
  if (remade === undefined) return view
  const by = { policy, name: laneName(doc.lane), baseline: doc.baseline }
  const now = (desired: Desired): Desired => remade(desired as never, by)
  const desired = doc.desired === null ? null : now(doc.desired)
  const run = doc.run === null ? null : { ...doc.run, desired: now(doc.run.desired) }
  return { ...view, doc: { ...doc, desired, run } }
}

/**
 * What was refused, as it is made now: nothing of it is there, was approved or was finished that a release could change. A refusal of an earlier
 * release's would else never be lifted by a later one. What is there of it keeps its revisions.
 */
export const refusedAnew = (view: Pick<View, 'doc' | 'kind' | 'policy'>): Desired | null => {
  const { doc } = view
  const { outcome, approved, desired } = doc
  if (desired === null || outcome?.kind !== 'refused' || approved !== null || carried(doc).length > 0) return desired
  return isThere(view, desired) ? desired : pinned(view, desired)
}

/** Whether it was made once, judged or not. */
const isThere = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, desired: Desired): boolean => {
  const isSame = (other: Desired): boolean => kind.keyOf(other as never) === kind.keyOf(desired as never)
  return (doc.baseline !== null && isSame(doc.baseline.desired)) || madeOf(doc).includes(doc.generation)
}

const madeOf = ({ brought = [], judged = [] }: LaneDocument): number[] => [
  ...brought,
  ...judged.map(({ generation }) => generation),
]
