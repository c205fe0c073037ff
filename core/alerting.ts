import type { DriftDetected } from '../events/contract.ts'

/** An alerting rule as a server that evaluates it says it was evaluated last. */
export interface AlertRule {
  /** Its name: what alerts of it are called. */
  alert: string
  /** When it was evaluated last, milliseconds since the epoch; 0: never yet. */
  evaluatedAt: number
  /** How often it is. Milliseconds. */
  every: number
  /** Whether it could be: a rule whose expression fails says nothing. */
  healthy: boolean
  /** What it holds of: pending, or firing. */
  alerts: readonly { labels: Readonly<Record<string, string>>; firing: boolean }[]
}

/** What a server says of one alert that somebody was told of. `unknown`: nothing that counts, so that what was told does. */
export type Still = 'fires' | 'over' | 'unknown'

/** Evaluations since an alert began after which every server of a pair has seen it. */
const SEEN = 2

/**
 * Whether an alert still fires, by its labels. It is over only where each rule of its name says so, which was evaluated well a while after
 * the alert began: a server that has just started, has another half of the rules or cannot evaluate them proves nothing, and what is pending
 * may be what the other server of a pair told.
 */
export const stillOf = (
  rules: readonly AlertRule[],
  { labels, since }: { labels: Readonly<Record<string, string>>; since: number },
): Still => {
  if (rules.length === 0) return 'unknown'
  if (rules.some(({ alerts }) => alerts.some((one) => isSame(one.labels, labels)))) return 'fires'
  const hasSeen = ({ healthy, evaluatedAt, every }: AlertRule): boolean =>
    healthy && evaluatedAt >= since + SEEN * every
  return rules.every(hasSeen) ? 'over' : 'unknown'
}

/** What goes out has labels more (a server's own) or fewer (dropped on the way, or not kept): of those that both name none is another. */
const isSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.entries(a).every(([name, value]) => b[name] === undefined || b[name] === value)

/** Whether it can be one of Prometheus': Alertmanager tells alerts apart by 16 hex digits, and Grafana, which does too, by their folder besides. */
export const isOfPrometheus = ({ fingerprint, labels }: Pick<DriftDetected, 'fingerprint' | 'labels'>): boolean =>
  /^[0-9a-f]{16}$/.test(fingerprint) && labels['grafana_folder'] === undefined
