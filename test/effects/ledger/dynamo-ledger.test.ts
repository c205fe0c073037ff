import { describe, expect, it } from 'vitest'
import type { FreezeRow } from '../../../core/rows.ts'
import type { Write } from '../../../flows/ledger-port.ts'
import { NotAllowed, Unavailable } from '../../../flows/ports.ts'
import { against, cancelled, named } from './table.ts'

const value: FreezeRow = { lane: 'l', by: 'ana', at: 1, until: 2 }
const put = (id: string, revision = 0): Write => ({ put: 'freeze', id, revision, value })
const moment: Write = { moment: { at: 1, lane: 'l', generation: null, attempt: null, kind: 'note', text: 'x' } }

describe('a commit that is not taken at once', () => {
  it('is sent again as the same bytes under the same token, later and later', async () => {
    const { ledger, sent, pauses } = against(
      cancelled('None', 'TransactionConflict'),
      cancelled('ThrottlingError', 'None'),
      named('TransactionInProgressException'),
      named('ThrottlingException'),
    )
    expect(await ledger.commit([put('a'), moment, { count: 'c', by: 1 }])).toEqual({ ok: true })
    expect(sent).toHaveLength(5)
    for (const again of sent) expect(again).toEqual(sent[0])
    expect(pauses).toEqual([25, 50, 100, 200])
  })

  it('has a token of its own each time that it is made', async () => {
    const { ledger, sent } = against()
    for (const writes of [[put('a')], [put('a')]]) await ledger.commit(writes)
    expect(new Set(sent.map(({ ClientRequestToken }) => ClientRequestToken)).size).toBe(2)
  })

  it('is a lost race as soon as one condition failed, of the first such row, and only then', async () => {
    const lost = (codes: string[], ...writes: Write[]) => against(cancelled(...codes)).ledger.commit(writes)
    const sum: Write = { add: 's', by: 1, atMost: 1, atLeast: null }
    expect(await lost(['TransactionConflict', 'ConditionalCheckFailed', 'None'], put('a'), put('b', 3), sum)).toEqual({
      ok: false,
      conflict: { kind: 'freeze', id: 'b' },
    })
    // Moments stand between, and carry no condition.
    expect(await lost(['None', 'None', 'None', 'ConditionalCheckFailed'], put('a'), moment, sum)).toEqual({
      ok: false,
      conflict: { kind: 'sum', id: 's' },
    })
    expect(await lost(['TransactionConflict', 'None', 'None'], put('a'))).toEqual({ ok: true })
  })

  it('is unavailable when it stays busy, or when nobody knows whether it happened', async () => {
    const busy = against(...Array.from({ length: 20 }, () => cancelled('TransactionConflict')))
    await expect(busy.ledger.commit([put('a')])).rejects.toThrow(
      new Unavailable('the ledger is busy: TransactionConflict 12 times in a row'),
    )
    expect([busy.sent.length, Math.max(...busy.pauses)]).toEqual([12, 400])
    const lost = against(named('TimeoutError'))
    await expect(lost.ledger.commit([put('a')])).rejects.toThrow(Unavailable)
    expect(lost.sent).toHaveLength(1)
  })

  it('says what is missing of the role, and what DynamoDB will never take', async () => {
    await expect(against(named('AccessDeniedException')).ledger.commit([put('a')])).rejects.toThrow(NotAllowed)
    const never = against(cancelled('ItemCollectionSizeLimitExceeded'))
    await expect(never.ledger.commit([put('a')])).rejects.toThrow('DynamoDB refuses the commit')
  })
})

const item = (pk: string, sk: string) => ({
  pk: { S: pk },
  sk: { S: sk },
  rev: { N: '2' },
  v: { S: JSON.stringify(value) },
})
const key = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } })
const left = (...Keys: object[]) => ({ UnprocessedKeys: { t: { Keys } } })

