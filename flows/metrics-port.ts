import type { AlertRule } from '../core/alerting.ts'

/** A series as it is now: its labels, its number, which may be none (`NaN`), and when it was asked. */
export interface Sample {
  labels: Record<string, string>
  value: number
  /** Milliseconds since the epoch. */
  at: number
}

/**
 * A server that speaks Prometheus' HTTP API. Null: none is named, and nobody is asked. What it says is whole: an answer of which it says
 * itself that something is missing is none, and throws `Unavailable`.
 */
export interface Metrics {
  /** What an instant query comes to. No series is no number: not 0. */
  query(expression: string): Promise<Sample[] | null>
  /** The alerting rules of this name, with what they hold of now. */
  rules(alert: string): Promise<AlertRule[] | null>
}
