import type { Card } from './cards.ts'
import type { Desired, Drift, TrainDesired } from './desired.ts'
import { type Episode, isOf } from './episodes.ts'
import type { LaneDocument } from './lane/document.ts'
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

/** Its episode, and how the last run on the same dataset version ended (`last`), be that for another one; of its own run it stays what it was. */
export const driftFor = (
  episode: Episode,
  { desired }: Pick<LaneDocument, 'desired'>,
  last: Again | undefined,
): Drift => {
  const { alert, fingerprint, labels, since, text } = episode
  const known = driftOf(desired)
  const again = isOf(known, episode) ? known?.again : last
  return { ...{ alert, fingerprint, labels, since, text }, ...(again === undefined ? {} : { again }) }
}

/** Ends after which nothing has changed: nothing cools down. */
const UNTRIED: ReadonlySet<string> = new Set(['superseded', 'refused'])

/**
 * When the last run ended after which drift cools down; null: there is none, or it changed nothing. What is told otherwise than the policy says
 * is not what drift waits for: where that ended last, it is the one before.
 */
export const lastEndOf = ({ desired, outcome }: Pick<LaneDocument, 'desired' | 'outcome'>): number | null => {
  const { occasion, lastEnd = null } = (desired ?? {}) as Partial<TrainDesired>
  if (isToldOtherwise(occasion)) return lastEnd
  return outcome === null || UNTRIED.has(outcome.kind) ? null : outcome.at
}

/**
 * What fired before a run that ended well, or that drift began, is what that was to cure; not where it gave way before it began, nor where it was
 * told otherwise than the policy says.
 */
export const isCovered = (
  { since }: Pick<Episode, 'since'>,
  { desired, outcome, since: wanted }: LaneDocument,
): boolean => {
  if (since > wanted || isToldOtherwise((desired as TrainDesired | null)?.occasion)) return false
  return outcome?.kind === 'succeeded' || (driftOf(desired) !== null && outcome?.kind !== 'superseded')
}
