import { afterAll, beforeAll } from 'vitest'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { ledgerContract } from '../../ports/ledger.contract.ts'
import { type DynamoDb, openDynamoDb } from './dynamodb.ts'

let dynamo: DynamoDb
beforeAll(async () => {
  dynamo = await openDynamoDb()
}, 300_000)
afterAll(() => dynamo.close())

ledgerContract('DynamoDB', async () => {
  const client = dynamo.client()
  const ledger = openDynamoLedger({ client, table: await dynamo.table(), clock: { now: () => Date.now() } })
  return { ledger, close: async () => client.destroy() }
})
