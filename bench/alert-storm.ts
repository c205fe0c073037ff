import { lanesInFlight } from '../flows/lanes.ts'
import { runUntil } from '../local/drive.ts'
import type { LocalHouse } from '../local/house.ts'
import { uploadDataset } from '../local/scenario.ts'
import { counting } from './counting.ts'
import { openBench, policyOf, uploaded } from './town.ts'

const [MODELS, EACH] = [100, 100]
const HOUR = 3_600_000
const MINUTE = 60_000

/** Each pipeline begins by the drift of its own service. */
const config = () => {
  const { pipelines = {}, services = {}, ...rest } = policyOf(MODELS)
  const drift = (model: string) => ({ alerts: [{ name: 'ModelDriftHigh', labels: { model } }], coolDown: '1h' })
  return {
    ...rest,
    services: Object.fromEntries(
      Object.entries(services).map(([name, rule]) => [name, { ...rule, drift: drift(name) }]),
    ),
    pipelines: Object.fromEntries(
      Object.entries(pipelines).map(([name, rule]) => [
        name,
        { ...rule, on: { ...rule.on, drift: { service: `m-${name}` } } },
      ]),
    ),
  } as ReturnType<typeof policyOf>
}

/** One delivery of Alertmanager's: the alerts of one model, of many instances that say so. */
const deliver = async (house: LocalHouse, model: number, since: number): Promise<void> => {
  const alerts = Array.from({ length: EACH }, (_, n) => ({
    status: 'firing',
    labels: { alertname: 'ModelDriftHigh', model: `m-d-${model}`, instance: `i-${n}` },
    annotations: { summary: 'Drift share 0.62 > 0.5' },
    startsAt: new Date(since).toISOString(),
    fingerprint: (model * EACH + n).toString(16).padStart(16, '0'),
  }))
  const body = Buffer.from(JSON.stringify({ version: '4', truncatedAlerts: 0, alerts }))
  const { status } = await house.webhook('alerts', { headers: { authorization: 'Bearer test-alerts' }, body })
  if (status !== 202) throw new Error(`the door answers ${status}`)
}

/** What ten thousand alerts of a hundred models within a minute cost, told once and then all of them again: lanes that move, calls, seconds. */
export const alertStorm = async (): Promise<string[]> => {
  const counted = counting()
  const { house, clock, close } = await openBench(MODELS, counted.wrap, config())
  for (let n = 0; n < MODELS; n++) {
    await uploadDataset(house, { bucket: 'acme-datasets', folder: `d-${n}/`, rows: ['{}'] })
    await house.deliver(uploaded(`d-${n}`))
  }
  const isQuiet = async (): Promise<boolean> => (await lanesInFlight(house.ports.ledger)).length === 0
  await runUntil(house, clock, { done: isQuiet, atMost: 24 * HOUR })
  clock.set(clock.now() + 2 * HOUR)
  await house.advance()
  const lines: string[] = []
  const since = clock.now()
  for (const what of ['told', 'told again']) {
    counted.since()
    const begun = performance.now()
    for (let model = 0; model < MODELS; model++) await deliver(house, model, since)
    await runUntil(house, clock, { done: async () => clock.now() >= since + MINUTE, atMost: MINUTE })
    const seconds = (performance.now() - begun) / 1000
    const { total, text } = counted.since()
    const moved = (await lanesInFlight(house.ports.ledger)).length
    lines.push(
      `${(MODELS * EACH).toLocaleString('en')} alerts of ${MODELS} models, ${what}: ${moved} lanes ask, ${(total / (MODELS * EACH)).toFixed(1)} calls an alert (${text}), ${seconds.toFixed(1)} s`,
    )
  }
  await close()
  return lines
}
