import { withHad } from '../occasions/catalogue.ts'
import type { Intent } from '../reactions/reaction.ts'
import { asBefore, generationOf } from './before.ts'
import type { LaneDocument } from './document.ts'
import type { View } from './view.ts'

/** Whether it is what is wanted already, but for the occasion: its source says nothing new. */
export const isOfOccasion = ({ doc, kind }: View, { desired }: Intent): boolean => {
  const plain = doc.desired === null ? null : (kind.withoutOccasion?.(doc.desired as never) ?? null)
  return plain !== null && kind.keyOf(plain as never) === kind.keyOf(desired as never)
}

/**
 * What is wanted for an occasion keeps what it takes the place of. What drifts goes on from what was paid for of the same (law 7); what is asked for
 * by hand or by the clock does all of it anew, since nothing but that is new about it: a retry keeps what was finished.
 */
export const forOccasion = ({ doc, kind }: View, { desired }: Intent): Partial<LaneDocument> => {
  const plain = kind.withoutOccasion?.(desired as never) ?? null
  const key = kind.occasionOf?.(desired as never) ?? null
  const had = key === null ? {} : { had: withHad(doc.had ?? [], key) }
  if (plain === null || doc.desired === null) return had
  const last = kind.withoutOccasion?.(doc.desired as never) ?? doc.desired
  const isSame = kind.keyOf(last as never) === kind.keyOf(plain as never)
  const { kept, redo = [], outcome } = doc
  return {
    ...had,
    gaveWay: outcome === null || outcome.kind === 'refused' ? (doc.gaveWay ?? generationOf(doc)) : generationOf(doc),
    ...(isSame && key === null && outcome?.kind !== 'succeeded' ? { kept, redo } : {}),
  }
}

/** The document once nothing comes of the occasion for which something is wanted: as if it had never been (law 7), and said again it is new. */
export const asBeforeOccasion = ({ kind }: Pick<View, 'kind'>, { gaveWay, ...doc }: LaneDocument): LaneDocument => {
  if (gaveWay === undefined) return doc
  const key = doc.desired === null ? null : (kind.occasionOf?.(doc.desired as never) ?? null)
  const { had = [] } = doc
  return asBefore(key === null ? doc : { ...doc, had: had.filter((other) => other !== key) }, gaveWay)
}
