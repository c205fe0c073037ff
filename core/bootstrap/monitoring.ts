import { label } from '../names.ts'
import type { Policy } from '../policy.ts'
import { gpuAlerts, promptAlerts, scheduleAlerts, serviceAlerts } from './alert-rules.ts'
import { dashboard } from './dashboard.ts'
import type { Manifest } from './manifest.ts'
import { type Named, podMonitor, serviceProbe } from './monitors.ts'
import type { Rule } from './promql.ts'
import { gpuRecords, promptRecords, serviceRecords } from './recording-rules.ts'

/** What of the cluster's monitoring is not ours to know. */
export interface MonitoringOptions {
  /** The Helm release of kube-prometheus-stack: its Prometheus reads what carries that label, and nothing else. */
  release: string
  /** Host and port of a blackbox exporter; null: there is none, and health is seen from inside alone. */
  prober: string | null
}

/** What Prometheus, Alertmanager and Grafana are given to see this installation by. All of it lies in the namespace of what serves. */
export const monitoringManifests = (policy: Policy, { release, prober }: MonitoringOptions): Manifest[] => {
  const named: Named = (suffix) => ({
    name: `signalbox-${policy.installation}${suffix}`,
    namespace: policy.namespaces.serving,
    labels: { [label('installation')]: policy.installation, [label('pack')]: 'monitoring', release },
  })
  const serves = Object.keys(policy.services).length > 0
  return [
    ...(serves ? [podMonitor(policy, named)] : []),
    ...(serves && prober !== null ? [serviceProbe(policy, { named, prober })] : []),
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: named(''),
      spec: { groups: ruleGroups(policy) },
    },
    dashboard(policy, named),
  ]
}

/**
 * Rules in groups: what is recorded stands in one with the alerts that read it, and before them. Each is evaluated well within the five minutes
 * after which Prometheus takes a series to be gone. A group that would be empty is left out.
 */
export const ruleGroups = (policy: Policy): { name: string; interval: string; rules: Rule[] }[] =>
  [
    { name: 'services', interval: '30s', rules: [...serviceRecords(policy), ...serviceAlerts(policy)] },
    { name: 'prompts', interval: '2m', rules: [...promptRecords(policy), ...promptAlerts(policy)] },
    { name: 'gpus', interval: '30s', rules: [...gpuRecords(policy), ...gpuAlerts(policy)] },
    { name: 'schedules', interval: '1m', rules: scheduleAlerts(policy) },
  ].flatMap(({ name, ...group }) =>
    group.rules.length === 0 ? [] : [{ name: `signalbox-${policy.installation}-${name}`, ...group }],
  )
