import type { DriftDetected, DriftReported } from '../../events/contract.ts'
import type { Verdict } from '../../events/drift-report.ts'
import { driftReported } from '../../events/drift-reported.ts'
import { alertPlace, type Episode, withEpisode } from '../episodes.ts'
import type { LaneDocument } from '../lane/document.ts'
import { pipeline } from '../lane-kinds/pipeline.ts'
import type { Policy } from '../policy.ts'
import { counted, inSight, said } from '../text.ts'
import { type NewestDataset, onDriftDetected } from './drift-detected.ts'
import type { Decision, Reaction } from './reaction.ts'
import { DATES, type ReportWindow, reportWindow } from './report-window.ts'

/** What a report says, and since when it lies there; and the newest dataset version beside it. */
export type ReportFacts =
  | { kind: 'gone' }
  | { kind: 'report'; lastModified: number; sha256: string; verdict: Verdict; dataset: NewestDataset }

/** A report of one window: so many in a row that drift are an episode of their monitor, and one that does not ends it. */
export const onDriftReported: Reaction<DriftReported, ReportFacts> = {
  contract: driftReported,
  kind: pipeline,
  ruleOf: (event, policy) => {
    const monitor = monitorOf(event, policy)
    return monitor === null ? null : onDriftDetected.ruleOf(alertOf(monitor.name, { since: event.at }), policy)
  },
  whyNoRule: ({ bucket, key }) => `${inSight(`s3://${bucket}/${key}`)} lies below no \`drift.reports\` of a service`,
  at: ({ bucket, key }) => `s3://${bucket}/${key}`,
  look: (event, { policy, rule, doc }) => {
    const dataset = onDriftDetected.look(alertOf(monitorOf(event, policy)?.name ?? '', { since: event.at }), {
      policy,
      rule,
      doc,
    })
    const { bucket, key } = event
    return { kind: 'report', bucket, key, dataset: dataset.kind === 'manifest' ? dataset : null }
  },
  decide: (event, facts, given) => {
    const at = inSight(`s3://${event.bucket}/${event.key}`)
    if (event.replayed)
      return { kind: 'ignore', reason: 'replayed', detail: 'an event replayed from an archive never intends' }
    if (facts.kind === 'gone') return { kind: 'ignore', reason: 'source-gone', detail: `${at} is not there any more` }
    const { verdict } = facts
    if (verdict.kind === 'bad') return { kind: 'ignore', reason: 'bad-report', detail: `${at}: ${verdict.detail}` }
    const monitor = monitorOf(event, given.policy)
    if (monitor === null)
      return { kind: 'ignore', reason: 'not-configured', detail: `${at} lies below no \`drift.reports\`` }
    const { lastModified: written, sha256 } = facts
    const known = given.doc.episodes?.[alertPlace(alertOf(monitor.name, { since: written }))]
    const of = reportWindow(event.key.slice(monitor.prefix.length), { sha256, at: written }, known)
    const first = of.id === known?.window?.id ? known.last : undefined
    return ofWindow(
      { ...monitor, at: written, first: first ?? written, of, verdict },
      { dataset: facts.dataset, known },
      given,
    )
  },
  // Reports that nobody was told of are missed: the next window says the same.
  resync: () => [],
}

/** Longest text of a report that is kept. Characters. */
const TEXT = 200

interface Window {
  name: string
  /** Windows in a row that are an episode. */
  windows: number
  /** When its report was written: the order of windows, where their keys have no dates. */
  at: number
  /** When a report of the same window was written first. */
  first: number
  of: ReportWindow
  verdict: Exclude<Verdict, { kind: 'bad' }>
}

const ofWindow = (
  window: Window,
  { dataset, known }: { dataset: NewestDataset; known: Episode | undefined },
  given: Parameters<typeof onDriftDetected.decide>[2],
): Decision => {
  const { name, at, verdict } = window
  if (isOlder(window, known))
    return { kind: 'ignore', reason: 'older-than-current', detail: `a later report of ${name} was read before` }
  const since = known === undefined || known.over !== undefined ? at : known.since
  const inARow = windowsOf(window, known)
  if (verdict.kind === 'drifts' && inARow < window.windows) return counting(window, { since, inARow, known }, given.doc)
  const state = verdict.kind === 'drifts' ? 'firing' : 'resolved'
  const told = { ...alertOf(name, { since }), at, state, text: verdict.text, resumes: true } satisfies DriftDetected
  const decision = onDriftDetected.decide(told, dataset, given)
  return { ...decision, episodes: lastRead(decision.episodes ?? given.doc.episodes ?? {}, alertPlace(told), window) }
}

/** Windows in a row that drift, with this one: a report that is read once more counts once. */
const windowsOf = ({ at, of, windows }: Window, known: Episode | undefined): number => {
  if (known === undefined || known.over !== undefined) return 1
  return known.windows === undefined
    ? windows
    : known.windows + (at === known.last || of.id === known.window?.id ? 0 : 1)
}

/** Whether a later window was read before, or what was written later. Of a date that long ago nobody knows whether it was a window's. */
const isOlder = ({ at, of }: Window, { last, window }: Partial<Episode> = {}): boolean => {
  if (last === undefined) return false
  const date = of.date ?? of.before
  const dated = window?.date ?? (window?.folder === true ? undefined : window?.before)
  const known = at - last > DATES ? undefined : dated
  return at < last || (known !== undefined && date !== undefined && date < known)
}

/** They are too few to be one yet. */
const counting = (
  { name, windows, first, of, verdict }: Window,
  { since, inARow, known }: { since: number; inARow: number; known: Episode | undefined },
  { episodes = {} }: LaneDocument,
): Decision => {
  const counts: Episode = {
    ...alertNamed(name),
    since,
    text: said(verdict.text, TEXT),
    windows: inARow,
    last: first,
    window: of,
    ...(known?.back === undefined ? {} : { back: known.back }),
  }
  return {
    kind: 'ignore',
    reason: 'drift-counted',
    detail: `${name} drifts for ${counted(inARow, 'window')} in a row (${verdict.text}), and ${windows} begin something`,
    episodes: withEpisode(episodes, alertPlace(counts), counts),
  }
}

/** That of a monitor reports up to this one were read, and enough of them drift. */
const lastRead = (episodes: NonNullable<LaneDocument['episodes']>, place: string, { first, of }: Window) => {
  const { windows: _, ...episode } = episodes[place] ?? { windows: undefined }
  return 'since' in episode ? { ...episodes, [place]: { ...episode, last: first, window: of } as Episode } : episodes
}

const alertNamed = (name: string): Pick<Episode, 'alert' | 'fingerprint' | 'labels'> => ({
  alert: name,
  fingerprint: 'reports',
  labels: {},
})

const alertOf = (name: string, { since }: { since: number }): DriftDetected => ({
  ...{ type: 'drift-detected', id: 'report', at: since, since, state: 'firing', text: '', replayed: false },
  ...alertNamed(name),
})

/** The monitor whose reports lie there, the longest prefix first: the place of its reports is its name. Null: none. */
const monitorOf = (
  { bucket, key }: DriftReported,
  policy: Policy,
): (Pick<Window, 'name' | 'windows'> & { prefix: string }) | null => {
  for (let end = key.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : key.lastIndexOf('/', end - 1)) {
    const prefix = key.slice(0, end + 1)
    const name = `s3://${bucket}/${prefix}`
    const service = policy.found.byAlert.get(name)?.[0]?.service
    const watch = service === undefined ? undefined : policy.services[service]?.drift
    if (watch !== undefined) return { name, prefix, windows: watch.windows }
  }
  return null
}
