import { door } from '../../budget-notice.ts'
import { busOf } from '../bus.ts'
import { lambda } from '../lambda.ts'
import { settingsOf } from '../settings.ts'
import { clock, ledgerOf } from '../state.ts'

const settings = settingsOf()
export const handler = lambda(door, door.handler({ ledger: ledgerOf(settings), bus: busOf(settings), clock }))
