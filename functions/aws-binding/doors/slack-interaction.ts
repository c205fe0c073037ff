import { openSlackReplies } from '../../../effects/chat/slack-replies.ts'
import { door } from '../../slack-interaction.ts'
import { lambda } from '../lambda.ts'
import { HINT, PROMPT, REPLY_WITHIN } from '../patience.ts'
import { queueOf } from '../queue.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf, secretsOf } from '../state.ts'

const settings = settingsOf()
const ports = {
  ledger: ledgerOf(settings, PROMPT),
  queue: queueOf(settings, HINT),
  secrets: secretsOf(settings, PROMPT),
  replies: openSlackReplies({ deadline: REPLY_WITHIN }),
  clock,
}
export const handler = lambda(door, door.handler(ports))
