import { laneOfQuestion } from '../core/lane/asking.ts'
import { kindOf } from '../core/lane-kinds/catalogue.ts'
import { approvalAnswered, formPayload } from '../events/approval-answered.ts'
import { leaveVote } from '../flows/letters.ts'
import type { Ports } from '../flows/ports.ts'
import { CATALOGUES, defineDoor } from './door.ts'
import { type HttpAnswer, type HttpEvent, json, lowerHeaders, rawBody, tooLarge } from './http.ts'
import { refused, unproven } from './refusing.ts'
import { AWS, ROWS } from './rights.ts'
import { verifySlack } from './signatures.ts'
import { unique } from './unique.ts'

type SlackPorts = Pick<Ports, 'ledger' | 'queue' | 'secrets' | 'clock' | 'replies'>

/**
 * A button or a modal in Slack: verified over its raw bytes, left as a letter for the lane that its question names, answered
 * within 3 s. Whether it counts is said when the letter is folded, to whoever pressed.
 */
export const door = defineDoor({
  name: 'slack-interaction',
  trigger: { kind: 'http', method: 'POST', route: '/slack/interactions' },
  ports: ['ledger', 'queue', 'secrets', 'clock', 'replies'],
  kubernetes: [],
  aws: [...ROWS.orders, ...AWS.queue, ...AWS.signingSecret],
  handler: (ports) => (event: HttpEvent) => receive(ports, event),
})

const receive = async (ports: SlackPorts, event: HttpEvent): Promise<HttpAnswer> => {
  const body = rawBody(event)
  const large = tooLarge(body)
  if (large !== null) return unproven(ports, 413, large)
  const secret = await ports.secrets.get('slack-signing')
  const verified = verifySlack({ secret, headers: lowerHeaders(event), body, now: ports.clock.now() })
  if (!verified.ok) return unproven(ports, 401, verified)
  const payload = formPayload(body)
  if (!payload.ok) return refused(ports, { source: 'slack-interaction', status: 400 }, payload)
  const parsed = approvalAnswered.parse(payload.event)
  if (!parsed.ok) return refused(ports, { source: 'slack-interaction', status: 400 }, parsed)
  // A letter for a lane that no kind knows would lie there, due, for ever.
  const left = isOurs(parsed.event.question) ? await leaveVote(ports, parsed.event, unique()) : null
  if (left !== null) return json(200, { accepted: left.letter, lane: left.lane })
  const detail = 'there is no such question'
  if (parsed.event.replyTo !== null)
    await ports.replies.say(parsed.event.replyTo, `Your answer does not count: ${detail}.`)
  return json(200, { refused: 'unknown-question', detail })
}

const isOurs = (question: string): boolean => kindOf(CATALOGUES.kinds, laneOfQuestion(question) ?? '') !== undefined
