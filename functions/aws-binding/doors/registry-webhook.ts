import type { HttpEvent } from '../../http.ts'
import { door } from '../../registry-webhook.ts'
import { busOf } from '../bus.ts'
import { lambda } from '../lambda.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf, secretsOf } from '../state.ts'

const settings = settingsOf()
const receive = door.handler({ ledger: ledgerOf(settings), bus: busOf(settings), secrets: secretsOf(settings), clock })
export const handler = lambda(door.name, (event: HttpEvent) => receive(event), true)
