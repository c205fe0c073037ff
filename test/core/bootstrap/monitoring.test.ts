import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../core/bootstrap/alert-rules.ts'
import type { Manifest } from '../../../core/bootstrap/manifest.ts'
import { monitoringManifests, ruleGroups } from '../../../core/bootstrap/monitoring.ts'
import type { Rule } from '../../../core/bootstrap/promql.ts'
import { RECORDED } from '../../../core/bootstrap/recording-rules.ts'
import { type Config, type Policy, parsePolicy } from '../../../core/policy.ts'
import config from '../../example.ts'
import { EXPOSED, seriesIn } from './metric-lists.ts'

const OPTIONS = { release: 'prometheus', prober: 'blackbox.monitoring.svc:9115' }
const [service] = Object.values(config.services ?? {})
const [pipeline] = Object.values(config.pipelines ?? {})
const nightly = { ...pipeline!, on: { schedule: { cron: '0 2 * * *', zone: 'Europe/Berlin' } } }
const policyOf = (changed: Partial<Config> = {}): Policy => parsePolicy({ ...config, ...changed })
const scheduled = policyOf({ pipelines: { 'drift-nightly': nightly } as Config['pipelines'] })

const rulesOf = (policy: Policy): Rule[] => ruleGroups(policy).flatMap(({ rules }) => rules)
const of = (manifests: Manifest[], kind: string) =>
  manifests.find((one) => one.kind === kind) as never as {
    metadata: Manifest['metadata']
    spec: { [field: string]: unknown }
  }
const panelsOf = (policy: Policy): { title: string; targets: { expr: string }[] }[] => {
  const map = monitoringManifests(policy, OPTIONS).find(({ kind }) => kind === 'ConfigMap')
  const [text = ''] = Object.values(map?.['data'] as Record<string, string>)
  return (JSON.parse(text) as { panels: { title: string; targets: { expr: string }[] }[] }).panels
}

describe('what Prometheus is given', () => {
  it('all lies beside what serves, says whose it is, and is found by the release', () => {
    const made = monitoringManifests(policyOf(), OPTIONS)
    expect(made.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'PodMonitor signalbox-signalbox',
      'ServiceMonitor signalbox-signalbox-health',
      'PrometheusRule signalbox-signalbox',
      'ConfigMap signalbox-signalbox',
    ])
    for (const { metadata } of made) {
      expect(metadata.namespace).toBe('serving')
      expect(metadata.labels).toMatchObject({
        'signalbox.dev/installation': 'signalbox',
        'signalbox.dev/pack': 'monitoring',
        release: 'prometheus',
      })
    }
    expect(of(made, 'ConfigMap').metadata.labels).toMatchObject({ grafana_dashboard: '1' })
  })

  it('without a prober nobody is asked, and without services there is nothing to scrape', () => {
    const kinds = (policy: Policy, prober: string | null) =>
      monitoringManifests(policy, { ...OPTIONS, prober }).map(({ kind }) => kind)
    expect(kinds(policyOf(), null)).toEqual(['PodMonitor', 'PrometheusRule', 'ConfigMap'])
    expect(kinds(policyOf({ services: {} }), OPTIONS.prober)).toEqual(['PrometheusRule', 'ConfigMap'])
  })

  it('a service that was renamed goes by the name that the policy has', () => {
    const renamed = policyOf({ services: { 'new.name': { ...service!, model: 'support-llama', was: 'old.name' } } })
    const monitor = of(monitoringManifests(renamed, OPTIONS), 'PodMonitor')
    const [{ relabelings } = { relabelings: [] }] = monitor.spec['podMetricsEndpoints'] as { relabelings: object[] }[]
    expect(relabelings).toContainEqual(
      expect.objectContaining({
        regex: 'service\\.old\\.name',
        replacement: 'new.name',
        targetLabel: 'signalbox_service',
      }),
    )
  })
})

describe('engines', () => {
  const [first] = Object.entries(config.services ?? {})
  const served = (engine: 'sglang' | 'trtllm') => policyOf({ services: { [first![0]]: { ...first![1], engine } } })
  const dropped = (policy: Policy) => {
    const [endpoint] = of(monitoringManifests(policy, OPTIONS), 'PodMonitor').spec['podMetricsEndpoints'] as {
      relabelings: { action?: string; regex?: string }[]
    }[]
    return endpoint?.relabelings.filter(({ action }) => action === 'drop').map(({ regex }) => regex)
  }

  it('that count in a form of their own are no target that is always down', () => {
    expect(dropped(served('trtllm'))).toEqual([`service\\.${first![0]}`])
    expect([dropped(served('sglang')), dropped(policyOf())]).toEqual([[], []])
  })

  it('are each asked for what they count under their own names', () => {
    const { expr } = rulesOf(scheduled).find(({ record }) => record === RECORDED.firstToken)!
    expect(seriesIn(expr)).toEqual(
      expect.arrayContaining(['vllm:time_to_first_token_seconds_bucket', 'sglang:time_to_first_token_seconds_bucket']),
    )
  })
})

