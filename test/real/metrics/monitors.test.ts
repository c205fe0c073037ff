import { afterAll, beforeAll, expect, it } from 'vitest'
import { monitoringManifests } from '../../../core/bootstrap/monitoring.ts'
import { type Config, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'
import { openPrometheusServer, type RealPrometheus } from './servers.ts'

interface Endpoint {
  path: string
  params?: Record<string, string[]>
  relabelings: Record<string, unknown>[]
}

const [service] = Object.values(config.services ?? {})
const services = { 'support-llama': service!, 'new.name': { ...service!, model: 'renamed', was: 'Old.Name' } }
const policy = parsePolicy({ ...config, services } as Config)
const made = monitoringManifests(policy, { release: 'x', prober: '127.0.0.1:9' })
const endpointOf = (kind: string, field: string): Endpoint => {
  const spec = made.find((one) => one.kind === kind)?.['spec'] as Record<string, Endpoint[]>
  return spec[field]?.[0] as Endpoint
}

/** The operator writes a monitor as Prometheus reads it: in small letters with dashes below, and else as it stands. */
const scrape = (name: string, { path, params, relabelings }: Endpoint, found: Record<string, string>[]): object => ({
  job_name: name,
  metrics_path: path,
  ...(params === undefined ? {} : { params }),
  relabel_configs: relabelings.map((one) =>
    Object.fromEntries(
      Object.entries(one).map(([key, value]) => [key.replace(/[A-Z]/g, (big) => `_${big.toLowerCase()}`), value]),
    ),
  ),
  static_configs: found.map(({ address = '', ...labels }) => ({ targets: [address], labels })),
})

const OURS = { installation: 'signalbox', lane: 'service.support-llama', generation: '7' }
const meta = (of: string, labels: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [`__meta_kubernetes_${of}_label_signalbox_dev_${name}`, value]),
  )

/** Endpoints of a Service, which the operator has given the names of its pod. */
const endpoint = (address: string, name: string, lane: string): Record<string, string> => ({
  address,
  pod: `pod-of-${address}`,
  container: 'vllm',
  endpoint: 'http',
  namespace: 'serving',
  service: name,
  __meta_kubernetes_service_name: name,
  __meta_kubernetes_namespace: 'serving',
  ...meta('service', { installation: 'signalbox', lane }),
})

interface Target {
  scrapePool: string
  scrapeUrl: string
  labels: Record<string, string>
}
let prometheus: RealPrometheus
let targets: Target[]
beforeAll(async () => {
  prometheus = await openPrometheusServer('groups: []', undefined, [
    scrape('pods', endpointOf('PodMonitor', 'podMetricsEndpoints'), [
      { address: '127.0.0.1:1', pod: 'a', ...meta('pod', OURS) },
      { address: '127.0.0.1:2', pod: 'b', ...meta('pod', { ...OURS, lane: 'service.Old.Name', generation: '1' }) },
      { address: '127.0.0.1:3', pod: 'c', ...meta('pod', { ...OURS, lane: 'service.Old-Name', generation: '2' }) },
    ]),
    scrape('health', endpointOf('ServiceMonitor', 'endpoints'), [
      endpoint('127.0.0.1:1', 'service-support-llama-0a1b2c3d', 'service.support-llama'),
      endpoint('127.0.0.1:2', 'service-support-llama-0a1b2c3d', 'service.support-llama'),
      endpoint('127.0.0.1:3', 'service-old-name-0a1b2c3d', 'service.Old.Name'),
      endpoint('127.0.0.1:4', 'service-retired-0a1b2c3d', 'service.retired'),
    ]),
  ])
  const { data } = (await fetch(`${prometheus.url}/api/v1/targets?state=active`).then((said) => said.json())) as {
    data: { activeTargets: Target[] }
  }
  targets = data.activeTargets
}, 900_000)
afterAll(() => prometheus.close())

const inPool = (pool: string) => targets.filter(({ scrapePool }) => scrapePool === pool)

it('each pod is scraped by the name that the policy has for its service, with its generation', () => {
  const said = inPool('pods').map(({ labels, scrapeUrl }) => [
    scrapeUrl,
    labels['signalbox_installation'],
    labels['signalbox_service'],
    labels['signalbox_generation'],
    labels['pod'],
  ])
  expect(said.sort()).toEqual([
    ['http://127.0.0.1:1/metrics', 'signalbox', 'support-llama', '7', 'a'],
    ['http://127.0.0.1:2/metrics', 'signalbox', 'new.name', '1', 'b'],
    // Not what was renamed: only its dot is a dash here.
    ['http://127.0.0.1:3/metrics', 'signalbox', 'Old-Name', '2', 'c'],
  ])
})

it('each service of the policy is asked once by the prober, however many replicas it has', () => {
  const said = inPool('health').map(({ labels, scrapeUrl }) => {
    const { host, pathname, searchParams } = new URL(scrapeUrl)
    const { pod, instance, signalbox_service: of } = labels
    return [host, pathname, searchParams.get('module'), searchParams.get('target') === instance, instance, of, pod]
  })
  expect(said.sort()).toEqual([
    [
      '127.0.0.1:9',
      '/probe',
      'http_2xx',
      true,
      'http://service-old-name-0a1b2c3d.serving.svc/health',
      'new.name',
      undefined,
    ],
    [
      '127.0.0.1:9',
      '/probe',
      'http_2xx',
      true,
      'http://service-support-llama-0a1b2c3d.serving.svc/health',
      'support-llama',
      undefined,
    ],
  ])
})
