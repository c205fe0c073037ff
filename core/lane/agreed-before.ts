import { asIfAllHadRoom } from '../planning/as-many.ts'
import { isPartOf } from '../planning/effects.ts'
import { boundsLeft, within } from './approval.ts'
import { type LaneDocument, wantedRun } from './document.ts'
import { planOnPaper } from './planning.ts'
import type { Approved } from './question.ts'
import type { View } from './view.ts'

/**
 * What people have agreed to of what is wanted, which was refused then and has begun nothing, for what serves, of which as much has room as that is part of what they
 * were asked about: while nobody answers they are not asked anew. That has a generation of its own, to which their yes is bound from then on. Null: it covers none of it.
 */
export const agreedBefore = (view: View, next: LaneDocument): Approved | null => {
  const { doc, world, now } = view
  const { outcome, approved, desired, generation, attempt } = doc
  if (outcome?.kind !== 'refused' || approved === null || approved.begun || world === null || desired === null)
    return null
  if (now > approved.question.bounds.until || next.desired === null) return null
  const roomy = { ...view, world: asIfAllHadRoom(world), doc: { ...doc, approved: null } }
  const whole = planOnPaper(roomy, { generation, attempt, desired }, { kept: {} })
  if (whole.kind !== 'plan' || whole.plan.digest !== approved.question.digest) return null
  const at = { ...view, doc: next }
  // By the names that they were asked about.
  const part = planOnPaper(at, { generation, attempt, desired: next.desired }, { kept: {} })
  const own = planOnPaper(at, { ...wantedRun(next), desired: next.desired }, { kept: {} })
  if (part.kind !== 'plan' || own.kind !== 'plan' || !within(own.plan, boundsLeft(approved))) return null
  return isPartOf(part.plan.effects, whole.plan.effects)
    ? { ...approved, question: { ...approved.question, digest: own.plan.digest } }
    : null
}