describe('a read', () => {
  it('asks for what was left out until nothing is, and answers in the order of the keys', async () => {
    const { ledger, sent, pauses } = against(
      { Responses: { t: [item('freeze', 'b')] }, ...left(key('freeze', 'a'), key('lane#l', 'lane')) },
      { Responses: { t: [] }, ...left(key('freeze', 'a'), key('lane#l', 'lane')) },
      named('ProvisionedThroughputExceededException'),
      { Responses: { t: [item('freeze', 'a')] } },
    )
    const rows = await ledger.read([
      { kind: 'lane', id: 'l' },
      { kind: 'freeze', id: 'a' },
      { kind: 'freeze', id: 'b' },
      { kind: 'freeze', id: 'a' },
    ])
    expect(rows.map((row) => row?.id ?? null)).toEqual([null, 'a', 'b', 'a'])
    const asked = sent.map(({ RequestItems }) => RequestItems?.['t'])
    expect(asked.map((one) => one?.Keys?.length)).toEqual([3, 2, 2, 2])
    expect(asked.every((one) => one?.ConsistentRead)).toBe(true)
    expect(pauses).toEqual([25, 50, 25])
  })

  it('of a part is no read: what is never told is unavailable', async () => {
    const nothing = { Responses: { t: [] }, ...left(key('freeze', 'a')) }
    const { ledger, sent } = against(...Array.from({ length: 20 }, () => nothing))
    await expect(ledger.read([{ kind: 'freeze', id: 'a' }])).rejects.toThrow(Unavailable)
    expect(sent).toHaveLength(12)
    const throttled = against(...Array.from({ length: 20 }, () => named('ThrottlingException')))
    await expect(throttled.ledger.read([{ kind: 'freeze', id: 'a' }])).rejects.toThrow(Unavailable)
  })

  it('of nothing asks nobody, and one of more than a hundred keys neither', async () => {
    const { ledger, sent } = against()
    expect(await ledger.read([])).toEqual([])
    const keys = Array.from({ length: 101 }, (_, n) => ({ kind: 'freeze', id: String(n) }) as const)
    await expect(ledger.read(keys)).rejects.toThrow(RangeError)
    expect(sent).toEqual([])
  })
})

describe('a listing', () => {
  it('goes on behind the last row that is known, consistent, and reads no more than it is asked for', async () => {
    const { ledger, sent } = against(
      { Items: [item('looks#l', 'look#2')], LastEvaluatedKey: key('looks#l', 'look#2') },
      { Items: [item('looks#l', 'look#3'), item('looks#l', 'look#4')], LastEvaluatedKey: key('looks#l', 'look#4') },
    )
    const rows = await ledger.list('look', { prefix: 'l#', after: 'l#1', limit: 2 })
    expect(rows.map(({ id }) => id)).toEqual(['l#2', 'l#3'])
    expect(sent.map(({ ExclusiveStartKey }) => ExclusiveStartKey?.['sk']?.S)).toEqual(['look#1', 'look#2'])
    expect(sent.every(({ Limit, ConsistentRead }) => Limit === 2 && ConsistentRead)).toBe(true)
  })

  it('of no rows asks nobody: DynamoDB takes no limit of 0', async () => {
    const { ledger, sent } = against()
    expect([await ledger.list('freeze', { limit: 0 }), await ledger.due(9, { limit: 0 }), sent]).toEqual([[], [], []])
  })

  it('that begins outside of its prefix has all of it, or nothing and asks nobody', async () => {
    const asked = async (page: { prefix: string; after: string; reverse?: boolean }) => {
      const { ledger, sent } = against()
      expect(await ledger.list('freeze', page)).toEqual([])
      return sent.map(({ ExclusiveStartKey }) => ExclusiveStartKey ?? 'from its end')
    }
    expect(await asked({ prefix: 'b', after: 'a' })).toEqual(['from its end'])
    expect(await asked({ prefix: 'b', after: 'c' })).toEqual([])
    expect(await asked({ prefix: 'b', after: 'c', reverse: true })).toEqual(['from its end'])
    expect(await asked({ prefix: 'b', after: 'a', reverse: true })).toEqual([])
    // By bytes, not by UTF-16.
    expect(await asked({ prefix: '\uffee', after: '😀' })).toEqual([])
    expect(await asked({ prefix: '', after: '' })).toEqual(['from its end'])
  })
})

it('asks with three commands alone: nothing scans, and there is no index', async () => {
  const { ledger, sent, names } = against()
  await ledger.commit([put('a')])
  await ledger.read([{ kind: 'freeze', id: 'a' }])
  await ledger.list('freeze')
  await ledger.lanes({ after: 'l' })
  await ledger.due(9, { side: 'chat' })
  await ledger.moments('l', { before: '1' })
  await ledger.counts()
  expect(new Set(names)).toEqual(new Set(['TransactWriteItemsCommand', 'BatchGetItemCommand', 'QueryCommand']))
  expect(sent.filter((input) => 'IndexName' in input)).toEqual([])
  expect(names.filter((name) => name === 'QueryCommand')).toHaveLength(1 + 4 + 16 + 1 + 1)
})
