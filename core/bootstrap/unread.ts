import { isRecord } from '../record.ts'
import type { Manifest } from './manifest.ts'

/** By which of its fields a Prometheus of the operator chooses what it reads of a kind. */
const SELECTORS: Readonly<Record<string, string>> = {
  PodMonitor: 'podMonitorSelector',
  ServiceMonitor: 'serviceMonitorSelector',
  PrometheusRule: 'ruleSelector',
}

/**
 * Kinds of ours that no Prometheus of the cluster reads, with what would be read, in a sentence each. None where there is no Prometheus of the operator:
 * who else reads its kinds has rules of their own.
 */
export const unreadOf = (manifests: readonly Manifest[], prometheuses: readonly unknown[]): string[] => {
  if (prometheuses.length === 0) return []
  const said = manifests.flatMap(({ kind, metadata: { labels = {} } }) => {
    const field = SELECTORS[kind]
    if (field === undefined) return []
    const selectors = prometheuses.map((one) => selectorOf(one, field))
    if (selectors.some((selector) => isChosen(selector, labels))) return []
    const releases = [...new Set(selectors.flatMap(releaseOf))]
    const other = releases.length === 0 ? '' : `, but of ${releases.join(' or ')}: \`--release ${releases[0]}\``
    return [`no Prometheus of the cluster reads ${kind}s of the release ${labels['release']}${other}`]
  })
  return [...new Set(said)]
}

const selectorOf = (prometheus: unknown, field: string): unknown => {
  const spec = isRecord(prometheus) ? prometheus['spec'] : null
  return isRecord(spec) ? spec[field] : null
}

const releaseOf = (selector: unknown): string[] => {
  const labels = isRecord(selector) && isRecord(selector['matchLabels']) ? selector['matchLabels'] : {}
  return typeof labels['release'] === 'string' ? [labels['release']] : []
}

/** As Kubernetes reads selectors: one that is left out chooses nothing, an empty one everything. */
const isChosen = (selector: unknown, labels: Readonly<Record<string, string>>): boolean => {
  if (!isRecord(selector)) return false
  const { matchLabels = {}, matchExpressions = [] } = selector as {
    matchLabels?: Record<string, string>
    matchExpressions?: { key: string; operator: string; values?: string[] }[]
  }
  const fits = ({ key, operator, values = [] }: { key: string; operator: string; values?: string[] }): boolean => {
    const value = labels[key]
    const isAmong =
      value !== undefined && (operator === 'Exists' || operator === 'DoesNotExist' || values.includes(value))
    return operator === 'In' || operator === 'Exists' ? isAmong : !isAmong
  }
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(fits)
}
