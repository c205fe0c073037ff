import { randomUUID } from 'node:crypto'
import { type CancellationReason, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import { type Committed, HEAVIEST } from '../../flows/ledger-port.ts'
import { Unavailable } from '../../flows/ports.ts'
import { asking, isNamed } from '../aws/errors.ts'
import type { Action } from './items.ts'
import { type Access, isThrottle, pauseBefore, TRIES } from './trying.ts'

/** Another transaction was on the same item, or the table had no capacity: nothing was written, and nothing is said of the rows. */
const PASSING: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
])

/**
 * All of it or nothing, under one token: whoever sends it again, the SDK or we, sends the same bytes, and it is done once. Only a
 * condition that failed is a lost race.
 */
export const transact = async (access: Access, actions: Action[]): Promise<Committed> => {
  if (actions.length === 0) return { ok: true }
  if (actions.length > HEAVIEST)
    throw new RangeError(`a transaction of DynamoDB has at most ${HEAVIEST} actions, not ${actions.length}`)
  const transaction = new TransactWriteItemsCommand({
    TransactItems: actions.map(({ item }) => item),
    ClientRequestToken: randomUUID(),
  })
  for (let attempt = 1; ; attempt++) {
    const reasons = await tryOnce(access, transaction)
    if (reasons === 'done') return { ok: true }
    const lost = actions[reasons.findIndex(({ Code }) => Code === 'ConditionalCheckFailed')]?.guards
    if (lost != null) return { ok: false, conflict: lost }
    const why = reasons.filter(({ Code = 'None' }) => Code !== 'None')
    if (why.some(({ Code = '' }) => !PASSING.has(Code)))
      throw new RangeError(`DynamoDB refuses the commit: ${JSON.stringify(why)}`)
    if (attempt === TRIES) {
      const codes = [...new Set(why.map(({ Code }) => Code))].join(', ')
      throw new Unavailable(`the ledger is busy: ${codes} ${TRIES} times in a row`)
    }
    await access.pause(pauseBefore(attempt, access.random))
  }
}

/** Why it was not done, an entry for each action. */
const tryOnce = async (
  { client }: Access,
  transaction: TransactWriteItemsCommand,
): Promise<'done' | CancellationReason[]> => {
  try {
    await client.send(transaction)
    return 'done'
  } catch (error) {
    if (isNamed(error, 'TransactionCanceledException'))
      return (error as { CancellationReasons?: CancellationReason[] }).CancellationReasons ?? []
    if (isNamed(error, 'TransactionInProgressException')) return [{ Code: 'TransactionConflict' }]
    if (isThrottle(error)) return [{ Code: 'ThrottlingError' }]
    return asking('writing to the ledger', () => Promise.reject(error))
  }
}
