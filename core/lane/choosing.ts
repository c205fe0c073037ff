import type { Chosen } from '../chosen.ts'
import type { PlanInput } from '../lane-kinds/kind.ts'
import { EMPTY_MINUTES } from '../money/nodes.ts'
import type { Planned } from '../plan.ts'
import { turnsBefore } from '../planning/opening.ts'
import { boundsLeft, covers, within } from './approval.ts'
import { card } from './asking.ts'
import { type Change, moment } from './change.ts'
import type { LaneDocument, Run } from './document.ts'
import type { View } from './view.ts'

/** The plan of what people chose, where they did; else the one that nobody has to choose. */
export const planChosen = (view: View, input: PlanInput): Planned => {
  const chosen = view.doc.approved?.question.chosen
  return chosen === undefined ? asBefore(view, input) : asChosen(view, { ...input, chosen })
}

/**
 * What has succeeded as an alternative is tried again as that, so that what it keeps is of the same making, now or once its pools open; until the
 * policy has it no more. Nobody waits a month for that where the default has room.
 */
const asBefore = (view: View, input: PlanInput): Planned => {
  const { madeAs } = view.doc
  if (madeAs?.generation !== input.run.generation) return planWarm(view, input)
  const same = planWarm(view, { ...input, chosen: { name: madeAs.name }, orLater: true })
  if (same.kind === 'refuse' && same.reason === 'not-configured') return planWarm(view, input)
  const { from } = same.kind === 'plan' ? same.plan.bounds : {}
  if (from === undefined || !turnsBefore(from, view.now)) return same
  const first = planWarm(view, input)
  return first.kind === 'plan' ? first : same
}

const planWarm = (view: View, input: PlanInput): Planned => {
  const { doc, kind, now } = view
  const node = warmIn(doc, now)
  const warm = node === null ? null : kind.plan({ ...input, warm: node } as never)
  // What is asked about begins when that node is away.
  return warm?.kind === 'plan' && covers(view, warm.plan) === 'yes' ? warm : kind.plan(input as never)
}

/**
 * The plan of the alternative that people chose, to the digest and within the bounds that their yes binds; else the one that nobody has to
 * choose, and why it is not the other.
 */
const asChosen = (view: View, { chosen, ...input }: PlanInput & { chosen: Chosen }): Planned => {
  const taken = planWarm(view, { ...input, chosen })
  // What has begun under it asks nobody again: it waits for what refuses it, as any other run does.
  if (taken.kind === 'refuse' && taken.reason !== 'not-configured' && view.doc.approved?.begun === true) return taken
  const why = whyNotTaken(view, taken)
  if (why === null) return taken
  const lost = `its alternative ${chosen.name}, which people chose, is not taken: ${why}`
  const planned = asBefore(view, input)
  if (planned.kind === 'refuse') return { ...planned, detail: `${lost}; and without it ${planned.detail}` }
  if (planned.kind !== 'plan') return planned
  return { ...planned, lost, plan: { ...planned.plan, reasons: [lost, ...planned.plan.reasons] } }
}

const whyNotTaken = (view: View, taken: Planned): string | null => {
  const { approved } = view.doc
  if (taken.kind !== 'plan') return taken.kind === 'refuse' ? taken.detail : taken.reason
  if (approved === null || taken.plan.digest !== approved.question.digest)
    return 'what it would do is no longer what they saw'
  if (!within(taken.plan, boundsLeft(approved))) return 'it may cost more by now, or use more, than they agreed to'
  return covers(view, taken.plan) === 'no' ? 'whoever agreed may no more, or more must agree by now' : null
}

/** The pool whose node an attempt before has left, and which is there still: what it costs beside its pods is spent already. */
const warmIn = ({ approved }: Pick<LaneDocument, 'approved'>, now: number): string | null =>
  approved?.ran !== undefined && now - approved.ran.at < EMPTY_MINUTES * 60_000 ? approved.ran.pool : null

/**
 * What people chose is what its card says from now on; where it is not taken, the word of who chose it binds nothing any more, and they are
 * told why.
 */
export const withChoice = (lost: string | undefined, run: Run, change: Change): Change => {
  if (lost === undefined)
    return change.doc.approved?.question.chosen === undefined
      ? change
      : { ...change, tellings: [...change.tellings, card(run)] }
  const told = moment('decision', lost, { run })
  return { ...change, doc: { ...change.doc, approved: null }, moments: [...change.moments, told] }
}
