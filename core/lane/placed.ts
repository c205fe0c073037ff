import type { Intent } from '../reactions/reaction.ts'
import { isRefused } from './giving-way.ts'
import { carried } from './kept.ts'
import type { View } from './view.ts'
import type { Wanted } from './wanted.ts'

/**
 * Another attempt begins from where its source was read just now: where it was read before it may be no more. What is under way stays
 * where it was approved and begun, for as long as that says the same. `same`: what would come of it else.
 */
export const placed = ({ doc, kind }: View, intent: Intent, same: Wanted): Wanted => {
  if (same.kind !== 'want') return same
  // What was refused begins where it was read, though what has begun nothing since has moved the lane's order.
  const isThere = isRefused(doc) && kind.placeOf?.(doc.desired as never) === kind.placeOf?.(intent.desired as never)
  if (!isThere && doc.order !== null && intent.order !== null && intent.order < doc.order)
    return olderThan(doc.order, intent.order)
  const { desired } = same.doc
  // What was finished is known by where it was read: at another place all of it would be paid for again (law 7).
  if (carried(same.doc).length > 0) return same
  const at = kind.placedAs?.(desired as never, intent.desired as never) ?? desired
  return { ...same, doc: { ...same.doc, desired: at } }
}

/** What is said of what was written before what moved the lane last. */
export const olderThan = (last: string, order: string): Wanted => ({
  kind: 'ignore',
  reason: 'older-than-current',
  detail: `its order ${order} is before ${last}, which moved the lane`,
})
