import { door } from '../../slack-command.ts'
import { lambda } from '../lambda.ts'
import { HINT, PROMPT } from '../patience.ts'
import { queueOf } from '../queue.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf, secretsOf } from '../state.ts'

const settings = settingsOf()
const ports = {
  ledger: ledgerOf(settings, PROMPT),
  queue: queueOf(settings, HINT),
  secrets: secretsOf(settings, PROMPT),
  clock,
}
export const handler = lambda(door, door.handler(ports))
