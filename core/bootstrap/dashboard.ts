import { sha256Hex } from '../digest.ts'
import type { Policy } from '../policy.ts'
import type { Manifest } from './manifest.ts'
import { DCGM, PROBED } from './metric-names.ts'
import type { Named } from './monitors.ts'
import { BY_SERVICE, INSTALLATION, ofEngines, ofOurGpus, PIPELINE, quoted, SERVICE } from './promql.ts'
import { RECORDED } from './recording-rules.ts'

/** The label by which Grafana's sidecar, as kube-prometheus-stack sets it up, finds dashboards in ConfigMaps. */
const SIDECAR = { grafana_dashboard: '1' }

/** A dashboard of an installation: how services answer, how its GPUs are used, when what begins by the clock was done last. */
export const dashboard = (policy: Pick<Policy, 'installation' | 'namespaces'>, named: Named): Manifest => {
  const metadata = named('')
  const text = JSON.stringify(model(policy), null, 1)
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, labels: { ...metadata.labels, ...SIDECAR } },
    data: { [`${metadata.name}.json`]: text },
  }
}

/** What a panel shows: each query with what its lines are called by. */
interface Panel {
  title: string
  unit: string
  queries: [expr: string, legend: string][]
  description?: string
}

const served = `{{${SERVICE}}}`
const ofPod = '{{namespace}}/{{pod}}'

/** What is drawn of the services that somebody has chosen. */
const drawn = (installation: string) => {
  const chosen = `${INSTALLATION}=${quoted(installation)},${SERVICE}=~"$service"`
  const all = (name: string): string => `${name}{${chosen}}`
  return {
    all,
    line: (name: string): [string, string][] => [[all(name), served]],
    rate: (of: 'read' | 'written' | 'preempted' | 'prefixFound' | 'prefixAsked'): string =>
      ofEngines((metrics) => `sum ${BY_SERVICE} (rate(${all(metrics[of])}[5m]))`),
    gauge: (of: 'running' | 'waiting'): string => ofEngines((metrics) => `sum ${BY_SERVICE} (${all(metrics[of])})`),
    half: (of: 'firstToken' | 'nextToken'): string =>
      ofEngines(
        (metrics) =>
          `histogram_quantile(0.5, sum by (${INSTALLATION}, ${SERVICE}, le) (rate(${all(`${metrics[of]}_bucket`)}[5m])))`,
      ),
  }
}
type Drawn = ReturnType<typeof drawn>

const answerPanels = ({ all, line, half }: Drawn): Panel[] => [
  ...(['firstToken', 'nextToken'] as const).map((of) => ({
    title: of === 'firstToken' ? 'Time to first token' : 'Time between tokens',
    unit: 's',
    queries: [
      [all(RECORDED[of]), `${served} p95`],
      [half(of), `${served} p50`],
    ] as [string, string][],
  })),
  { title: 'Requests', unit: 'reqps', queries: line(RECORDED.rate) },
  { title: 'Requests that fail', unit: 'percentunit', queries: line(RECORDED.failedShare) },
  { title: 'Health, asked from outside', unit: 'short', queries: line(PROBED.success) },
  { title: 'Time in which health is answered', unit: 's', queries: line(PROBED.seconds) },
]

const loadPanels = ({ all, line, rate, gauge }: Drawn): Panel[] => [
  {
    title: 'Requests at work and waiting',
    unit: 'short',
    queries: [
      [gauge('running'), `${served} at work`],
      [gauge('waiting'), `${served} waiting`],
    ],
  },
  { title: 'KV cache of the fullest replica', unit: 'percentunit', queries: line(RECORDED.cache) },
  { title: 'Requests begun anew for want of cache', unit: 'reqps', queries: [[rate('preempted'), served]] },
  {
    title: 'Tokens a second',
    unit: 'short',
    queries: [
      [rate('read'), `${served} read`],
      [rate('written'), `${served} written`],
    ],
  },
  {
    title: 'Found in the prefix cache',
    unit: 'percentunit',
    queries: [[`(${rate('prefixFound')}) / (${rate('prefixAsked')})`, served]],
  },
  {
    title: 'Length of prompts',
    unit: 'short',
    description: 'Tokens on average: of six hours, and of the week before.',
    queries: [
      [all(RECORDED.prompts), served],
      [all(RECORDED.promptsBefore), `${served} the week before`],
    ],
  },
]

const gpuPanels = (policy: Pick<Policy, 'installation' | 'namespaces'>): Panel[] => {
  const ours = `${INSTALLATION}=${quoted(policy.installation)}`
  const gpus = (metric: string, how: 'avg' | 'max' | 'sum'): string =>
    `${how} by (namespace, pod) (${ofOurGpus(policy, (selector) => `${metric}${selector}`)})`
  return [
    { title: 'GPUs at work', unit: 'percentunit', queries: [[gpus(DCGM.active, 'avg'), ofPod]] },
    { title: 'Tensor cores at work', unit: 'percentunit', queries: [[gpus(DCGM.tensor, 'avg'), ofPod]] },
    { title: 'GPU memory in use', unit: 'decmbytes', queries: [[gpus(DCGM.memory, 'sum'), ofPod]] },
    { title: 'Power of GPUs', unit: 'watt', queries: [[gpus(DCGM.power, 'sum'), ofPod]] },
    { title: 'Last XID', unit: 'short', queries: [[gpus(DCGM.xid, 'max'), ofPod]] },
    {
      title: 'Since the last run by the clock was done',
      unit: 's',
      queries: [[`time() - ${RECORDED.done}{${ours}}`, `{{${PIPELINE}}}`]],
    },
  ]
}

/** Grafana's model of it. Its id is its own: two installations have two. */
const model = (policy: Pick<Policy, 'installation' | 'namespaces'>): object => ({
  uid: `signalbox-${sha256Hex(policy.installation).slice(0, 12)}`,
  title: `Signalbox ${policy.installation}`,
  tags: ['signalbox'],
  schemaVersion: 39,
  editable: false,
  refresh: '30s',
  time: { from: 'now-6h', to: 'now' },
  templating: { list: [DATASOURCE, services(policy.installation)] },
  panels: panelsOf(policy).map(panel),
})

const panelsOf = (policy: Pick<Policy, 'installation' | 'namespaces'>): Panel[] => {
  const of = drawn(policy.installation)
  return [...answerPanels(of), ...loadPanels(of), ...gpuPanels(policy)]
}

const DATASOURCE = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }
const SOURCE = { type: 'prometheus', uid: '$datasource' }

const services = (installation: string): object => ({
  name: 'service',
  label: 'Service',
  type: 'query',
  datasource: SOURCE,
  query: `label_values(up{${INSTALLATION}=${quoted(installation)}}, ${SERVICE})`,
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: { text: 'All', value: '$__all' },
})

/** Three beside each other, of eight lines each. */
const panel = ({ title, unit, queries, description = '' }: Panel, index: number): object => ({
  id: index + 1,
  title,
  description,
  type: 'timeseries',
  datasource: SOURCE,
  gridPos: { x: (index % 3) * 8, y: Math.floor(index / 3) * 8, w: 8, h: 8 },
  fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
  targets: queries.map(([expr, legendFormat], at) => ({
    refId: String.fromCharCode(65 + at),
    datasource: SOURCE,
    expr,
    legendFormat,
  })),
})
