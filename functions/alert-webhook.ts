import { alertEvents } from '../events/drift-detected.ts'
import { parseJson } from '../events/input.ts'
import type { Ports } from '../flows/ports.ts'
import { refuseInput } from '../flows/refuse.ts'
import { defineDoor } from './door.ts'
import { ALERTS_LIMIT, type HttpAnswer, type HttpEvent, json, lowerHeaders, rawBody, tooLarge } from './http.ts'
import { refused, unproven } from './refusing.ts'
import { AWS, ROWS } from './rights.ts'
import { verifyAlert } from './signatures.ts'

/**
 * Alertmanager's and Grafana's webhook: verified, put on our bus alert by alert, answered. Alertmanager sends again what was answered
 * 5xx and nothing else, so `Unavailable` becomes 503, and only what can never be read another answer.
 */
export const door = defineDoor({
  name: 'alert-webhook',
  trigger: { kind: 'http', method: 'POST', route: '/webhooks/alerts' },
  ports: ['ledger', 'bus', 'secrets', 'clock'],
  kubernetes: [],
  aws: [...ROWS.refusals, ...AWS.bus, ...AWS.alertSecret],
  handler: (ports) => (event: HttpEvent) => receive(ports, event),
})

const SOURCE = 'alert-webhook'
/** Alerts of one delivery whose refusals are written down each; of more the first ones say enough. */
const WRITTEN = 5

const receive = async (
  ports: Pick<Ports, 'ledger' | 'bus' | 'secrets' | 'clock'>,
  event: HttpEvent,
): Promise<HttpAnswer> => {
  const body = rawBody(event)
  const large = tooLarge(body, ALERTS_LIMIT)
  if (large !== null) return unproven(ports, 413, large)
  const secret = await ports.secrets.get('alert-webhook')
  const verified = verifyAlert({ secret, headers: lowerHeaders(event), body, now: ports.clock.now() })
  if (!verified.ok) return unproven(ports, 401, verified)
  const read = parseJson(body)
  if (!read.ok)
    return refused(ports, { source: SOURCE, status: 400 }, { reason: 'not-json', detail: `the body ${read.detail}` })
  const parsed = alertEvents(read.value)
  if (!parsed.ok) return refused(ports, { source: SOURCE, status: 400 }, parsed)
  const { events, refused: wrong, truncated } = parsed.event
  if (events.length > 0) await ports.bus.publish(events)
  for (const why of wrong.slice(0, WRITTEN)) await refuseInput(ports, { source: SOURCE, ...why })
  // A producer that was told to send fewer than there are has left out some, which it never sends alone.
  if (truncated > 0)
    await refuseInput(ports, {
      source: SOURCE,
      reason: 'missing-field',
      detail: `truncatedAlerts: ${truncated} alerts were left out: group by more labels, so that fewer come together, or raise max_alerts of the receiver`,
    })
  const isReadable = events.length > 0 || wrong.every(({ reason }) => reason === 'test-payload')
  return json(isReadable ? 202 : 400, { accepted: events.length, refused: wrong.length, truncated })
}
