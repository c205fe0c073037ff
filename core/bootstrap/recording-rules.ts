import type { Policy } from '../policy.ts'
import { DCGM, type EngineMetrics } from './metric-names.ts'
import { BY_SERVICE, INSTALLATION, mostOf, ofEngines, ofOurGpus, quoted, type Rule, SERVICE } from './promql.ts'

/** What is recorded: alerts and the dashboard read these, whatever the engine calls its own. */
export const RECORDED = {
  firstToken: 'signalbox_service:first_token_seconds:p95_5m',
  nextToken: 'signalbox_service:next_token_seconds:p95_5m',
  rate: 'signalbox_service:requests:rate5m',
  failedRate: 'signalbox_service:failed_requests:rate5m',
  failedShare: 'signalbox_service:failed_requests:share5m',
  waiting: 'signalbox_service:waiting_requests:per_replica',
  cache: 'signalbox_service:kv_cache:max',
  prompts: 'signalbox_service:prompt_tokens:mean6h',
  promptsBefore: 'signalbox_service:prompt_tokens:mean7d',
  promptRate: 'signalbox_service:prompts:rate6h',
  gpuActive: 'signalbox_pod:gpu_active:max5m',
  done: 'signalbox_pipeline:done:time',
} as const

/** Of each service, from what its replicas count. */
export const serviceRecords = ({ installation }: Pick<Policy, 'installation'>): Rule[] => {
  const ours = `${INSTALLATION}=${quoted(installation)}`
  const at = (metric: string, ...more: (string | undefined)[]): string =>
    `${metric}{${[ours, ...more.filter((one) => one !== undefined)].join(',')}}`
  const sum = (metric: string, window: string, ...more: (string | undefined)[]): string =>
    `sum ${BY_SERVICE} (rate(${at(metric, ...more)}[${window}]))`
  const slowest = (of: keyof EngineMetrics & ('firstToken' | 'nextToken')): string =>
    ofEngines(
      (metrics) =>
        `histogram_quantile(0.95, sum by (${INSTALLATION}, ${SERVICE}, le) (rate(${at(`${metrics[of]}_bucket`)}[5m])))`,
    )
  return [
    record('firstToken', slowest('firstToken')),
    record('nextToken', slowest('nextToken')),
    record(
      'rate',
      ofEngines(({ ended }) => mostOf(ended.map(({ metric, among }) => sum(metric, '5m', among)))),
    ),
    record(
      'failedRate',
      ofEngines(({ ended }) => mostOf(ended.map(({ metric, among, failed }) => sum(metric, '5m', among, failed)))),
    ),
    record('failedShare', `${at(RECORDED.failedRate)} / (${at(RECORDED.rate)} > 0)`),
    record(
      'waiting',
      ofEngines(
        ({ waiting }) =>
          `sum ${BY_SERVICE} (${at(waiting)}) / count ${BY_SERVICE} (group by (${INSTALLATION}, ${SERVICE}, pod) (${at(waiting)}))`,
      ),
    ),
    record(
      'cache',
      ofEngines(({ cache }) => `max ${BY_SERVICE} (${at(cache)})`),
    ),
  ]
}

/** What prompts were like lately, and in the week before: told apart seldom, since it looks far back. */
export const promptRecords = ({ installation }: Pick<Policy, 'installation'>): Rule[] => {
  const part = (metric: string, window: string, offset = ''): string =>
    `sum ${BY_SERVICE} (rate(${metric}{${INSTALLATION}=${quoted(installation)}}[${window}]${offset}))`
  const mean = (window: string, offset = ''): string =>
    ofEngines(({ promptLength: of }) => `${part(`${of}_sum`, window, offset)} / ${part(`${of}_count`, window, offset)}`)
  return [
    record('prompts', mean('6h')),
    record('promptsBefore', mean('7d', ' offset 6h')),
    record(
      'promptRate',
      ofEngines(({ promptLength }) => part(`${promptLength}_count`, '6h')),
    ),
  ]
}

/** Of each pod of ours that has GPUs, the most that any of them did: no series is no word, never a zero. */
export const gpuRecords = (policy: Pick<Policy, 'installation' | 'namespaces'>): Rule[] => [
  {
    ...record(
      'gpuActive',
      `max by (namespace, pod) (${ofOurGpus(policy, (selector) => `max_over_time(${DCGM.active}${selector}[5m])`)})`,
    ),
    labels: { [INSTALLATION]: policy.installation },
  },
]

const record = (name: keyof typeof RECORDED, expr: string): Rule => ({ record: RECORDED[name], expr })