describe('rules', () => {
  it('name what is recorded before them, or what programs expose', () => {
    const known = new Set(EXPOSED)
    for (const rule of rulesOf(scheduled)) {
      if (rule.record !== undefined) known.add(rule.record)
      for (const name of seriesIn(rule.expr))
        expect(known, `${rule.record ?? rule.alert}: ${rule.expr}`).toContain(name)
    }
    for (const record of Object.values(RECORDED)) expect(known).toContain(record)
  })

  it('stand where what they read is neither older than they, nor gone before it is made again', () => {
    for (const { interval, rules } of ruleGroups(scheduled)) {
      // Prometheus takes a series to be gone after five minutes.
      expect(['30s', '1m', '2m']).toContain(interval)
      const here = rules.flatMap(({ record }) => record ?? [])
      for (const { expr } of rules)
        for (const name of seriesIn(expr).filter((one) => one.startsWith('signalbox_'))) expect(here).toContain(name)
    }
  })

  it('the dashboard draws what they record, or what programs expose', () => {
    const known = new Set([...EXPOSED, ...Object.values(RECORDED)])
    for (const { title, targets } of panelsOf(scheduled))
      for (const { expr } of targets) {
        expect(seriesIn(expr).length, title).toBeGreaterThan(0)
        for (const name of seriesIn(expr)) expect(known, `${title}: ${expr}`).toContain(name)
      }
  })

  it('limits of seconds stand where the histograms of vLLM have a border', () => {
    // vllm/v1/metrics/loggers.py, buckets of the two.
    expect([0.5, 0.75, 1, 2.5, 5, 7.5, 10]).toContain(LIMITS.firstToken)
    expect([0.1, 0.15, 0.2, 0.3, 0.4, 0.5]).toContain(LIMITS.nextToken)
  })

  it('each alert has a name of its own, how grave it is, and a sentence', () => {
    const alerts = rulesOf(scheduled).filter(({ alert }) => alert !== undefined)
    expect(alerts.map(({ alert }) => alert)).toEqual([
      'SignalboxFirstTokenSlow',
      'SignalboxNextTokenSlow',
      'SignalboxRequestsFail',
      'SignalboxRequestsWait',
      'SignalboxCacheFull',
      'SignalboxUnseen',
      'SignalboxUnhealthy',
      'SignalboxPromptsShift',
      'SignalboxGpuIdle',
      'SignalboxGpuXid',
      'SignalboxRunOverdue',
    ])
    for (const { labels, annotations } of alerts) {
      expect(['warning', 'critical']).toContain(labels?.['severity'])
      expect(annotations?.['summary']).toMatch(/\{\{ \$(labels|value)/)
    }
  })

  it('a replica that loads for long is not taken to be unseen while it does', () => {
    const unseen = (p95: number) => {
      const services = { slow: { ...service!, loadMinutes: { p50: 1, p95 } } }
      return rulesOf(policyOf({ services })).find(({ alert }) => alert === 'SignalboxUnseen')?.for
    }
    expect([unseen(5), unseen(40.5)]).toEqual(['30m', '122m'])
  })

  it('what begins by the clock is waited for as long as its schedule, its hours and an answer take', () => {
    const overdue = rulesOf(scheduled).find(({ alert }) => alert === 'SignalboxRunOverdue')
    const hours = nightly.stages.reduce((sum, { hours }) => sum + (hours?.p95 ?? 0), 0)
    // A night in which the clock is set back, the stages, four hours for an answer, one for what lies in between.
    expect(overdue?.expr).toContain(`> ${(25 + hours + 4 + 1) * 3600}`)
    expect(overdue?.annotations?.['summary']).toContain('signalbox why pipeline/drift-nightly')
  })

  it('of a pipeline in shadow, and of one that nothing begins by the clock, nothing is overdue', () => {
    const shadow = policyOf({ pipelines: { n: { ...nightly, mode: 'shadow' } } as Config['pipelines'] })
    for (const policy of [shadow, policyOf()]) {
      expect(rulesOf(policy).map(({ alert }) => alert)).not.toContain('SignalboxRunOverdue')
      expect(ruleGroups(policy).every(({ rules }) => rules.length > 0)).toBe(true)
    }
  })
})

const NAME = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,50}[A-Za-z0-9])?$/)
const SMALL = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/)

it('whatever services, pipelines and installations are called, and however many: what Kubernetes and Prometheus take', () => {
  const many = rulesOf(scheduled).length
  fc.assert(
    fc.property(
      fc.uniqueArray(NAME, { minLength: 1, maxLength: 60, selector: (name) => name.toLowerCase() }),
      SMALL,
      SMALL,
      (services, installation, job) => {
        const policy: Policy = {
          ...scheduled,
          installation,
          services: Object.fromEntries(services.map((name) => [name, scheduled.services['support-llama']!])),
          pipelines: { [job]: scheduled.pipelines['drift-nightly']! },
        }
        const made = monitoringManifests(policy, OPTIONS)
        for (const { metadata } of made) {
          expect(metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
          for (const value of Object.values(metadata.labels ?? {}))
            expect(value).toMatch(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/)
        }
        const probe = of(made, 'ServiceMonitor').spec['endpoints'] as { relabelings: { regex?: string }[] }[]
        const keep = new RegExp(`^(?:${probe[0]?.relabelings[0]?.regex})$`)
        for (const name of services) expect(`service.${name}`).toMatch(keep)
        expect('service.').not.toMatch(keep)
        // One rule for all: many services make no more of them.
        const { groups } = of(made, 'PrometheusRule').spec as { groups: { rules: Rule[] }[] }
        expect(groups.flatMap(({ rules }) => rules)).toHaveLength(many)
        const uid = JSON.parse(Object.values(made.at(-1)?.['data'] as Record<string, string>)[0] ?? '{}') as {
          uid: string
        }
        expect(uid.uid.length).toBeLessThanOrEqual(40)
      },
    ),
    { numRuns: 25 },
  )
})
