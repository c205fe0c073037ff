import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { ledgerContract } from '../../ports/ledger.contract.ts'
import { seeded } from '../proxy.ts'
import { type DynamoDb, openDynamoDb } from './dynamodb.ts'
import { troubledDynamo } from './troubles.ts'

let dynamo: DynamoDb
beforeAll(async () => {
  dynamo = await openDynamoDb()
}, 300_000)
afterAll(() => dynamo.close())

const clock = { now: () => Date.now() }

ledgerContract('DynamoDB', async () => {
  const client = dynamo.client()
  const ledger = openDynamoLedger({ client, table: await dynamo.table(), clock })
  return { ledger, close: async () => client.destroy() }
})

describe('in trouble: throttles, transactions that meet, answers lost after the commit happened', () => {
  const counts: Record<string, number> = {}
  ledgerContract('DynamoDB', async () => {
    // The SDK tries a throttled call again by itself; here so often that only what we promise can fail.
    const client = troubledDynamo(dynamo.client(20), seeded(7), counts)
    const ledger = openDynamoLedger({ client, table: await dynamo.table(), clock, pause: async () => undefined })
    return { ledger, close: async () => client.destroy() }
  })

  it('there was trouble of each kind', () => {
    for (const kind of ['throttled', 'conflicted', 'lost']) expect(counts[kind], kind).toBeGreaterThan(0)
  })
})

describe('a commit whose answer is lost for good', () => {
  const clients: { destroy(): void }[] = []
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy()
  })

  it('has happened once: whoever reads again sees it, and writing it again by what was read then conflicts', async () => {
    const table = await dynamo.table()
    const [lossy, client] = [dynamo.client(1), dynamo.client()]
    clients.push(lossy, client)
    lossy.middlewareStack.add(
      (next) => async (args) => {
        await next(args)
        throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
      },
      { step: 'finalizeRequest', name: 'lost', priority: 'low' },
    )
    const [blind, seeing] = [lossy, client].map((one) => openDynamoLedger({ client: one, table, clock }))
    const value = { lane: 'l', by: 'ana', at: 1, until: 2 }
    const writes = [
      { put: 'freeze' as const, id: 'a', revision: 0, value },
      { count: 'c', by: 1 },
    ]
    await expect(blind?.commit(writes)).rejects.toThrow('writing to the ledger: TimeoutError')
    expect(await seeing?.read('freeze', 'a')).toMatchObject({ revision: 1, value })
    expect(await seeing?.commit(writes)).toEqual({ ok: false, conflict: { kind: 'freeze', id: 'a' } })
    expect(await seeing?.counts()).toEqual({ c: 1 })
  })
})
