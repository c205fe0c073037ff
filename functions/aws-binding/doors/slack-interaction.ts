import type { HttpEvent } from '../../http.ts'
import { door } from '../../slack-interaction.ts'
import { lambda } from '../lambda.ts'
import { objectsOf, policiesOf } from '../policy.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf, secretsOf } from '../state.ts'
import { workflowOf } from '../workflow.ts'

const settings = settingsOf()
const receive = door.handler({
  ledger: ledgerOf(settings),
  secrets: secretsOf(settings),
  policies: policiesOf(settings, objectsOf()),
  workflow: workflowOf(settings),
  clock,
})
export const handler = lambda(door.name, (event: HttpEvent) => receive(event), true)
