import type { Desired } from '../desired.ts'
import { ruleFor } from '../lane-kinds/catalogue.ts'
import type { Decision } from '../reactions/reaction.ts'
import { said } from '../text.ts'
import { answers, whereOf } from './answering.ts'
import { type Change, changed, DETAIL, moment, SHORT } from './change.ts'
import { type LaneDocument, wantedRun } from './document.ts'
import { saidNoMore, saysOtherwise } from './done-with.ts'
import { isRefused } from './giving-way.ts'
import { endsRefused, type Held, heldAfter } from './held.ts'
import { goesOn } from './kept.ts'
import type { LookLetter } from './letters.ts'
import { asBeforeOccasion } from './occasion.ts'
import type { View } from './view.ts'

/** Letters of one place that begin nothing, and are answered so. */
export const ignored = (view: View, letters: LookLetter[], decision: Decision & { kind: 'ignore' }): Change => {
  const { doc, now } = view
  const { reason, detail } = decision
  const told = letters.some(({ from, waits }) => from === 'door' || waits !== null)
  const place = whereOf(view, letters[0] as LookLetter)
  const awaited = doc.run !== null && !goesOn(view, doc.run) && view.kind.placeOf?.(doc.run.desired as never) === place
  const given = { reason, detail: said(detail, SHORT), at: now, place, told, awaited }
  const { held, fresh } = heldAfter(doc.held, given)
  const isOver = endsRefused(reason) && isRefused(doc) && isAt(view, doc.desired, place)
  const loud = fresh || told || decision.isOver === true || isOver
  return changed(isOver ? withoutRefused(view, detail, held?.place === place ? held : null) : { ...doc, held }, {
    removed: letters,
    moments: loud ? answers(view, letters, { became: 'ignored', kind: 'ignore', reason, detail }) : [],
    counts: loud ? [`ignored:${reason}`] : [],
    tellings: decision.tells === undefined ? [] : [{ kind: 'note', ...decision.tells }],
  })
}

const isAt = ({ kind }: View, desired: LaneDocument['desired'], place: string): boolean =>
  desired !== null && kind.placeOf?.(desired as never) === place

/** Whether what was read there is for another lane, or none, by the policy in force. */
export const isOfAnother = (
  { reactions, policy, doc }: Pick<View, 'reactions' | 'policy'> & { doc: Pick<View['doc'], 'lane'> },
  desired: Desired,
): boolean =>
  reactions.some(({ whence, ruleOf }) => {
    const event = whence?.(desired, { policy, lane: doc.lane, now: 0 }) ?? null
    return event !== null && ruleOf(event, policy)?.lane !== doc.lane
  })

/** Whether what was refused lies by now under no rule of its lane: whoever asks about it there is answered nothing. */
export const isRefusedElsewhere = (view: Pick<View, 'doc' | 'kind' | 'policy' | 'reactions'>): boolean => {
  const { doc, kind, policy } = view
  if (kind.lasts !== 'once' || doc.run !== null || doc.desired === null || !isRefused(doc)) return false
  return ruleFor(kind, doc.lane, policy) !== null && isOfAnother(view, doc.desired)
}

/** The lane without that, which keeps nothing behind it. */
export const leftElsewhere = (view: View): Change => {
  const detail = 'the policy has no rule for its source in this lane any more'
  const data = { data: { became: 'ignored', reason: 'not-configured', detail }, run: wantedRun(view.doc) }
  return changed(withoutRefused(view, detail, null), {
    moments: [moment('decision', `ignore: ${detail}`, data)],
    counts: ['ignored:not-configured'],
  })
}

/**
 * The document once what was refused is wanted by its source no more: what an occasion took the place of is as it was, and else nothing is wanted that
 * could keep anything behind it.
 */
const withoutRefused = (view: View, detail: string, held: Held | null): LaneDocument => {
  const { doc } = view
  if (doc.gaveWay !== undefined || doc.outcome === null || view.kind.lasts !== 'once')
    return asBeforeOccasion(view, doc)
  const { kind, reason, detail: text } = saysOtherwise(detail)
  return saidNoMore({ ...doc, outcome: { ...doc.outcome, kind, reason, detail: said(text, DETAIL) }, held })
}
