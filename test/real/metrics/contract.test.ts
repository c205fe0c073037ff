import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import { openPrometheus } from '../../../effects/metrics/prometheus.ts'
import { metricsContract } from '../../ports/metrics.contract.ts'
import { openPrometheusServer, type RealPrometheus } from './servers.ts'

const RULES = `
groups:
  - name: drift
    rules:
      - alert: Drifts
        expr: drift_share > 0.5
        for: 2s
        labels: { severity: warning }
`

let server: RealPrometheus
beforeAll(async () => {
  server = await openPrometheusServer(RULES)
}, 900_000)
afterAll(async () => {
  await server.close()
})

metricsContract('a real Prometheus', async () => {
  const metrics = openPrometheus({ url: server.url })
  // What came before is gone once it was scraped without it.
  server.expose([])
  await pause(2000)
  return {
    metrics,
    expose: async (series) => server.expose(series),
    pass: (seconds) => pause(seconds * 1000),
    close: metrics.close,
  }
})
