import { expect, it } from 'vitest'
import { ENGINE_METRICS } from '../../../core/bootstrap/metric-names.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { scaledBy } from '../../../core/workloads/autoscaler.ts'
import { DIGEST_ANNOTATION } from '../../../core/workloads/object-digest.ts'
import config from '../../example.ts'

const { replicas: _, ...rule } = config.services!['support-llama']!
const keda = { prometheus: 'http://prometheus:9090', account: 'keda/keda-operator' }
const made = (autoscaling: object, more: object = {}, [min, max]: [number, number] = [1, 3]) => {
  const policy = parsePolicy({
    ...config,
    keda,
    runner: { image: `acme/runner@sha256:${'ab'.repeat(32)}` },
    services: { 'support-llama': { ...rule, autoscaling: { min, max, ...autoscaling }, ...more } } as never,
  })
  const where = { name: 'service-x-g2', namespace: 'serving', labels: { a: 'b' } }
  return scaledBy({ service: policy.services['support-llama']!, scales: { keda, min, max } }, where).autoscaler!
}

it.each(['vllm', 'sglang'] as const)(
  'asks for what %s counts of the pods of one generation, a share for each',
  (engine) => {
    const { spec } = made({ on: { requests: 48, waiting: 5, cache: 0.8 } }, { engine })
    const metrics = ENGINE_METRICS[engine]!
    expect(
      spec?.triggers.map(({ metricType, metadata }) => [metricType, metadata['query'], metadata['threshold']]),
    ).toEqual([
      [
        'AverageValue',
        `sum(${metrics.running}{namespace="serving",pod=~"service-x-g2-.+"}) + sum(${metrics.waiting}{namespace="serving",pod=~"service-x-g2-.+"})`,
        '48',
      ],
      ['AverageValue', `sum(${metrics.waiting}{namespace="serving",pod=~"service-x-g2-.+"})`, '5'],
      ['AverageValue', `sum(${metrics.cache}{namespace="serving",pod=~"service-x-g2-.+"})`, '0.8'],
    ])
    expect(spec?.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'service-x-g2' })
  },
)

it('never goes beyond its range, comes one at a time no sooner than one loads, and stays where nobody knows', () => {
  const { spec, metadata } = made({ on: { requests: 1 }, calmMinutes: 20 }, { loadMinutes: { p50: 7, p95: 20 } })
  expect(spec).toMatchObject({ minReplicaCount: 1, maxReplicaCount: 3, cooldownPeriod: 1200 })
  expect(spec?.fallback).toEqual({ failureThreshold: 3, replicas: 1, behavior: 'currentReplicasIfHigher' })
  expect(spec?.advanced?.horizontalPodAutoscalerConfig?.behavior).toMatchObject({
    scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 420 }] },
    scaleDown: { stabilizationWindowSeconds: 1200 },
  })
  expect(metadata.annotations?.[DIGEST_ANNOTATION]).toMatch(/^[0-9a-f]{64}$/)
})

it('takes an answer without a number for none where none may run, and else for no answer: the replicas stay', () => {
  const query = { promql: 'sum(x)', perReplica: 2 }
  const nulls = (min: number) =>
    made({ on: { requests: 2, query } }, {}, [min, 2]).spec?.triggers.map(
      ({ metadata }) => metadata['ignoreNullValues'],
    )
  expect(nulls(1)).toEqual(['false', 'false'])
  expect(nulls(0)).toEqual(['true', 'false'])
})

it('may have none, and falls back to one where nobody knows whether any is asked for', () => {
  const query = { promql: 'sum(x)', perReplica: 2 }
  expect(made({ on: { query } }, {}, [0, 2]).spec).toMatchObject({ minReplicaCount: 0, fallback: { replicas: 1 } })
  // One that is new would take all of them away at once.
  expect(made({ on: { query }, calmMinutes: 20 }, {}, [0, 2]).spec).toMatchObject({ initialCooldownPeriod: 1200 })
  expect(made({ on: { query } }, {}, [1, 2]).spec).not.toHaveProperty('initialCooldownPeriod')
})
