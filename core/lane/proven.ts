import { askedBy } from '../desired.ts'
import type { Intent } from '../reactions/reaction.ts'
import type { LaneDocument } from './document.ts'
import type { View } from './view.ts'

/**
 * The document with who asked, who is proven now and was only claimed: resync came before the event that says so, and the source says it
 * once (law 8). What was approved on the claim and has begun nothing binds nobody: who may answer is another question now. Null: it is not so.
 */
export const provenIn = ({ doc, kind }: Pick<View, 'doc' | 'kind'>, { desired }: Intent): LaneDocument | null => {
  const [is, was] = [kind.requesterOf(desired as never), kind.requesterOf(doc.desired as never)]
  if (doc.desired === null || is?.proven !== true || was?.proven === true) return null
  return { ...doc, desired: askedBy(doc.desired, is), approved: doc.approved?.begun === true ? doc.approved : null }
}
