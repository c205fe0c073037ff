import { door } from '../../alert-webhook.ts'
import { busOf } from '../bus.ts'
import { lambda } from '../lambda.ts'
import { PROMPT } from '../patience.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf, secretsOf } from '../state.ts'

const settings = settingsOf()
const ports = {
  ledger: ledgerOf(settings, PROMPT),
  bus: busOf(settings, PROMPT),
  secrets: secretsOf(settings, PROMPT),
  clock,
}
export const handler = lambda(door, door.handler(ports))
