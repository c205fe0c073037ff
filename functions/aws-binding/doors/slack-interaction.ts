import { door } from '../../slack-interaction.ts'
import { lambda } from '../lambda.ts'
import { PROMPT } from '../patience.ts'
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
  clock,
}
export const handler = lambda(door, door.handler(ports))
