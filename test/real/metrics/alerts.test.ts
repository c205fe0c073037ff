import { createServer, type Server } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPrometheus, type Prometheus } from '../../../effects/metrics/prometheus.ts'
import { config, nowOf, trainedTown } from '../../journeys/drifting.ts'
import { HOUR, looseEnds, TRAIN } from '../../journeys/scenes.ts'
import type { Town } from '../../journeys/town.ts'
import { openAlertmanager, openPrometheusServer, type RealPrometheus } from './servers.ts'

const RULES = `
groups:
  - name: drift
    rules:
      - alert: ModelDriftHigh
        expr: drift_share > 0.5
        for: 1s
        labels: { severity: warning }
        annotations: { summary: 'Drift share {{ $value }}' }
`

let prometheus: RealPrometheus
let alertmanager: { url: string; close(): Promise<void> }
let metrics: Prometheus
let door: Server
let town: Town
/** What was delivered, by its status; and what is lost on its way. */
const delivered: string[] = []
let lost: (body: string) => boolean
let unanswered: number

beforeEach(async () => {
  ;[delivered.length, lost, unanswered] = [0, () => false, 0]
  door = createServer(async (request, answer) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces)
    if (lost(body.toString())) return answer.end()
    if (unanswered-- > 0) return answer.writeHead(503).end()
    const said = await town.house.webhook('alerts', { headers: request.headers as Record<string, string>, body })
    delivered.push((JSON.parse(body.toString()) as { status: string }).status)
    return answer.writeHead(said.status).end(JSON.stringify(said.body))
  })
  const port = await new Promise<number>((resolve) =>
    door.listen(0, '127.0.0.1', () => resolve((door.address() as { port: number }).port)),
  )
  alertmanager = await openAlertmanager({
    url: `http://127.0.0.1:${port}/webhooks/alerts`,
    max_alerts: 0,
    http_config: { authorization: { credentials: 'test-alerts' } },
  })
  prometheus = await openPrometheusServer(RULES, alertmanager.url)
  metrics = openPrometheus({ url: prometheus.url })
  town = await trainedTown(config, { metrics: () => metrics })
  // What Prometheus tells is about now; what was trained has cooled down.
  await town.advance(Date.now() - nowOf(town))
}, 900_000)
afterEach(async () => {
  await town.close()
  await metrics.close()
  await prometheus.close()
  await alertmanager.close()
  door.close()
})

/** Until it holds, while the town's time goes on as ours does. */
const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(200)) {
    await town.advance(Math.max(0, Date.now() - nowOf(town)))
    if (await holds()) return
  }
  throw new Error(`not within a minute: ${what}`)
}
const drifts = (share: number) => prometheus.expose([['drift_share', { model: 'support-llama' }, share]])
const asks = async () => (await town.question(TRAIN)) !== null

describe('a real Prometheus and its Alertmanager, to the door', () => {
  it('fires, repeats and resolves: one question, which goes with the alert; and the next one is new', async () => {
    unanswered = 2
    drifts(0.62)
    await until('it asks', asks)
    expect((await town.plan(TRAIN))?.plan.reasons[0]).toContain('Drift share 0.62')
    const { generation } = await town.lane(TRAIN)
    await until('it was told again', async () => delivered.length >= 3)
    expect([await asks(), (await town.lane(TRAIN)).generation]).toEqual([true, generation])
    drifts(0.1)
    await until('its question is taken back', async () => !(await asks()))
    expect(delivered.at(-1)).toBe('resolved')
    drifts(0.7)
    await until('it asks about the next', asks)
    expect(await looseEnds(town)).toEqual([])
  })

  it('whose end is lost on its way is asked back: what people are asked about is taken back', async () => {
    lost = (body) => body.includes('"status":"resolved"')
    drifts(0.62)
    await until('it asks', asks)
    drifts(0.1)
    await until('it fires no more', async () => (await metrics.rules('ModelDriftHigh'))[0]?.alerts.length === 0)
    // As resync looks, minutes later.
    await town.advance(HOUR / 6)
    expect([await asks(), delivered.includes('resolved')]).toEqual([false, false])
  })
})
