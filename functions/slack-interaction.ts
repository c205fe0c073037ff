import type { Refusal } from '../core/reasons.ts'
import { approvalAnswered, formPayload } from '../events/approval-answered.ts'
import { answer } from '../flows/answer.ts'
import type { Ports } from '../flows/ports.ts'
import { refuseInput } from '../flows/refuse.ts'
import { defineDoor } from './door.ts'
import { type HttpAnswer, type HttpEvent, json, lowerHeaders, rawBody, tooLarge } from './http.ts'
import { AWS } from './rights.ts'
import { verifySlack } from './signatures.ts'

type SlackPorts = Pick<Ports, 'ledger' | 'policies' | 'workflow' | 'secrets' | 'clock' | 'replies'>

/**
 * A button or a modal in Slack: verified over its raw bytes, recorded, its run's bell rung, answered within 3 s. Slack shows
 * nobody the answer to a button: whoever's press does not count is told.
 */
export const door = defineDoor({
  name: 'slack-interaction',
  trigger: { kind: 'http', method: 'POST', route: '/slack/interactions' },
  ports: ['ledger', 'policies', 'workflow', 'secrets', 'clock', 'replies'],
  kubernetes: [],
  aws: [...AWS.ledger, ...AWS.policies, ...AWS.bells, ...AWS.signingSecret],
  handler: (ports) => (event: HttpEvent) => receive(ports, event),
})

const receive = async (ports: SlackPorts, event: HttpEvent): Promise<HttpAnswer> => {
  const body = rawBody(event)
  const large = tooLarge(body)
  if (large !== null) return refused(ports, 413, large)
  const now = ports.clock.now()
  const secret = await ports.secrets.get('slack-signing')
  const verified = verifySlack({ secret, headers: lowerHeaders(event), body, now })
  if (!verified.ok) return refused(ports, 401, verified)
  const payload = formPayload(Buffer.from(body).toString('utf8'))
  if (!payload.ok) return refused(ports, 400, payload)
  const parsed = approvalAnswered.parse(payload.event)
  if (!parsed.ok) return refused(ports, 400, parsed)
  // The time that counts is when the answer reached us: what a payload says of itself can be held back.
  const recorded = await answer(ports, { ...parsed.event, at: now })
  if (recorded.kind === 'recorded') return json(200, { recorded: recorded.state, lane: recorded.lane })
  const { replyTo } = parsed.event
  if (replyTo !== null) await ports.replies.say(replyTo, `Your answer does not count: ${recorded.detail}.`)
  return json(200, { refused: recorded.reason, detail: recorded.detail })
}

const refused = async (
  ports: SlackPorts,
  status: number,
  { reason, detail }: { reason: Refusal; detail: string },
): Promise<HttpAnswer> => {
  await refuseInput(ports, { source: 'slack-interaction', reason, detail })
  return json(status, { refused: reason, detail })
}
