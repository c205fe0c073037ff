import type { Policy } from '../policy.ts'
import type { LaneDocument } from './document.ts'
import type { View } from './view.ts'

/**
 * Whether a policy was published before one that the lane was decided under already. For half a minute after an edit some hold the new one and others
 * the one before: what was asked, planned or refused under the newer is not theirs to take over.
 */
export const isOutdated = <D extends Pick<LaneDocument, 'policyAt'>>(
  { published }: Pick<Policy, 'published'>,
  doc: D,
): doc is D & { policyAt: number } => published !== undefined && doc.policyAt !== undefined && published < doc.policyAt

/** The document as it is written under the policy at hand. */
export const writtenUnder = ({ doc, policy: { published } }: Pick<View, 'doc' | 'policy'>): LaneDocument =>
  published === undefined ? doc : { ...doc, policyAt: Math.max(published, doc.policyAt ?? 0) }
