import { door } from '../../capacity-warned.ts'
import { lambda } from '../lambda.ts'
import { queueOf } from '../queue.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf } from '../state.ts'

const settings = settingsOf()
const ports = { ledger: ledgerOf(settings), queue: queueOf(settings), clock }
export const handler = lambda(door, door.handler(ports))
