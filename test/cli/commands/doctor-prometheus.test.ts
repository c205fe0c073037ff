import { expect, it } from 'vitest'
import { alertFindings } from '../../../cli/commands/doctor-prometheus.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { virtualClock } from '../../../local/clock.ts'
import { openPrometheusStandIn } from '../../effects/metrics/prometheus-stand-in.ts'
import example from '../../example.ts'
import { watched } from '../../journeys/drifting.ts'

const START = Date.UTC(2026, 10, 23, 12)
const found = async (server: ReturnType<typeof openPrometheusStandIn>, services: unknown = watched()) =>
  (await alertFindings(server.metrics, parsePolicy({ ...example, services }))).map(
    ({ ok, detail }) => `${ok}: ${detail}`,
  )

it('says what it knows of each alert that the policy names', async () => {
  const server = openPrometheusStandIn(virtualClock(START))
  expect(await found(server)).toEqual([
    'true: it answers, and has no rule ModelDriftHigh: whether that still fires is not asked back',
  ])
  server.has({ alert: 'ModelDriftHigh', series: 'drift_share', above: 0.5 })
  expect(await found(server)).toEqual(['true: it has the rule ModelDriftHigh, evaluated last 2026-11-23 12:00 UTC'])
  server.breaks('ModelDriftHigh', true)
  expect(await found(server)).toEqual([expect.stringContaining('false: its rule ModelDriftHigh cannot be evaluated')])
  expect(await found(server, example.services)).toEqual(['true: it answers; the policy names no alerts'])
})

it('says once that it does not answer, with where to look', async () => {
  const server = openPrometheusStandIn(virtualClock(START))
  server.fails('not-allowed')
  expect(await found(server)).toEqual([expect.stringMatching(/^false: NotAllowed: .*403.*Prometheus asked back/)])
})
