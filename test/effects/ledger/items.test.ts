import { describe, expect, it } from 'vitest'
import type { RowKind } from '../../../core/rows.ts'
import { HEAVIEST, type Write, weightOf } from '../../../flows/ledger-port.ts'
import { against, lineOf } from './table.ts'

const value = { lane: 'l', by: 'ana', at: 1, until: 2 }
const put = (kind: RowKind, id: string, revision = 0) => ({ put: kind, id, revision, value }) as Write
const add = (by: number, atMost: number | null, atLeast: number | null): Write => ({ add: 's', by, atMost, atLeast })
const due = (at: number | null, was: number | null, side: string | null = null): Write => ({
  due: { group: 'g', by: 'lane' },
  at,
  was,
  side,
})
const moment: Write = { moment: { at: 1, lane: 'l', generation: null, attempt: null, kind: 'note', text: 'x' } }

const actionsOf = async (...writes: Write[]) => {
  const { ledger, sent } = against()
  expect(await ledger.commit(writes)).toEqual({ ok: true })
  return sent[0]?.TransactItems ?? []
}
const linesOf = async (...writes: Write[]) => (await actionsOf(...writes)).map(lineOf)

describe('a row', () => {
  it('is written on the condition that it is as it was read', async () => {
    expect(await linesOf(put('freeze', 'a'), put('look', 'a#1', 3), { check: 'hold', id: 'p#a', revision: 2 })).toEqual(
      [
        'Update freeze a if attribute_not_exists(v)',
        'Update looks#a look#1 if rev = 3 AND attribute_exists(v)',
        'ConditionCheck room#p hold#a if rev = 2 AND attribute_exists(v)',
      ],
    )
  })

  it('leaves a tombstone for 90 days, or nothing where it comes and goes all the time', async () => {
    const [freeze, look] = await actionsOf(
      { remove: 'freeze', id: 'a', revision: 1 },
      { remove: 'look', id: 'a#1', revision: 1 },
    )
    expect(freeze?.Update?.UpdateExpression).toBe('SET rev = rev + :one, expires = :expires REMOVE v')
    expect(freeze?.Update?.ExpressionAttributeValues?.[':expires']).toEqual({ N: String(1_700_000_000 + 90 * 86_400) })
    expect(lineOf(look ?? {})).toBe('Delete looks#a look#1 if rev = 1 AND attribute_exists(v)')
  })

  it('that is not there is only checked when it is removed', async () => {
    expect(await linesOf({ remove: 'freeze', id: 'a', revision: 0 })).toEqual([
      'ConditionCheck freeze a if attribute_not_exists(v)',
    ])
  })

  it('is refused before it is sent when no item holds it', async () => {
    const { ledger, sent } = against()
    const large = { put: 'freeze', id: 'a', revision: 0, value: { ...value, by: 'é'.repeat(200_000) } } as Write
    await expect(ledger.commit([large])).rejects.toThrow(RangeError)
    expect(sent).toEqual([])
  })
})

describe('the list of lanes', () => {
  it('is changed by the first and the last of a document, and by nothing between', async () => {
    const line = expect.stringMatching(/^Put lanes#[0-3] l$/)
    expect(await linesOf(put('lane', 'l'))).toEqual(['Update lane#l lane if attribute_not_exists(v)', line])
    expect(await linesOf(put('lane', 'l', 4))).toHaveLength(1)
    const gone = await linesOf({ remove: 'lane', id: 'l', revision: 4 })
    expect(gone[1]).toMatch(/^Delete lanes#[0-3] l$/)
  })
})

describe('a sum', () => {
  it('is bounded by what it is before', async () => {
    expect(await linesOf(add(2, 7, 0))).toEqual(['Update sum#s sum if attribute_not_exists(n) OR (n <= 5 AND n >= -2)'])
    expect(await linesOf(add(-2, null, 0))).toEqual(['Update sum#s sum if n >= 2'])
    expect(await linesOf(add(9, 7, null))).toEqual(['Update sum#s sum if n <= -2'])
    expect(await linesOf(add(1, null, null))).toEqual(['Update sum#s sum'])
  })
})

describe('a due row', () => {
  const at = (time: number) => expect.stringMatching(new RegExp(`^Put due#[0-9]+ 0{14}${time}#g#lane$`))
  const gone = (time: number) => expect.stringMatching(new RegExp(`^Delete due#[0-9]+ 0{14}${time}#g#lane$`))

  it('is made, moved, told apart by its side, and taken away', async () => {
    expect(await linesOf(due(20, null))).toEqual([at(20)])
    expect(await linesOf(due(30, 20))).toEqual([gone(20), at(30)])
    expect(await linesOf(due(20, 20, 'chat'))).toEqual([at(20)])
    expect(await linesOf(due(null, 20))).toEqual([gone(20)])
    expect((await actionsOf(due(20, null, 'chat')))[0]?.Put?.Item?.['side']).toEqual({ S: 'chat' })
  })

  it('that moves by less than a millisecond stays where it is: no item is named twice', async () => {
    expect(await linesOf(due(20.7, 20.2))).toEqual([at(20)])
  })

  it('that was never there is nothing to write', async () => {
    const { ledger, sent } = against()
    expect(await ledger.commit([due(null, null)])).toEqual({ ok: true })
    expect(sent).toEqual([])
  })
})

describe('what is told', () => {
  it('stands under its lane and under all, under one id', async () => {
    const [own, all] = await actionsOf(moment)
    expect([own, all].map((item) => item?.Put?.Item?.['pk']?.S)).toEqual(['moments#l', 'moments'])
    expect(own?.Put?.Item?.['sk']).toEqual(all?.Put?.Item?.['sk'])
    expect(own?.Put?.Item?.['expires']).toEqual({ N: String(1_700_000_000 + 400 * 86_400) })
  })

  it('is counted once a name in one commit, and commits spread a name over shards', async () => {
    const [, , c] = await actionsOf({ count: 'c', by: 1 }, moment, { count: 'c', by: 2 })
    expect(lineOf(c ?? {})).toBe('Update counts c#8')
    expect(c?.Update?.ExpressionAttributeValues).toEqual({ ':by': { N: '3' } })
  })
})

describe('a commit', () => {
  it('has as many actions as it weighs', async () => {
    const writes: Write[] = [
      put('freeze', 'a'),
      put('lane', 'l'),
      add(1, 2, null),
      due(30, 20),
      moment,
      { count: 'c', by: 1 },
    ]
    const weight = writes.reduce((sum, write) => sum + weightOf(write), 0)
    expect(await actionsOf(...writes)).toHaveLength(weight)
  })

  it('of more actions than a transaction takes is refused before it is sent', async () => {
    const { ledger, sent } = against()
    const last: Write = { remove: 'lane', id: 'l', revision: 4 }
    const writes = [...Array.from({ length: HEAVIEST - 1 }, (_, n) => put('freeze', String(n))), last]
    await expect(ledger.commit(writes)).rejects.toThrow(RangeError)
    expect(sent).toEqual([])
  })
})
