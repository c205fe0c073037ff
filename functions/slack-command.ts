import { laneOf, POOL } from '../core/lane-kinds/kind.ts'
import type { LeaseAsked } from '../events/contract.ts'
import { formFields, leaseAsked, USAGE } from '../events/lease-asked.ts'
import { leaveLease } from '../flows/letters.ts'
import type { Ports } from '../flows/ports.ts'
import { defineDoor } from './door.ts'
import { type HttpAnswer, type HttpEvent, json, lowerHeaders, rawBody, tooLarge } from './http.ts'
import { refused, unproven } from './refusing.ts'
import { AWS, ROWS } from './rights.ts'
import { signedBy, verifySlack } from './signatures.ts'

type CommandPorts = Pick<Ports, 'ledger' | 'queue' | 'secrets' | 'clock'>

/**
 * `/signalbox lease …` in Slack: verified over its raw bytes, left as a letter for the pool's lane, answered within 3 s to who said it alone.
 * What becomes of it is said when the letter is folded.
 */
export const door = defineDoor({
  name: 'slack-command',
  trigger: { kind: 'http', method: 'POST', route: '/slack/commands' },
  ports: ['ledger', 'queue', 'secrets', 'clock'],
  kubernetes: [],
  aws: [...ROWS.orders, ...AWS.queue, ...AWS.signingSecret],
  handler: (ports) => (event: HttpEvent) => receive(ports, event),
})

const receive = async (ports: CommandPorts, event: HttpEvent): Promise<HttpAnswer> => {
  const body = rawBody(event)
  const large = tooLarge(body)
  if (large !== null) return unproven(ports, 413, large)
  const secret = await ports.secrets.get('slack-signing')
  const headers = lowerHeaders(event)
  const verified = verifySlack({ secret, headers, body, now: ports.clock.now() })
  if (!verified.ok) return unproven(ports, 401, verified)
  const fields = formFields(body)
  const parsed = fields.ok ? leaseAsked.parse(fields.event) : fields
  if (parsed.ok) return left(ports, parsed.event, signedBy(headers, verified))
  const answer = await refused(ports, { source: 'slack-command', status: 400 }, parsed)
  // Slack shows a person what is answered with 200, and nothing of anything else.
  return parsed.detail.endsWith(USAGE) ? shown(USAGE, { refused: parsed.reason }) : answer
}

const left = async (
  ports: CommandPorts,
  asked: LeaseAsked,
  { unique, signedAt }: ReturnType<typeof signedBy>,
): Promise<HttpAnswer> => {
  const { pool, does, by, gpus, until, lasts, of, replyTo } = asked
  const lane = laneOf({ name: POOL }, pool)
  const common = { lane, does, by, of, gpus, replyTo, signedAt, proven: true as const }
  const end = does === 'take' && lasts !== null ? ports.clock.now() + lasts : until
  const more = does === 'extend' ? lasts : null
  const { letter } = await leaveLease(ports, { ...common, until: end, more }, unique)
  return shown(`Taken: what becomes of it is said here in a moment, and stands on the timeline of ${lane}.`, {
    accepted: letter,
    lane,
  })
}

/** As Slack shows it, to who said it alone. */
const shown = (text: string, more: Record<string, unknown>): HttpAnswer =>
  json(200, { response_type: 'ephemeral', text, ...more })
