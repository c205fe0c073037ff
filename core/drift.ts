import type { Card } from './cards.ts'
import type { Desired, Drift, TrainDesired } from './desired.ts'
import { type Episode, isOf } from './episodes.ts'
import type { LaneDocument } from './lane/document.ts'
import { isToldOtherwise } from './occasions/catalogue.ts'
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

/**
 * Its episode, and how the last run on the same dataset version ended, be that for another one. `isTrained`: one has ended well, be that before
 * others that did not.
 */
export const driftFor = (
  episode: Episode,
  { desired, outcome }: LaneDocument,
  { version, isTrained }: { version: string; isTrained: boolean },
): Drift => {
  const { alert, fingerprint, labels, since, text } = episode
  const known = desired as TrainDesired
  const told = { alert, fingerprint, labels, since, text }
  const isSame = known.version === version
  // Of the episode's own run it stays what it was.
  const ended = isSame
    ? ((isOf(known.drift ?? null, episode) ? null : AGAIN.get(outcome?.kind)) ?? known.drift?.again)
    : null
  const last = ended ?? (isTrained ? 'succeeded' : undefined)
  return last === undefined ? told : { ...told, again: last }
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

/** Ends after which the same dataset version is run on only where people agree: it ended well, or they have ended it. */
const AGAIN = new Map<string | undefined, NonNullable<Drift['again']>>(
  (['succeeded', 'cancelled', 'rejected', 'expired'] as const).map((kind) => [kind, kind]),
)
