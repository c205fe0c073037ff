import { expect, it } from 'vitest'
import { ANSWERING, HTTP, healthOf } from '../../../core/workloads/serving-health.ts'

it('is asked on its engine’s port and path, and has thrice its bad case to load', () => {
  const of = (p95: number) => healthOf(ANSWERING.vllm, { loadMinutes: { p95 } })
  const { ports, startupProbe, readinessProbe, livenessProbe } = of(15)
  expect(ports).toEqual([{ name: HTTP, containerPort: 8000 }])
  for (const probe of [startupProbe, readinessProbe, livenessProbe])
    expect(probe?.httpGet).toEqual({ path: '/health', port: HTTP })
  const minutes = (p95: number) => (10 * (of(p95).startupProbe?.failureThreshold ?? 0)) / 60
  expect([minutes(1), minutes(15), minutes(60)]).toEqual([30, 45, 180])
})

it('has five seconds to say that it is ready, since it is late under load; of the first revision what Kubernetes gives', () => {
  const readiness = (readyWithin: number | null) =>
    healthOf({ ...ANSWERING.vllm, readyWithin }, { loadMinutes: { p95: 15 } }).readinessProbe
  const once = { httpGet: { path: '/health', port: HTTP }, periodSeconds: 5, failureThreshold: 2 }
  expect(readiness(ANSWERING.vllm.readyWithin)).toEqual({ ...once, timeoutSeconds: 5 })
  expect(readiness(null)).toEqual(once)
})

it('of the longest that a policy may say a probe still counts in 32 bits', () => {
  const { startupProbe } = healthOf(ANSWERING.vllm, { loadMinutes: { p95: 366 * 24 * 60 } })
  expect(startupProbe?.failureThreshold).toBeLessThan(2 ** 31)
})
