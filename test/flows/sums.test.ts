import { afterEach, describe, expect, it } from 'vitest'
import { lineSum, spentSum } from '../../core/lane/room.ts'
import { type PastRow, pastId } from '../../core/rows.ts'
import { readRow } from '../../flows/rows.ts'
import { recountRoom, recountSpent } from '../../flows/sums.ts'
import example from '../example.ts'
import { HOUR, MINUTE, stepIs, TRAIN, upload } from '../journeys/scenes.ts'
import { openTown, type Town } from '../journeys/town.ts'

let town: Town
afterEach(() => town.close())

const free = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }
const ROOM = 'pool/gpu-train'
const drift = (by: number) => town.house.ports.ledger.commit([{ add: ROOM, by, atMost: null, atLeast: null }])

describe('a sum that has drifted from its holds', () => {
  it.each([16, -16])('by %i: resync makes it right, and who waited without a word goes on', async (by) => {
    town = await openTown({ config: free })
    await drift(by)
    await upload(town)
    await town.advance(6 * MINUTE)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'), 1)
    expect(await town.held(ROOM)).toEqual({ lanes: { [TRAIN]: 8 }, sum: 8 })
  })

  it('of a line counts who stands in it: nobody waits behind nobody', async () => {
    town = await openTown({ config: free })
    await town.house.ports.ledger.commit([{ add: lineSum(ROOM), by: 3, atMost: null, atLeast: null }])
    await upload(town)
    await town.until('it trains', stepIs(town, TRAIN, 'train', 'running'), 1)
  })

  it('is left alone while it agrees, or changes meanwhile', async () => {
    town = await openTown({ config: free })
    const { ledger } = town.house.ports
    expect(await recountRoom({ ledger }, ROOM)).toBe(false)
    await drift(3)
    const list: typeof ledger.list = async (kind, page) => {
      if (kind === 'hold') await drift(1)
      return ledger.list(kind, page)
    }
    expect(await recountRoom({ ledger: { ...ledger, list } }, ROOM)).toBe(false)
    expect((await town.held(ROOM)).sum).toBe(4)
    expect(await recountRoom({ ledger }, ROOM)).toBe(true)
    expect((await town.held(ROOM)).sum).toBe(0)
  })
})

describe('what was spent this month, torn from the runs that ended in it', () => {
  it.each([-1, 5000])('by %i: resync makes it what they say within the hour', async (by) => {
    town = await openTown({ config: free })
    await upload(town)
    await town.settled(TRAIN)
    const [{ cost } = { cost: 0 }] = await town.past(TRAIN)
    const { ledger } = town.house.ports
    const id = spentSum('ml-monthly', town.house.clock.now())
    const spent = async () => (await readRow(ledger, 'sum', id))?.value.n
    const before = await spent()
    expect(before).toBe(Math.round(cost * 100))
    await ledger.commit([{ add: id, by: by === -1 ? -(before ?? 0) : by, atMost: null, atLeast: null }])
    await town.advance(HOUR + 10 * MINUTE)
    expect(await spent()).toBe(before)
  })

  it('is asked of lanes that were written since the month before began, or have a run: of the runs that ended since then alone', async () => {
    town = await openTown()
    const { ledger } = town.house.ports
    const [september, october, november] = [8, 9, 10].map((month) => Date.UTC(2026, month, 2)) as [
      number,
      number,
      number,
    ]
    const pasts = (lane: string, ends: number[]) =>
      ends.map((endedAt, n) => ({
        put: 'past' as const,
        id: pastId(lane, { generation: n + 1, attempt: 1 }),
        revision: 0,
        value: { endedAt, cost: 1.5 } as PastRow,
      }))
    await ledger.commit([
      ...pasts('pipeline/a', [october, ...Array.from({ length: 45 }, (_, n) => november + n)]),
      ...pasts('pipeline/b', [september, november]),
      ...pasts('pipeline/c', [september]),
    ])
    const asked: string[] = []
    const list: typeof ledger.list = (kind, page) => {
      asked.push(page?.prefix ?? '')
      return ledger.list(kind, page)
    }
    const docs = [
      { lane: 'pipeline/a', run: null, writtenAt: november + 100 },
      { lane: 'pipeline/b', run: {} as never, writtenAt: september },
      { lane: 'pipeline/c', run: null, writtenAt: september },
    ]
    const of = { budget: 'ml', now: november + HOUR }
    expect(await recountSpent({ ledger: { ...ledger, list } }, docs, of)).toBe(true)
    expect(asked).toEqual(['a', 'b', 'a', 'a'].map((lane) => `pipeline/${lane}#`))
    expect((await readRow(ledger, 'sum', 'spent/ml/2026-11'))?.value.n).toBe(46 * 150)
    expect((await readRow(ledger, 'sum', 'spent/ml/2026-10'))?.value.n).toBe(150)
    expect(await recountSpent({ ledger }, docs, of)).toBe(false)
  })

  it('over a month’s end has in each month its part; what an earlier release booked lies in the month of its end', async () => {
    town = await openTown()
    const { ledger } = town.house.ports
    const ended = { endedAt: Date.UTC(2026, 10, 1, 18), cost: 30 }
    const rows = [{ ...ended, months: { '2026-09': 1, '2026-10': 11, '2026-11': 18 } }, ended]
    await ledger.commit(
      rows.map((value, n) => ({
        put: 'past' as const,
        id: pastId('pipeline/a', { generation: n + 1, attempt: 1 }),
        revision: 0,
        value: value as unknown as PastRow,
      })),
    )
    const docs = [{ lane: 'pipeline/a', run: null, writtenAt: ended.endedAt }]
    const spent = async (month: string) => (await readRow(ledger, 'sum', `spent/ml/${month}`))?.value.n
    expect(await recountSpent({ ledger }, docs, { budget: 'ml', now: Date.UTC(2026, 10, 2) })).toBe(true)
    expect([await spent('2026-10'), await spent('2026-11')]).toEqual([1100, 4800])
  })
})
