import type { Intent } from '../reactions/reaction.ts'
import { mayRepeat } from './attempts.ts'
import type { Ended } from './ended.ts'
import { isAtSame, isOpen, isRefused } from './giving-way.ts'
import { staysSo } from './held.ts'
import type { View } from './view.ts'
import type { Wanted } from './wanted.ts'

/**
 * What comes of what people have ended before something else was wanted, and its source says once more: it is as they have left it, and takes the
 * place of nothing that is under way or may begin yet. `wanted`: what would come of it else.
 */
export const asLeft = (view: View, { desired }: Intent, wanted: Wanted): Wanted => {
  const { doc, kind, now } = view
  const ended = wanted.kind === 'want' ? (kind.endedBefore?.(doc, desired as never) ?? null) : null
  if (ended === null || wanted.kind !== 'want') return wanted
  const detail = `${kind.titleOf(desired as never)} was ${ended.kind} before (${ended.detail}); ${staysSo({})}`
  const isGone = isOpen(doc) && isAtSame(kind, doc.desired, desired)
  const mayBegin = doc.run !== null || doc.outcome === null || isRefused(doc) || mayRepeat({ doc })
  if (mayBegin && !isGone) return { kind: 'later', reason: 'run-not-over', detail }
  const { generation, attempt } = wanted.doc
  const outcome: Ended = {
    ...{ ...ended, reason: null, generation, attempt, at: now, against: null },
    ...{ untried: true, stages: [] },
  }
  return { kind: 'note', doc: { ...wanted.doc, outcome }, detail }
}
