import type { Card } from './cards.ts'
import type { Desired, Drift, TrainDesired } from './desired.ts'
import { type Episode, isOf } from './episodes.ts'
import type { LaneDocument } from './lane/document.ts'
import type { Ended } from './lane/ended.ts'
import { hadBegun, isNo, isSaidNoTo } from './lane/wanted.ts'
import { isToldOtherwise } from './occasions/catalogue.ts'
import type { Again } from './occasions/occasion.ts'
import { plainTime, said } from './text.ts'

/** The episode that something is wanted for; null: it is wanted for itself. */
export const driftOf = (desired: Desired | null): Drift | null => (desired as TrainDesired | null)?.drift ?? null

/** How the channel hears of one that begins nothing. */
export const cardOf = ({ alert, since, text }: Episode, name: string): Card => ({
  title: `${name} drifts: ${said(alert, 100)}`,
  facts: [{ label: 'Fires since', value: plainTime(since) }],
  lines: text === '' ? [] : [text],
  question: null,
  tone: 'bad',
})

/** Its episode, and how the last run on the same dataset version ended (`last`), be that for another one; of its own run on that version it stays what it was. */
export const driftFor = (
  episode: Episode,
  { desired }: Pick<LaneDocument, 'desired'>,
  { last, version }: { last: Again | undefined; version: string },
): Drift => {
  const { alert, fingerprint, labels, since, text } = episode
  const known = driftOf(desired)
  const isOwn = isOf(known, episode) && (desired as TrainDesired).version === version
  const again = isOwn ? known?.again : last
  return { ...{ alert, fingerprint, labels, since, text }, ...(again === undefined ? {} : { again }) }
}

/** Ends of what was never at work: nothing cools down of it. */
const NEVER: ReadonlySet<string> = new Set(['superseded', 'refused'])

const isUntried = ({ kind, untried }: Ended): boolean => untried === true || NEVER.has(kind)

/**
 * When the last run ended after which drift cools down, or people said no to one that drift had asked for; null: there is none, or it is not over.
 * Where what ended last was never at work, or is told otherwise than the policy says, it is the one before.
 */
export const lastEndOf = ({ desired, outcome }: Pick<LaneDocument, 'desired' | 'outcome'>): number | null => {
  const { occasion, lastEnd = null } = (desired ?? {}) as Partial<TrainDesired>
  if (outcome === null || isToldOtherwise(occasion)) return lastEnd
  const counts = !isUntried(outcome) || (driftOf(desired) !== null && isNo(outcome))
  return counts ? Math.max(outcome.at, lastEnd ?? 0) : lastEnd
}

/** What is wanted knows of that too where it had been wanted before that ended. */
export const coolsAfter = (wanted: TrainDesired, before: Pick<LaneDocument, 'desired' | 'outcome'>): TrainDesired => {
  const lastEnd = lastEndOf(before)
  return lastEnd === null || lastEnd <= (wanted.lastEnd ?? 0) ? wanted : { ...wanted, lastEnd }
}

/** What is wanted next keeps of that, should nothing come of it. */
export const coolsFrom = (doc: Pick<LaneDocument, 'desired' | 'outcome'>): Pick<TrainDesired, 'lastEnd'> => {
  const lastEnd = lastEndOf(doc)
  return lastEnd === null ? {} : { lastEnd }
}

/**
 * What fired before a run that ended well, or that drift began, is what that was to cure; not where nothing of that has begun, but that people said
 * no to it, nor where it was told otherwise than the policy says.
 */
export const isCovered = (episode: Pick<Episode, 'since'>, doc: LaneDocument): boolean => {
  if (!isFiredBefore(episode, doc)) return false
  const { desired, outcome } = doc
  if (outcome?.kind === 'succeeded') return true
  return driftOf(desired) !== null && outcome?.kind !== 'superseded' && (hadBegun(doc) || isSaidNoTo(doc))
}

/** Whether it is what a run of drift is to cure that was refused, and begins once that is told otherwise: nobody knows yet whether it does. */
export const isCoveredOnceBegun = (episode: Pick<Episode, 'since'>, doc: LaneDocument): boolean =>
  isFiredBefore(episode, doc) && driftOf(doc.desired) !== null && doc.outcome?.kind === 'refused'

const isFiredBefore = ({ since }: Pick<Episode, 'since'>, { desired, since: wanted }: LaneDocument): boolean =>
  since <= wanted && !isToldOtherwise((desired as TrainDesired | null)?.occasion)
