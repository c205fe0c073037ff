import { openSlackReplies } from '../../../effects/chat/slack-replies.ts'
import { door } from '../../slack-interaction.ts'
import { lambda } from '../lambda.ts'
import { PROMPT, REPLY_WITHIN } from '../patience.ts'
import { objectsOf, policiesOf } from '../policy.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf, secretsOf } from '../state.ts'
import { workflowOf } from '../workflow.ts'

const settings = settingsOf()
const ports = {
  ledger: ledgerOf(settings, PROMPT),
  secrets: secretsOf(settings, PROMPT),
  policies: policiesOf(settings, objectsOf(PROMPT), PROMPT),
  workflow: workflowOf(settings, PROMPT),
  replies: openSlackReplies({ deadline: REPLY_WITHIN }),
  clock,
}
export const handler = lambda(door, door.handler(ports))
