import type { DriftDetected } from '../events/contract.ts'
import type { Drift } from './desired.ts'
import { plainTime, said } from './text.ts'

/** What is known of one alert: the last episode of it, as it was told at first, and what came of that. */
export interface Episode extends Omit<Drift, 'again'> {
  /** When it was resolved; left out: it fires. */
  over?: number
  /** Something was wanted for it. */
  begun?: true
  /** Of a monitor that reports window by window: windows in a row that drift, while they are too few to be one. Left out: they are enough. */
  windows?: number
  /** How often in a row its run was taken back before it began anything, since it was resolved, and when it last was; left out: it never was. */
  back?: { times: number; at: number }
  /** When the last report was written that was read of it. */
  last?: number
  /** Which window that was, and its date where its key has one. Left out: an earlier release read it. */
  window?: { id: string; date?: number; before?: number; folder?: true }
}

/** Alerts by `alertPlace`. */
export type Episodes = Readonly<Record<string, Episode>>

/** Alerts of one lane that are remembered, for as long as their document has room for them. */
const MOST = 12
/** Longest text of an alert that is kept. Characters. */
const TEXT = 200

/** An alert as people write it: its rule, and what tells it from others of that. */
export const alertPlace = ({ alert, fingerprint }: Pick<DriftDetected, 'alert' | 'fingerprint'>): string =>
  `alert ${alert} ${fingerprint}`

/** Of what is told of one alert what counts: the last that began to fire, and of that its end. */
export const lastTold = (a: DriftDetected, b: DriftDetected): DriftDetected => {
  const later = a.since - b.since || Number(a.state === 'resolved') - Number(b.state === 'resolved') || a.at - b.at
  return later >= 0 ? a : b
}

/** Under which the last is known of those that were forgotten while they went on and had their run: no alert is called so. */
const FORGOTTEN = 'forgotten'

/**
 * With this of an alert; those that began to fire first are forgotten where there are too many, those that are over before others. Of those that
 * go on and had their run stays until when they began: whatever fires since then had it too.
 */
export const withEpisode = (known: Episodes, place: string, episode: Episode): Episodes => {
  const others = Object.entries(known).filter(([other]) => other !== place && other !== FORGOTTEN)
  const rank = ([, { since, over }]: [string, Episode]): number => (over === undefined ? since : since - 1e15)
  const ranked = others.sort((a, b) => rank(b) - rank(a) || (a[0] < b[0] ? -1 : 1))
  const gone = ranked.slice(MOST - 1).flatMap(([, one]) => (one.begun === true && one.over === undefined ? [one] : []))
  const last = [...gone, ...[known[FORGOTTEN] ?? []].flat()].toSorted((a, b) => b.since - a.since)[0]
  const forgotten = last === undefined ? [] : [[FORGOTTEN, { ...NAMELESS, since: last.since, begun: true }] as const]
  return Object.fromEntries([[place, episode], ...ranked.slice(0, MOST - 1), ...forgotten])
}

const NAMELESS = { alert: '', fingerprint: '', labels: {}, text: '' }

/** What is known of an alert. One that is not, and began to fire no later than those that were forgotten so, may be one of them: it had its run. */
export const knownOf = (known: Episodes, told: DriftDetected): Episode | undefined => {
  const { alert, fingerprint, labels, since, text } = told
  const own = known[alertPlace(told)]
  if (own !== undefined || since > (known[FORGOTTEN]?.since ?? Number.NEGATIVE_INFINITY)) return own
  return { alert, fingerprint, labels, since, text: said(text, TEXT), begun: true }
}

/** What an event says of an alert beside what is known of it. */
export type Heard =
  /** What it tells is older than what is known. */
  | { kind: 'late'; known: Episode }
  /** It is over, be that known before it was told that it fires. */
  | { kind: 'over'; episode: Episode }
  | { kind: 'fires'; episode: Episode }

/** Late, repeated and reordered deliveries say nothing new: each alert has one episode at a time, and an end is for good. `labels`: those that are kept. */
export const hear = (
  known: Episode | undefined,
  { alert, fingerprint, text, state, at, resumes, ...told }: DriftDetected,
  labels: Episode['labels'],
): Heard => {
  const goesOn = resumes === true && known !== undefined && known.over === undefined
  const since = goesOn ? known.since : told.since
  if (known !== undefined && since < known.since) return { kind: 'late', known }
  const episode: Episode =
    known?.since === since ? known : { alert, fingerprint, labels, since, text: said(text, TEXT) }
  if (episode.over !== undefined) return { kind: 'over', episode }
  return state === 'resolved' ? { kind: 'over', episode: { ...episode, over: at } } : { kind: 'fires', episode }
}

/** Episodes that go on, and for which nothing was wanted yet. */
export const openEpisodes = (known: Episodes): Episode[] =>
  Object.values(known).filter(
    ({ over, begun, windows }) => over === undefined && begun !== true && windows === undefined,
  )

/** Whether the episode that something was wanted for had its run: where it had none, it is open again. */
export const withRun = (known: Episodes, drift: Drift, had: boolean): Episodes => {
  const place = alertPlace(drift)
  const episode = known[place]
  if (episode === undefined || !isOf(drift, episode)) return known
  const { begun: _, ...open } = episode
  return { ...known, [place]: had ? { ...open, begun: true } : open }
}

/** Why something is run on once more, in a sentence. */
export const sinceText = ({ alert, since, text }: Pick<Drift, 'alert' | 'since' | 'text'>): string =>
  `${said(alert, 100)} fires since ${plainTime(since)}${text === '' ? '' : ` (${text})`}`

/** Whether something is wanted for this one. */
export const isOf = (drift: Drift | null, { alert, fingerprint, since }: Episode): boolean =>
  drift !== null && drift.alert === alert && drift.fingerprint === fingerprint && drift.since === since

/** The event that would tell of an episode again. */
export const again = (
  { alert, fingerprint, labels, since, text }: Omit<Drift, 'again'>,
  now: number,
): DriftDetected => ({
  ...{ type: 'drift-detected', id: 'again', at: now, state: 'firing', replayed: false },
  ...{ alert, fingerprint, since, text, labels },
})

/** How far another's clock may be ahead of ours. Milliseconds. */
const AHEAD = 10 * 60_000

/** Why what fires since a time that is ahead of ours is not believed: it would be newer than whatever is told in all that time (law 14). Null: it is. */
export const aheadText = ({ alert, since }: Pick<Episode, 'alert' | 'since'>, now: number): string | null =>
  since <= now + AHEAD
    ? null
    : `${alert} says that it fires since ${plainTime(since)}, and it is ${plainTime(now)} here: a clock is ahead`
