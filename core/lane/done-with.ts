import type { Left } from '../earlier.ts'
import type { Outcome } from '../reasons.ts'
import { mayRepeat } from './attempts.ts'
import type { Before, LaneDocument } from './document.ts'
import type { Ended } from './ended.ts'
import { leaving } from './leaving.ts'
import { plainKeyOf } from './occasion.ts'
import type { View } from './view.ts'

type Known = Pick<LaneDocument, 'doneWith'>
type Was = Pick<Before, 'desired' | 'order' | 'outcome' | 'attemptsLeft'>

/** Whether it stays as it has ended until a person says otherwise, though its source says it still. */
export const isOver = ({ outcome, attemptsLeft }: Pick<Was, 'outcome' | 'attemptsLeft'>): boolean =>
  outcome !== null &&
  outcome.kind !== 'superseded' &&
  outcome.kind !== 'refused' &&
  outcome.reason !== 'not-configured' &&
  !mayRepeat({ doc: { outcome, attemptsLeft } })

/**
 * What is over for good once something else takes the place of these: the last of them that is, or what was before. It is known without what it
 * was for: a run for an occasion on a dataset version leaves nothing of that version to be begun by itself.
 */
export const doneWith = ({ doc: { doneWith: known }, kind }: Pick<View, 'doc' | 'kind'>, ...all: Was[]): Known => {
  const over = all.flatMap((was) => {
    const { desired, order = null } = was
    return desired === null || order === null || !isOver(was) ? [] : [{ order, key: plainKeyOf({ kind }, desired) }]
  })
  const last = [...(known ? [known] : []), ...over].toSorted((a, b) => (a.order < b.order ? -1 : 1)).at(-1)
  return last === undefined ? {} : { doneWith: last }
}

/** The same once a run has ended so that carried out what came before what is wanted, with what is remembered of it. */
export const doneBefore = (
  view: Pick<View, 'doc' | 'kind' | 'policy'>,
  { before }: Pick<LaneDocument, 'before'>,
  at: Ended,
): Known & Left => {
  const { desired } = view.doc
  if (before?.generation !== at.generation) return {}
  const was = { ...before, outcome: at }
  return { ...doneWith(view, was), ...(desired === null ? {} : leaving(view, desired, was)) }
}

/** How what is wanted ends that has begun nothing, once its source says it no more. */
export const saysOtherwise = (detail: string): Outcome => ({
  kind: 'superseded',
  reason: null,
  detail: `its source says something else now, which begins nothing: ${detail}`,
})

/**
 * The document once the source of what is wanted says it no more, and nothing newer: what came before that and is not over is what its
 * source says now, and resync finds it (law 1).
 */
export const saidNoMore = (doc: LaneDocument): LaneDocument =>
  doc.doneWith === undefined ? doc : { ...doc, order: doc.doneWith?.order ?? null }

/** Whether this is what a lane came back to when its source said no more what was wanted since, and no later writing of it. */
export const isDoneWith = (
  { order, doneWith: last }: Pick<LaneDocument, 'order' | 'doneWith'>,
  said: string | null,
  key: string,
): boolean => last != null && last.order === order && last.key === key && (said === null || said <= last.order)
