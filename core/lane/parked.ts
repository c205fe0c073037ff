import type { Ignored } from '../reasons.ts'
import { type Act, rest } from './act.ts'
import type { Ended } from './ended.ts'
import { REFUSED_SO, staysSo } from './held.ts'
import type { View } from './view.ts'

/** Reasons that repeat how the run ended, and that it stays so. */
const SAYS_NO_MORE: ReadonlySet<Ignored> = new Set<Ignored>([
  'held-failed',
  'held-rejected',
  'held-expired',
  'held-cancelled',
])

/** Rests parked, with why and what moves it; what stands otherwise than a run would leave it comes first. */
export const parked = (view: View): Act => {
  const { beside } = view.doc
  return rest(view, { why: 'parked', text: beside === undefined ? parkedText(view) : `${beside}; ${parkedText(view)}` })
}

const parkedText = ({ doc: { outcome, held } }: View): string => {
  if (outcome === null) return held?.detail ?? ''
  // What refuses it by now is another matter than what refused it as it was tried.
  const isOther = held?.reason === 'held-refused' && held.detail !== outcome.detail
  const why = outcome.reason === null || isOther ? outcome.kind : `${outcome.kind} (${outcome.reason})`
  if (held?.place !== undefined) return `${why}; what came since begins nothing: ${held.detail}`
  if (held === null || held.reason === 'already-true') return `${why}: ${outcome.detail}${movesText(outcome)}`
  // What only says that it stays so would hide what there is to be done.
  if (SAYS_NO_MORE.has(held.reason)) return `${why}: ${outcome.detail}; ${staysSo(outcome)}`
  return held.reason === 'attempts-exhausted'
    ? `${why}: ${held.detail}; the last one: ${outcome.detail}`
    : `${why}: ${held.detail}${held.reason === 'held-refused' ? movesText(outcome) : ''}`
}

/** What moves it, until it was compared with its source and that says so. What nothing on paper refused waits for a person, and says that. */
const movesText = (outcome: Ended): string => {
  if (outcome.kind === 'succeeded' || outcome.kind === 'superseded') return ''
  if (outcome.kind !== 'refused') return `; ${staysSo(outcome)}`
  return outcome.against === null ? '' : `; ${REFUSED_SO}`
}

/** How what was wanted before has ended, where that is not as it should: what comes after it waits. */
export const endedText = ({ outcome }: View['doc']): string =>
  outcome === null || outcome.kind === 'succeeded' || outcome.kind === 'superseded'
    ? ''
    : `${outcome.kind}: ${outcome.detail}; what comes next `
