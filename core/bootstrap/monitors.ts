import { type Identity, label, laneLabel } from '../names.ts'
import { laneNameOf } from '../policy/names.ts'
import { laneOf } from '../policy/paper.ts'
import type { Policy, ServicePolicy } from '../policy.ts'
import { SERVING_TASK, TASK_LABEL } from '../workloads/serving.ts'
import { ANSWERING, HTTP } from '../workloads/serving-health.ts'
import type { Manifest } from './manifest.ts'
import { GENERATION, INSTALLATION, literally, SERVICE } from './promql.ts'

/** What a monitor of ours is called, and how Prometheus finds it. */
export type Named = (suffix: string) => Manifest['metadata']

/** A rule by which Prometheus labels what it has found, as the operator's kinds write it. */
interface Relabeling {
  sourceLabels?: string[]
  separator?: string
  regex?: string
  replacement?: string
  targetLabel?: string
  action?: 'replace' | 'keep' | 'drop' | 'labeldrop'
}

/**
 * Each pod that serves, once: a service has a Service of its own and one for each generation, which all lead to the same pods. What counts
 * nothing that Prometheus reads is left out: it would be a target that is down.
 */
export const podMonitor = (policy: Pick<Policy, 'installation' | 'services'>, named: Named): Manifest => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PodMonitor',
  metadata: named(''),
  spec: {
    selector: { matchLabels: servers(policy) },
    podMetricsEndpoints: [
      {
        port: HTTP,
        path: '/metrics',
        interval: '15s',
        scrapeTimeout: '10s',
        relabelings: [
          ...uncounted(policy),
          ...whose('pod', policy),
          { sourceLabels: [metaLabel('pod', label('generation'))], targetLabel: GENERATION },
        ],
      },
    ],
  },
})

/**
 * The health of each service as who calls it finds it, asked by a blackbox exporter at an address. The operator's Probe takes addresses alone,
 * and those of services have a digest of their ledger in them: this finds them by their labels, be they made later.
 */
export const serviceProbe = (
  policy: Pick<Policy, 'installation' | 'services'>,
  { named, prober }: { named: Named; prober: string },
): Manifest => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'ServiceMonitor',
  metadata: named('-health'),
  spec: {
    selector: {
      matchLabels: servers(policy),
      // That of a generation alone is its gate's.
      matchExpressions: [{ key: label('generation'), operator: 'DoesNotExist' }],
    },
    endpoints: [...byHealth(policy.services)].map(([path, lanes]) => ({
      port: HTTP,
      path: '/probe',
      params: { module: ['http_2xx'] },
      interval: '30s',
      scrapeTimeout: '10s',
      relabelings: [
        { sourceLabels: [metaLabel('service', label('lane'))], regex: lanes.join('|'), action: 'keep' },
        ...whose('service', policy),
        ...asked(path, prober),
      ],
    })),
  },
})

/** Labels that every server's pod has, and its Services. */
const servers = ({ installation }: Pick<Identity, 'installation'>): Record<string, string> => ({
  [label('installation')]: installation,
  [TASK_LABEL]: SERVING_TASK,
})

/** How Prometheus calls a label of Kubernetes. */
const metaLabel = (of: 'pod' | 'service', name: string): string =>
  `__meta_kubernetes_${of}_label_${name.replace(/[^A-Za-z0-9_]/g, '_')}`

const uncounted = ({ services }: Pick<Policy, 'services'>): Relabeling[] => {
  const lanes = Object.entries(services).flatMap(([key, rule]) =>
    ANSWERING[rule.engine].metrics === null ? [literally(labelOf(key, rule))] : [],
  )
  return lanes.length === 0
    ? []
    : [{ sourceLabels: [metaLabel('pod', label('lane'))], regex: lanes.join('|'), action: 'drop' }]
}

const labelOf = (key: string, rule: ServicePolicy): string => laneLabel(laneOf('service', key, rule))

/** The installation, and the service as the policy calls it: a lane keeps the name that it had first. */
const whose = (of: 'pod' | 'service', { services }: Pick<Policy, 'services'>): Relabeling[] => {
  const lane = [metaLabel(of, label('lane'))]
  const renamed = Object.entries(services).filter(([key, rule]) => laneNameOf(key, rule) !== key)
  return [
    { sourceLabels: [metaLabel(of, label('installation'))], targetLabel: INSTALLATION },
    { sourceLabels: lane, regex: 'service\\.(.+)', replacement: '$1', targetLabel: SERVICE },
    ...renamed.map(([key, rule]) => ({
      sourceLabels: lane,
      regex: literally(labelOf(key, rule)),
      replacement: key,
      targetLabel: SERVICE,
    })),
  ]
}

/** Asks the prober about a Service: what was found were its endpoints, which are all one target without what tells them apart. */
const asked = (path: string, prober: string): Relabeling[] => [
  {
    sourceLabels: ['__meta_kubernetes_service_name', '__meta_kubernetes_namespace'],
    separator: '.',
    regex: '(.+)',
    replacement: `http://$1.svc${path}`,
    targetLabel: '__param_target',
  },
  { sourceLabels: ['__param_target'], targetLabel: 'instance' },
  { replacement: prober, targetLabel: '__address__' },
  { regex: 'pod|container|endpoint|node', action: 'labeldrop' },
]

/** Lanes by the path at which their engines say that they are well. */
const byHealth = (services: Policy['services']): Map<string, string[]> => {
  const all = Object.entries(services).map(([key, rule]) => ({
    path: ANSWERING[rule.engine].health,
    lane: literally(labelOf(key, rule)),
  }))
  return new Map([...Map.groupBy(all, ({ path }) => path)].map(([path, of]) => [path, of.map(({ lane }) => lane)]))
}
