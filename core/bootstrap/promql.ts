import type { Policy } from '../policy.ts'
import { ENGINE_METRICS, type EngineMetrics } from './metric-names.ts'

/** A rule as Prometheus reads it: what is recorded, or an alert. */
export interface Rule {
  record?: string
  alert?: string
  expr: string
  for?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

/** Labels that what is scraped of servers gets, and that rules and alerts keep. */
export const INSTALLATION = 'signalbox_installation'
export const SERVICE = 'signalbox_service'
export const GENERATION = 'signalbox_generation'
export const PIPELINE = 'signalbox_pipeline'

/** What rules say is said of a service. */
export const BY_SERVICE = `by (${INSTALLATION}, ${SERVICE})`

/** A text between quotes, as PromQL reads it. */
export const quoted = (text: string): string => JSON.stringify(text)

/** A name that stands in a regular expression of RE2 as it is. */
export const literally = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** What is asked of each engine, side by side: a service has one, and gives no series of another's names. */
export const ofEngines = (asked: (metrics: EngineMetrics) => string): string =>
  Object.values(ENGINE_METRICS).map(asked).join(' or ')

/** The most of several that have the same labels; whichever is missing is left out. */
export const mostOf = (all: readonly string[]): string => {
  const apart = all.map((one, index) => `label_replace(${one}, "counted", ${quoted(String(index))}, "", "")`)
  return `max ${BY_SERVICE} (${apart.join(' or ')})`
}

/**
 * Of GPUs of pods in the policy's namespaces, by the pod: Prometheus gives its own target's name to `pod`, and DCGM's becomes
 * `exported_pod`, unless it is told to honour what is scraped. `of` makes something of a selector.
 */
export const ofOurGpus = ({ namespaces }: Pick<Policy, 'namespaces'>, of: (selector: string) => string): string => {
  const ours = quoted([...new Set(Object.values(namespaces))].map(literally).join('|'))
  const named = ['namespace', 'pod'].reduce(
    (inner, name) => `label_replace(${inner}, ${quoted(name)}, "$1", ${quoted(`exported_${name}`)}, "(.+)")`,
    of(`{exported_namespace=~${ours}}`),
  )
  return `(${named} or ${of(`{namespace=~${ours},exported_namespace=""}`)})`
}
