import type { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import type { FreezeRow } from '../../../core/rows.ts'
import { openDynamoLedger } from '../../../effects/ledger/dynamo-ledger.ts'
import { Unavailable, type Write } from '../../../flows/ports.ts'

const value: FreezeRow = { lane: 'l', by: 'ana', at: 1, until: 2 }
const put = (id: string, revision = 0): Write => ({ put: 'freeze', id, revision, value })
const moment: Write = { moment: { at: 1, lane: 'l', generation: null, attempt: null, kind: 'note', text: 'x' } }

const named = (name: string, more: object = {}) => Object.assign(new Error(name), { name, ...more })
const cancelled = (...codes: string[]) =>
  named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) })

/** A client that answers in turn with these errors, then takes everything. */
const against = (...errors: Error[]) => {
  const sent: TransactWriteItemsCommand['input'][] = []
  const pauses: number[] = []
  const client = {
    send: async (command: TransactWriteItemsCommand) => {
      sent.push(command.input)
      const error = errors.shift()
      if (error !== undefined) throw error
      return {}
    },
  } as unknown as DynamoDBClient
  const ledger = openDynamoLedger({
    client,
    table: 't',
    clock: { now: () => 1_700_000_000_000 },
    random: () => 0.5,
    pause: async (ms) => pauses.push(ms),
  })
  return { ledger, sent, pauses }
}

describe('a commit on DynamoDB, when DynamoDB does not take it at once', () => {
  it('is tried again after another transaction or a throttle, as the same commit, later and later', async () => {
    const { ledger, sent, pauses } = against(
      cancelled('None', 'TransactionConflict'),
      cancelled('ThrottlingError', 'None'),
      named('TransactionInProgressException'),
    )
    expect(await ledger.commit([put('a'), put('b')])).toEqual({ ok: true })
    expect(sent).toHaveLength(4)
    expect(new Set(sent.map(({ ClientRequestToken }) => ClientRequestToken)).size).toBe(1)
    expect(pauses).toEqual([20, 40, 80])
  })

  it('is a conflict as soon as one condition failed, whatever else went wrong', async () => {
    const { ledger } = against(cancelled('TransactionConflict', 'ConditionalCheckFailed', 'None'))
    expect(await ledger.commit([put('a'), put('b', 3), moment])).toEqual({
      ok: false,
      conflict: { kind: 'freeze', id: 'b' },
    })
  })

  it('is unavailable when it stays busy, or when nobody knows whether it happened', async () => {
    const busy = against(...Array.from({ length: 20 }, () => cancelled('TransactionConflict')))
    await expect(busy.ledger.commit([put('a')])).rejects.toThrow(
      new Unavailable('the ledger is busy: TransactionConflict 8 times in a row'),
    )
    const lost = against(named('TimeoutError'))
    await expect(lost.ledger.commit([put('a')])).rejects.toBeInstanceOf(Unavailable)
  })

  it('says what DynamoDB will never take', async () => {
    const { ledger } = against(cancelled('ItemCollectionSizeLimitExceeded'))
    await expect(ledger.commit([put('a')])).rejects.toThrow('DynamoDB refuses the commit')
    const large = { ...value, by: 'x'.repeat(400_000) }
    await expect(ledger.commit([{ put: 'freeze', id: 'a', revision: 0, value: large }])).rejects.toThrow('a row holds')
  })
})

it('counts of one name in one commit are one item, and commits spread them over shards', async () => {
  const { ledger, sent } = against()
  await ledger.commit([{ count: 'c', by: 1 }, { count: 'c', by: 2 }, moment])
  const items = sent[0]?.TransactItems ?? []
  expect(items.map((item) => (item.Update?.Key ?? item.Put?.Item)?.['pk']?.S)).toEqual([
    'moment l',
    'moment *',
    'count',
  ])
  expect(items[2]?.Update?.Key?.['sk']?.S).toBe('c#8')
  expect(items[2]?.Update?.ExpressionAttributeValues).toEqual({ ':by': { N: '3' } })
})
