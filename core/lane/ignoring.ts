import type { Decision } from '../reactions/reaction.ts'
import { said } from '../text.ts'
import { answers, whereOf } from './answering.ts'
import { type Change, changed, DETAIL, SHORT } from './change.ts'
import type { LaneDocument } from './document.ts'
import { saidNoMore, saysOtherwise } from './done-with.ts'
import { isRefused } from './giving-way.ts'
import { endsWanted, heldAfter } from './held.ts'
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
  const isOver = endsWanted(reason) && isRefused(doc) && isAt(view, doc.desired, place)
  const loud = fresh || told || decision.isOver === true || isOver
  return changed(isOver ? withoutRefused(view, detail) : { ...doc, held }, {
    removed: letters,
    moments: loud ? answers(view, letters, { became: 'ignored', kind: 'ignore', reason, detail }) : [],
    counts: loud ? [`ignored:${reason}`] : [],
    tellings: decision.tells === undefined ? [] : [{ kind: 'note', ...decision.tells }],
  })
}

const isAt = ({ kind }: View, desired: LaneDocument['desired'], place: string): boolean =>
  desired !== null && kind.placeOf?.(desired as never) === place

/**
 * The document once what was refused is wanted by its source no more: what an occasion took the place of is as it was, and else nothing is wanted that
 * could keep anything behind it.
 */
const withoutRefused = (view: View, detail: string): LaneDocument => {
  const { doc } = view
  if (doc.gaveWay !== undefined || doc.outcome === null || view.kind.lasts !== 'once')
    return asBeforeOccasion(view, doc)
  const { kind, reason, detail: text } = saysOtherwise(detail)
  return saidNoMore({ ...doc, outcome: { ...doc.outcome, kind, reason, detail: said(text, DETAIL) }, held: null })
}
