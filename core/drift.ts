import type { Card } from './cards.ts'
import type { Desired, Drift, TrainDesired } from './desired.ts'
import { type Episode, isOf } from './episodes.ts'
import type { LaneDocument } from './lane/document.ts'
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

/** Its episode, and how the last run on the same dataset version ended, be that for another one. */
export const driftFor = (episode: Episode, { desired, outcome }: LaneDocument, version: string): Drift => {
  const { alert, fingerprint, labels, since, text } = episode
  const known = desired as TrainDesired
  const told = { alert, fingerprint, labels, since, text }
  if (known.version !== version) return told
  // Of the episode's own run it stays what it was.
  const last = isOf(known.drift ?? null, episode)
    ? known.drift?.again
    : (AGAIN.get(outcome?.kind) ?? known.drift?.again)
  return last === undefined ? told : { ...told, again: last }
}

/** Ends after which the same dataset version is run on only where people agree: it ended well, or they have ended it. */
const AGAIN = new Map<string | undefined, NonNullable<Drift['again']>>(
  (['succeeded', 'cancelled', 'rejected', 'expired'] as const).map((kind) => [kind, kind]),
)
