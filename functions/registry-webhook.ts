import type { ParseRefusal } from '../events/contract.ts'
import { gatewayEvent } from '../events/gateway-budget.ts'
import { parseJson } from '../events/input.ts'
import { registryEvents } from '../events/registry-webhook.ts'
import type { Ports } from '../flows/ports.ts'
import { defineDoor } from './door.ts'
import { type HttpAnswer, type HttpEvent, json, lowerHeaders, rawBody, tooLarge } from './http.ts'
import { refused, unproven } from './refusing.ts'
import { AWS, ROWS } from './rights.ts'
import { verifyMlflow } from './signatures.ts'

/** MLflow's webhook: verified over its raw bytes, put on our bus, answered. `Unavailable` becomes 503, which asks MLflow to try again. */
export const door = defineDoor({
  name: 'registry-webhook',
  trigger: { kind: 'http', method: 'POST', route: '/webhooks/mlflow' },
  ports: ['ledger', 'bus', 'secrets', 'clock'],
  kubernetes: [],
  aws: [...ROWS.refusals, ...AWS.bus, ...AWS.webhookSecret],
  handler: (ports) => (event: HttpEvent) => receive(ports, event),
})

/** A delivery about something else is MLflow's all the same, and answered well; a 4xx ends one that is none, as MLflow repeats no such answer. */
const ELSE: Partial<Record<ParseRefusal, number>> = { 'not-this-event': 202, 'test-payload': 202 }

const receive = async (
  ports: Pick<Ports, 'ledger' | 'bus' | 'secrets' | 'clock'>,
  event: HttpEvent,
): Promise<HttpAnswer> => {
  const body = rawBody(event)
  const large = tooLarge(body)
  if (large !== null) return unproven(ports, 413, large)
  const secret = await ports.secrets.get('mlflow-webhook')
  const verified = verifyMlflow({ secret, headers: lowerHeaders(event), body, now: ports.clock.now() })
  if (!verified.ok) return unproven(ports, 401, verified)
  const read = parseJson(body)
  if (!read.ok)
    return refused(
      ports,
      { source: 'registry-webhook', status: 400 },
      { reason: 'not-json', detail: `the body ${read.detail}` },
    )
  const budget = gatewayEvent(read.value)
  const parsed =
    budget === null
      ? registryEvents(verified.deliveryId, read.value)
      : budget.ok
        ? { ok: true as const, event: [budget.event] }
        : budget
  if (!parsed.ok) return refused(ports, { source: 'registry-webhook', status: ELSE[parsed.reason] ?? 400 }, parsed)
  await ports.bus.publish(parsed.event)
  return json(202, { accepted: verified.deliveryId })
}
